import Events
import FaultDisk
import Platform
import SQLite
import Synchronization
import TestSupport
import Testing

@testable import Spool

@Suite("Damaged rows") struct RowDamageTests {
  let disk = SimulatedDisk()

  /// A spool of ten events, the third of which was set aside: one row of `gap` and one of
  /// `quarantine`.
  func spoolWithGap() throws -> SpoolStore {
    let store = try openStore(disk.folder, disk: disk).store
    let events = request(Array(0..<10))
    try store.append([events])
    for limit in [2, 1] {
      let work = try #require(try store.nextWork(BlockLimit(events: limit, bytes: .max)))
      #expect(try store.seal(work, bytes: [1]))
      if limit == 1 {
        let key = BatchKey(project: work.project, epoch: work.epoch, batch: work.batch)
        #expect(try store.quarantine(key, reason: "malformed"))
      }
    }
    return store
  }

  /// The spool with a gap, hurt, killed, and opened again.
  func reopened(after damage: String) throws -> SpoolOpening.Opened {
    let store = try spoolWithGap()
    try store.database.execute(script: damage)
    return try reopened(store, disk)
  }

  func reopened(_ store: SpoolStore, _ disk: SimulatedDisk) throws -> SpoolOpening.Opened {
    store.database.abandon()
    let copy = disk.afterKill()
    return try openStore(copy.folder, disk: copy)
  }

  func gaps(_ store: SpoolStore) throws -> [Gap] {
    var found: [Gap] = []
    while let work = try store.nextWork(BlockLimit(events: 100, bytes: .max)) {
      try #require(found.count < 10, "it loops")
      if case .gap(let gap) = work.content { found.append(gap) }
      #expect(try store.seal(work, bytes: [1]))
    }
    return found
  }

  @Test("a gap is told as it was written")
  func soundGap() throws {
    let opened = try reopened(after: "SELECT 1")
    #expect(opened.findings.isEmpty)
    let gaps = try gaps(opened.store)
    #expect(gaps.map(\.sequence) == [3] && gaps.map(\.count) == [1])
    #expect(gaps.map(\.reason) == ["quarantined"])
  }

  @Test(
    "a gap of which anything has changed is named, counted, and told as one of unknown size",
    arguments: [
      "sequence = sequence + 64", "count = count + 1", "count = NULL", "reason = 'quarantinee'",
      "at = at + 1", "epoch = zeroblob(16)", "epoch = zeroblob(15)", "project = 77", "project = 0",
      "batch = 9", "bytes = x'07'", "check_sum = check_sum + 1",
    ])
  func damagedGap(damage: String) throws {
    let store = try spoolWithGap()
    try store.database.execute(script: "UPDATE gap SET \(damage)")
    store.database.abandon()
    let copy = disk.afterKill()
    let opened = try openStore(copy.folder, disk: copy)
    #expect(opened.findings == [.rowDamaged(table: "gap", id: 1)])
    let gaps = try gaps(opened.store)
    #expect(gaps.map(\.count) == [nil] && gaps.map(\.reason) == ["damaged"])
    #expect(opened.store.mendings == 1)
    // The next start finds nothing wrong any more.
    #expect(try reopened(opened.store, copy).findings.isEmpty)
  }

  @Test("damage that comes while it runs is met when the gap's turn comes")
  func damageMeanwhile() throws {
    let store = try spoolWithGap()
    try store.database.execute(script: "UPDATE gap SET sequence = 4")
    #expect(try gaps(store).map(\.count) == [nil])
    #expect(store.takeFindings() == [.rowDamaged(table: "gap", id: 1)])
    // It is sealed by now, under its batch number.
    let sealed = try #require(try store.sealedBatches().first { $0.count == 0 })
    #expect(try store.bytes(of: sealed.key) == [1])
    try store.database.execute(script: "UPDATE gap SET bytes = x'02'")
    #expect(try store.bytes(of: sealed.key) == nil)
    #expect(try gaps(store).count == 1)
    #expect(try store.sealedBatches().filter { $0.count == 0 }.count == 1)
  }

  @Test("another epoch seals sound and damaged gaps anew")
  func rotation() throws {
    let store = try spoolWithGap()
    #expect(try gaps(store).count == 1)
    try store.database.execute(script: "UPDATE gap SET at = at + 1")
    try store.rotate(to: Epoch(high: 1, low: 1))
    #expect(try gaps(store).map(\.count) == [nil])
    try store.rotate(to: Epoch(high: 1, low: 2))
    #expect(try gaps(store).map(\.count) == [nil])
    #expect(store.takeFindings() == [.rowDamaged(table: "gap", id: 1)])
  }

  @Test("what nobody's project has lost is told by the first one, its sum put right")
  func adoption() throws {
    let store = try openStore(disk.folder, disk: disk).store
    try store.change { () throws(SQLiteError) in
      try store.insertGap(project: 0, store.epoch, sequence: 0, count: nil, .databaseLost)
    }
    let opened = try reopened(store, disk)
    let events = request([1])
    try opened.store.append([events])
    #expect(try gaps(opened.store).map(\.reason) == ["database_lost"])
    #expect(opened.store.takeFindings().isEmpty)
  }

