import Events
import FaultDisk
import Platform
import SQLite
import Synchronization
import TestSupport
import Testing

@testable import Spool

@Suite("Full") struct FullTests {
  let limit = BlockLimit(events: 1000, bytes: 1 << 20)

  /// Appends until it is refused; returns the numbers that were promised.
  func fill(_ spool: Spool, from start: Int, size: Int) async throws -> [Int] {
    var kept: [Int] = []
    for number in start... {
      let events = request([number], size: size)
      do {
        try await spool.append(events.records, ends: events.ends, project: "acme")
        kept.append(number)
      } catch {
        guard case SpoolError.full(retryAfter: .seconds(10)) = error else { throw error }
        return kept
      }
    }
    return kept
  }

  /// Ships and acknowledges everything; returns the numbers.
  func drain(_ spool: Spool) async throws -> [Int] {
    var numbers: [Int] = []
    while let work = try await spool.nextWork(limit) {
      numbers += work.numbers
      let bytes = [UInt8](repeating: 3, count: 40_000)
      #expect(try await spool.seal(work, bytes: bytes))
      let key = BatchKey(project: work.project, epoch: work.epoch, batch: work.batch)
      #expect(try await spool.acknowledge(key))
    }
    return numbers
  }

  @Test("at its own cap it refuses, keeps what it has, drains and takes again")
  func ownCap() async throws {
    let scratch = Scratch()
    var configuration = SpoolConfiguration.test(scratch.path)
    configuration.maximumBytes = 8 << 20
    let spool = try await openSpool(configuration)
    var promised = try await fill(spool, from: 0, size: 50_000)
    #expect((120..<170).contains(promised.count))
    #expect(try await spool.status().level.isRed)
    #expect(try await spool.status().counters.refused == 1)
    #expect(try await drain(spool) == promised)
    promised = try await fill(spool, from: 1000, size: 50_000)
    #expect(promised.count > 100)
    #expect(try await drain(spool) == promised)
    #expect(try await spool.status().level == .green)
    await spool.stop()
  }

  @Test("on a full disk it refuses, gives up the ballast, drains and recovers")
  func fullDisk() async throws {
    let disk = SimulatedDisk()
    disk.setCapacity(48 << 20)
    var configuration = SpoolConfiguration(directory: disk.folder)
    configuration.ballastBytes = 4 << 20
    configuration.maximumLogBytes = 8 << 20
    let spool = try await Spool.open(
      configuration, worker: Shared.worker, disk: disk, clock: Shared.clock,
      random: SystemRandom(), onFailure: { error in fatalError("\(error)") })
    #expect(try disk.size(of: disk.path(SpoolFiles.ballast)) == 4 << 20)
    let promised = try await fill(spool, from: 0, size: 50_000)
    #expect(promised.count > 100)
    #expect(try await spool.status().level == .red(.disk))
    // Somebody else takes the rest: now SQLite itself finds no page.
    disk.setCapacity((48 << 20) - disk.freeBytes)
    #expect(try await drain(spool) == promised)
    await spool.stop()
    let opened = try openStore(disk.folder, disk: disk)
    #expect(opened.findings == [])
  }

  @Test("a start reads no more of a large backlog than of a small one")
  func largeBacklog() async throws {
    let scratch = Scratch()
    var configuration = SpoolConfiguration.test(scratch.path)
    configuration.groupLimit = BlockLimit(events: 10_000, bytes: 4 << 20)
    let spool = try await openSpool(configuration)
    let events = request(Array(0..<4000), size: 1000)
    for _ in 0..<50 { try await spool.append(events.records, ends: events.ends, project: "acme") }
    await spool.stop()
    let before = residentBytes()
    let start = SystemClock.monotonicNanoseconds
    let again = try await openSpool(configuration)
    let milliseconds = (SystemClock.monotonicNanoseconds - start) / 1_000_000
    let status = try await again.status()
    #expect(status.backlogEvents == 200_000 && status.backlogBytes == 200_000_000)
    let work = try #require(try await again.nextWork(limit))
    #expect(work.count == 1000)
    // Debug builds on a shared machine: the bound is for what grows with the backlog.
    #expect(milliseconds < 3000)
    #expect(residentBytes() - before < 40 << 20)
    await again.stop()
  }

  private func residentBytes() -> Int {
    let text = try? Directory("/proc/self").read("statm", upTo: 200)  // Always there.
    let fields = String(decoding: text ?? [], as: UTF8.self).split(separator: " ")
    return (Int(fields.dropFirst().first ?? "0") ?? 0) * 4096
  }

  @Test("a killed process leaves everything that it had promised, at any instant")
  func killedAtAnyInstant() async throws {
    let disk = SimulatedDisk()
    let spool = try await Spool.open(
      SpoolConfiguration.test(disk.folder), worker: Shared.worker, disk: disk, clock: Shared.clock,
      random: SystemRandom(), onFailure: { error in fatalError("\(error)") })
    let promised = Promised()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<8 {
        group.addTask {
          for round in 0..<100 {
            let events = request([caller * 1000 + round], size: 200)
            try await spool.append(events.records, ends: events.ends, project: "acme")
            promised.insert(caller * 1000 + round)
          }
        }
      }
      group.addTask {
        for round in 0..<20 {
          if let work = try await spool.nextWork(BlockLimit(events: 20, bytes: .max)) {
            _ = try await spool.seal(work, bytes: [1])
          }
          let known = promised.all
          let left =
            round % 2 == 0
            ? disk.afterKill() : disk.afterPowerLoss(seed: UInt64(round), keeping: 500)
          let opened = try openStore(left.folder, disk: left)
          #expect(opened.findings == [])
          let found = try contents(opened.store)
          #expect(found.count == Set(found).count && known.isSubset(of: found))
          opened.store.database.abandon()
        }
      }
      try await group.waitForAll()
    }
    await spool.stop()
  }

  @Test("when the disk fails every waiter is told, nothing is taken any more, and it says so once")
  func failStop() async throws {
    let disk = SimulatedDisk()
    let failures = Promised()
    let spool = try await Spool.open(
      SpoolConfiguration.test(disk.folder), worker: Shared.worker, disk: disk, clock: Shared.clock,
      random: SystemRandom(), onFailure: { _ in failures.insert(failures.all.count) })
    let first = request([0])
    try await spool.append(first.records, ends: first.ends, project: "acme")
    disk.plan(8, after: 0, forever: false)  // One sync fails, and the next would succeed.
    await withTaskGroup(of: Void.self) { group in
      for number in 1..<20 {
        group.addTask {
          await #expect(throws: SpoolError.self) {
            let events = request([number])
            try await spool.append(events.records, ends: events.ends, project: "acme")
          }
        }
      }
    }
    #expect(failures.all.count == 1)
    await #expect(throws: SpoolError.self) { _ = try await spool.nextWork(limit) }
    await spool.stop()
    let left = disk.afterPowerLoss(seed: 1, keeping: 0)
    let opened = try openStore(left.folder, disk: left)
    #expect(opened.findings == [])
    #expect(try contents(opened.store) == [0])
  }
}

/// A set that several tasks may touch.
final class Promised: Sendable {
  private let numbers = Mutex<Set<Int>>([])
  func insert(_ number: Int) { numbers.withLock { _ = $0.insert(number) } }
  var all: Set<Int> { numbers.withLock { $0 } }
}
