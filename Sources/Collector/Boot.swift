import Batches
import Platform

/// This boot of the machine, whose monotonic times compare with each other.
enum Boot {
  /// As the kernel names it; a random one where it does not.
  static func current(random: any RandomSource) -> BootID {
    let file = Directory("/proc/sys/kernel/random")
    guard let bytes = try? file.read("boot_id", upTo: 64) else {  // No such kernel.
      return .random(from: random)
    }
    let text = String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
    return BootID(text) ?? .random(from: random)
  }
}