  @Test(
    "a row of the quarantine that has changed is named and counted once, and stays",
    arguments: [
      "sequence = 9", "reason = 'x'", "at = 0", "epoch = x'00'", "project = 'other'",
      "record = x'00'", "check_sum = 0",
    ])
  func damagedQuarantine(damage: String) throws {
    let opened = try reopened(after: "UPDATE quarantine SET \(damage)")
    #expect(opened.findings.isEmpty)  // Nothing depends on it: it is read when people ask.
    for round in 0..<2 {
      var events: [QuarantinedEvent] = []
      try opened.store.quarantined(from: 0, limit: 10) { events.append($0) }
      #expect(events.map(\.isIntact) == [false])
      let found = opened.store.takeFindings()
      #expect(found == (round == 0 ? [.rowDamaged(table: "quarantine", id: 1)] : []))
    }
  }

  @Test("what was set aside is there, page by page")
  func quarantine() throws {
    let store = try spoolWithGap()
    #expect(try gaps(store).count == 1)
    for batch in try store.sealedBatches() { _ = try store.quarantine(batch.key, reason: "late") }
    var events: [QuarantinedEvent] = []
    try store.quarantined(from: 0, limit: 4) { events.append($0) }
    try store.quarantined(from: (events.last?.id ?? 0) + 1, limit: 100) { events.append($0) }
    #expect(events.map { number(of: $0.record) } == [2, 0, 1, 3, 4, 5, 6, 7, 8, 9])
    #expect(events.map(\.sequence) == [3, 1, 2, 4, 5, 6, 7, 8, 9, 10])
    #expect(events.allSatisfy { $0.isIntact && $0.project == "acme" })
  }

  @Test("rows from before there were sums are taken as they are")
  func migration() throws {
    let opened = try reopened(
      after: """
        ALTER TABLE gap DROP COLUMN check_sum; ALTER TABLE quarantine DROP COLUMN check_sum;
        DROP TABLE kept; DROP TABLE kept_again;
        PRAGMA user_version = 1
        """)
    #expect(opened.findings.isEmpty)
    var isIntact = false
    try opened.store.quarantined(from: 0, limit: 1) { isIntact = $0.isIntact }
    #expect(isIntact)
    #expect(try gaps(opened.store).map(\.count) == [1])
  }
}

@Suite("The walk over all chunks") struct ChunkPatrolTests {
  let scratch = Scratch()

  @Test(
    "finds what is damaged, whatever the size of its steps, and ends", arguments: [1, 700, 1 << 20])
  func walk(step: Int) throws {
    let store = try openStore(scratch.path).store
    for number in 0..<30 {
      let events = request([number], project: number % 3 == 0 ? "acme" : "other", size: 100)
      try store.append([events])
    }
    var patrol = ChunkPatrol()
    func steps() throws -> Int {
      var count = 0
      while !patrol.isDone {
        patrol.step(store, bytes: step)
        count += 1
        try #require(count <= 32, "it loops")
      }
      return count
    }
    #expect(try steps() == (step == 1 << 20 ? 1 : step == 1 ? 31 : 8))
    #expect(patrol.damaged == 0 && store.takeFindings().isEmpty)
    try store.database.execute(
      script: "UPDATE chunk SET crc32c = crc32c + 1 WHERE id IN (SELECT id FROM chunk LIMIT 2)")
    patrol.begin(mendings: store.mendings)
    _ = try steps()
    #expect(patrol.damaged == 2 && patrol.unmended(store.mendings) == 2)
    #expect(!store.takeFindings().isEmpty)
    // Shipping mends them, and then they are not waited for any more.
    while let work = try store.nextWork(BlockLimit(events: 100, bytes: .max)) {
      #expect(try store.seal(work, bytes: [1]))
    }
    #expect(store.mendings == 2 && patrol.unmended(store.mendings) == 0)
    let before = patrol
    patrol.step(store, bytes: step)
    #expect(patrol == before)
  }

  @Test("a spool walks by itself after a start, and says what it finds")
  func afterStart() async throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk.folder, disk: disk).store
    for number in 0..<200 {
      let events = request([number], size: 40_000)
      try store.append([events])
    }
    try store.database.execute(
      script: "UPDATE chunk SET crc32c = crc32c + 1 WHERE id IN (SELECT id FROM chunk LIMIT 1)")
    store.database.abandon()
    let copy = disk.afterKill()
    let told = Told()
    let spool = try await Spool.open(
      .test(copy.folder), worker: Shared.worker, disk: copy, clock: Shared.clock,
      random: SystemRandom(), onFinding: { told.add($0) }, onFailure: { _ in })
    // Beyond the four megabytes that a start verifies: what that finds is not told here.
    for _ in 0..<500 where try await spool.status().damagedChunks == 0 {
      await Shared.clock.sleep(for: .milliseconds(20))
    }
    #expect(try await spool.status().damagedChunks == 1)
    #expect(told.all == [.chunksDamaged(1)])
    await spool.stop()
  }
}

private final class Told: Sendable {
  private let findings = Mutex<[SpoolFinding]>([])
  var all: [SpoolFinding] { findings.withLock { $0 } }
  func add(_ finding: SpoolFinding) { findings.withLock { $0.append(finding) } }
}
