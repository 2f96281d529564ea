import Batches
import Platform
import Synchronization

/// The nonces that were given out and not used: each is good once, for a short while.
final class Challenges: Sendable {
  private let open = Mutex<[[UInt8]: UInt64]>([:])
  private let clock: any Clock
  private let random: any RandomSource

  /// How long a collector may take to answer.
  private static let lifetime: UInt64 = 120_000_000_000
  /// More than a fleet asks for at once; beyond it the oldest are forgotten.
  private static let maximumCount = 4_096

  init(clock: any Clock, random: any RandomSource) {
    self.clock = clock
    self.random = random
  }

  func make(for store: StoreID) -> Challenge {
    let challenge = Challenge(
      store: store, serverMilliseconds: clock.wallMilliseconds, random: random)
    let now = clock.monotonicNanoseconds
    open.withLock { open in
      if open.count >= Self.maximumCount {
        open = open.filter { $0.value > now }
        while open.count >= Self.maximumCount, let oldest = open.min(by: { $0.value < $1.value }) {
          open[oldest.key] = nil
        }
      }
      open[challenge.nonce] = now + Self.lifetime
    }
    return challenge
  }

  /// True once for each nonce that was given out, within its lifetime.
  func redeem(_ nonce: [UInt8]) -> Bool {
    let deadline = open.withLock { $0.removeValue(forKey: nonce) }
    guard let deadline else { return false }
    return deadline > clock.monotonicNanoseconds
  }
}
