import Events
import FaultDisk
import Platform
import SQLite
import Synchronization
import Testing

@testable import Spool

@Suite("Draining after failed writes") struct DrainingTests {
  static let sync = 8  // FAULT_SYNC

  func open(_ disk: SimulatedDisk, clock: any Clock = Shared.clock) async throws -> Spool {
    try await Spool.open(
      .test(disk.folder), worker: Shared.worker, disk: disk, clock: clock,
      random: SystemRandom(), onFailure: { _ in })
  }

  func append(_ number: Int, to spool: Spool) async throws(SpoolError) {
    let events = request([number])
    try await spool.append(events.records, ends: events.ends, project: "acme")
  }

  /// A run that ends at a failed sync; what it leaves.
  func failedRun(_ disk: SimulatedDisk, _ number: Int) async throws -> SimulatedDisk {
    let spool = try await open(disk)
    try await append(number, to: spool)
    disk.plan(Self.sync, after: 0, forever: false)
    await #expect { try await append(number + 1, to: spool) } throws: { error in
      if case SpoolError.failed = error { true } else { false }
    }
    return disk.afterKill()
  }

  @Test("the third failure in ten minutes closes the intake, and a stop in good order opens it")
  func drains() async throws {
    var disk = SimulatedDisk()
    for number in 0..<3 {
      disk = try await failedRun(disk, 10 * number)
    }
    // A kill changes nothing.
    for _ in 0..<2 {
      let spool = try await open(disk)
      #expect(try await spool.status().isDraining)
      await #expect(throws: SpoolError.draining(retryAfter: .seconds(60))) {
        try await append(100, to: spool)
      }
      let next = disk.afterKill()
      await spool.stop()
      disk = next
    }
    // What is kept goes on being shipped.
    let spool = try await open(disk)
    var numbers: [Int] = []
    while let work = try await spool.nextWork(BlockLimit(events: 100, bytes: .max)) {
      numbers += work.numbers
      #expect(try await spool.seal(work, bytes: [1]))
      let key = BatchKey(project: work.project, epoch: work.epoch, batch: work.batch)
      #expect(try await spool.acknowledge(key))
    }
    #expect(numbers.filter { $0.isMultiple(of: 10) } == [0, 10, 20])
    await spool.stop()
    let again = try await open(disk)
    #expect(try await !again.status().isDraining)
    try await append(101, to: again)
    await again.stop()
  }

  @Test("it takes events again once fewer than three failures lie within ten minutes")
  func timePasses() async throws {
    let disk = SimulatedDisk()
    await (try open(disk)).stop()
    var ends = FailedEnds()
    for _ in 0..<3 { ends.note(Shared.clock.wallMilliseconds - 300_000) }
    ends.serial = 100
    try disk.write(ends.slot, to: disk.path(SpoolFiles.failures), at: 0)
    let clock = AdvancedClock()
    let spool = try await open(disk, clock: clock)
    #expect(try await spool.status().isDraining)
    clock.advance(milliseconds: 300_000)
    for _ in 0..<500 where try await spool.status().isDraining {
      await Shared.clock.sleep(for: .milliseconds(20))
    }
    try await append(1, to: spool)
    await spool.stop()
  }

  @Test("kills are no failures, however many")
  func kills() async throws {
    var disk = SimulatedDisk()
    for number in 0..<20 {
      let spool = try await open(disk)
      try await append(number, to: spool)
      let next = disk.afterKill()
      await spool.stop()
      disk = next
    }
  }

  @Test("a read that failed is no write that failed")
  func reads() {
    func error(_ code: Int32) -> SQLiteError {
      SQLiteError(code: code, message: "", subject: "")
    }
    for code in [10, 778, 1034, 1290, 1546, 2570] as [Int32] {
      #expect(error(code).isWriteFailure)
    }
    for code in [0, 5, 11, 13, 266, 522, 1802, 3082] as [Int32] {
      #expect(!error(code).isWriteFailure)
    }
  }
}

/// The world's clock, and some time ahead of it. Whoever sleeps looks up now and then: who does not
/// would sleep through what was skipped.
private final class AdvancedClock: Clock {
  private let ahead = Atomic<Int64>(0)

  var wallMilliseconds: Int64 { Shared.clock.wallMilliseconds + ahead.load(ordering: .relaxed) }
  var monotonicNanoseconds: UInt64 { Shared.clock.monotonicNanoseconds }

  func sleep(for duration: Duration) async {
    let glance = Duration.milliseconds(20)
    var rest = duration
    var looked = wallMilliseconds
    while rest > .zero, !Task.isCancelled {
      await Shared.clock.sleep(for: min(rest, glance))
      let now = wallMilliseconds
      rest -= max(.milliseconds(now - looked), min(rest, glance))
      looked = now
    }
  }

  func advance(milliseconds: Int64) { ahead.add(milliseconds, ordering: .relaxed) }
}
