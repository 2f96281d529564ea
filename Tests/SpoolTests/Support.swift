import Events
import Glibc
import Platform
import Synchronization

@testable import Spool

enum Shared {
  /// Threads of workers live as long as the process: all tests share one.
  static let worker = Worker(name: "spool-test")
  static let clock: SystemClock = {
    do { return SystemClock(timers: try EventLoop(name: "spool-timers")) } catch {
      fatalError("\(error)")
    }
  }()
}

/// Records that say which they are: the number, then filling.
func record(_ number: Int, size: Int = 20) -> [UInt8] {
  var bytes = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  bytes += repeatElement(UInt8(truncatingIfNeeded: number), count: max(0, size - 8))
  return bytes
}

func number(of record: some Collection<UInt8>) -> Int {
  record.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
}

func request(_ numbers: [Int], project: ProjectID = "acme", size: Int = 20) -> AppendRequest {
  var block = EventBlock()
  for number in numbers {
    let bytes = record(number, size: size)
    block.append(bytes.span)
  }
  return AppendRequest(project: project, records: block.records, ends: block.ends)
}

extension EventBlock {
  var numbers: [Int] { (0..<count).map { number(of: records[range(of: $0)]) } }
}

extension Work {
  var numbers: [Int] {
    if case .events(let block) = content { block.numbers } else { [] }
  }
}

extension SpoolConfiguration {
  static func test(_ directory: String) -> SpoolConfiguration {
    var configuration = SpoolConfiguration(directory: directory)
    configuration.ballastBytes = 0
    return configuration
  }
}

func openStore(_ directory: String, disk: any Disk = SystemDisk(), seed: UInt64 = 1) throws
  -> SpoolOpening.Opened
{
  try SpoolOpening(
    configuration: .test(directory), disk: disk, clock: Shared.clock,
    random: SeededRandom(seed: seed)
  ).open()
}

func openSpool(_ configuration: SpoolConfiguration) async throws -> Spool {
  try await Spool.open(
    configuration, worker: Shared.worker, clock: Shared.clock, random: SystemRandom(),
    onFailure: { error in fatalError("the disk failed: \(error)") })
}

extension ProjectID: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) {
    do { try self.init(text) } catch { preconditionFailure("\(text): \(error)") }
  }
}
