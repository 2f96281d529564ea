import Batches
import Events
import Glibc
import Platform
import Sections
import SQLite
import Synchronization
import TestSupport
import Testing

@testable import Store

/// What a transaction that fails leaves behind: nothing.
@Suite("Failing commits") struct FailureTests {
  let scratch = Scratch()
  var path: String { scratch.path + "/store.db" }

  /// The page limit makes the disk "full" at another statement each time.
  @Test(
    "a full disk takes back all of a group, and its events are welcome again", arguments: 0..<24)
  func full(extraPages: Int) async throws {
    let store = try await openStore(path, fileBytes: (30 + extraPages) * 4_096)
    let long = String(repeating: "long ", count: 40)
    var random = RandomGenerator(SystemRandom())
    var accepted: Set<EventID> = []
    var number: UInt64 = 0
    var failures = 0
    while failures < 3, number < 400 {
      // Two batches to a group, and the second has a duplicate of the first, a conflict with
      // something older, and a rejected row.
      let base = (number + 1) * 1_000
      let noise = (0..<40).map { _ in "\(random.next())" }.joined()
      func group(_ text: String) throws -> [ArrivedBatch] {
        [
          try batch(
            (0..<20).map { event(base + $0, says: text) },
            at: Stand(number: number + 1, first: number * 20 + 1)),
          try batch(
            [
              event(base + 3, says: text), event(base + 500, says: text), event(1_000, says: text),
              event(base + 501),
            ],
            at: Stand(collector: "c2", number: number + 1, first: number * 4 + 1),
            rejected: [RejectedRow(row: 3, code: "time", reason: text)]),
        ]
      }
      let results = await store.commit(together: try group(long + noise))
      if results[0] == .failure(.diskFull) {
        failures += 1
        #expect(results.allSatisfy { $0 == .failure(.diskFull) })
        #expect(store.hot.eventCount == accepted.count)
        #expect(try await store.find(id(base), of: "acme") == nil)
        // A smaller group with the same ids under other numbers may fit, and has nothing in its way.
        let retry = await store.commit(together: [
          try batch([event(base), event(base + 500)], project: "acme")
        ])
        if case .success(let outcome) = retry[0] {
          #expect(outcome.accepted == 2 && outcome.duplicates == 0)
          accepted.formUnion([id(base), id(base + 500)])
          number += 1
        }
      } else {
        #expect(try results.map { try $0.get().accepted } == [20, number == 0 ? 1 : 1])
        accepted.formUnion((0..<20).map { id(base + $0) })
        accepted.insert(id(base + 500))
        number += 1
      }
    }
    #expect(failures == 3)
    let seen67 = try await store.ids(of: "acme")
    #expect(Set(seen67) == accepted && seen67.count == accepted.count)
    #expect(store.hot.eventCount == accepted.count)
    for one in accepted { #expect(try await store.find(one, of: "acme")?.0.id == one) }
    let ranges = await store.watermarks(of: "c1", epoch: Epoch(high: 5, low: 6))
    scratch.copy("store.db", to: "copy.db")
    let copy = try await openStore(scratch.path + "/copy.db")
    let seen73 = try await copy.ids(of: "acme")
    #expect(Set(seen73) == accepted && copy.hot.eventCount == accepted.count)
    #expect(await copy.watermarks(of: "c1", epoch: Epoch(high: 5, low: 6)) == ranges)
    // In memory conflicts count as they do on disk.
    let conflicts = try count("SELECT coalesce(sum(count), 0) FROM conflict_count", in: path)
    #expect(store.hot.conflicts.load(ordering: .relaxed) == Int(conflicts))
  }

  @Test("after the disk has failed nothing is written, taken or closed")
  func failed() async throws {
    let failures = Synchronized<[StoreFailure]>([])
    let store = try await openStore(path) { failures.value += [$0] }
    _ = try await store.commit(try batch([event(1)], at: Stand(number: 1)))
    // A trigger is the simplest way to have a statement fail that never does.
    let other = try Database(path: path, configuration: .owner(exclusively: false))
    try other.execute(
      script: """
        CREATE TRIGGER refuse BEFORE INSERT ON receipt BEGIN SELECT RAISE(ABORT, 'refused'); END
        """)
    let size = fileSize("store.db")
    let results = await store.commit(together: [
      try batch([event(2)]), try batch([event(3)], at: Stand(number: 2, first: 2)),
      try batch([event(4)]),
    ])
    #expect(results.allSatisfy { if case .failure(.failed) = $0 { true } else { false } })
    #expect(failures.value.count == 1)
    let seen98 = try await store.ids(of: "acme")
    #expect(store.hot.eventCount == 1 && seen98 == [id(1)])
    await #expect(throws: StoreError.failed(failures.value[0])) {
      try await store.commit(try batch([event(5)]))
    }
    #expect(try await store.find(id(1), of: "acme")?.0 == event(1))
    await store.stop()
    #expect(fileSize("store.db") == size)
    #expect(fileSize("store.db-wal") > 0)
    #expect(failures.value.count == 1)
  }

  @Test("a lock that somebody holds for a moment is no failure")
  func locked() async throws {
    let store = try await openStore(path)
    let other = try Database(path: path, configuration: .owner(exclusively: false))
    try other.execute("BEGIN IMMEDIATE")
    async let outcome = store.commit(try batch([event(1)]))
    try await Task.sleep(for: .milliseconds(100))
    try other.execute("ROLLBACK")
    #expect(try await outcome.accepted == 1)
  }

  @Test("a batch whose first copy cannot be read is refused, and the others are stored")
  func damaged() async throws {
    let store = try await openStore(path, shelfBytes: 1)
    _ = try await store.commit(try batch([event(1)]))
    _ = try await store.commit(try batch([event(2)]))
    let other = try Database(path: path, configuration: .owner(exclusively: false))
    try other.execute(script: "UPDATE hot_batch SET bytes = zeroblob(400) WHERE number = 1")
    let results = await store.commit(together: [
      try batch([event(3)]), try batch([event(4), event(1)]), try batch([event(2), event(4)]),
    ])
    #expect(try results[0].get().accepted == 1)
    guard case .failure(.damaged) = results[1] else {
      Issue.record("\(results[1])")
      return
    }
    #expect(try results[2].get().accepted == 1)
    let seen134 = try await store.ids(of: "acme")
    // The unreadable one is in no answer, and answers say so.
    #expect(Set(seen134) == [id(2), id(3), id(4)])
    #expect(try await store.snapshot(of: "acme")?.missing.count == 1)
    // A seal leaves its row alone.
    _ = try await store.seal()
    #expect(try count("SELECT number FROM hot_batch", in: path) == 1)
    #expect(try count("SELECT count(*) FROM hot_batch", in: path) == 1)
    #expect(store.hot.eventCount == 1)
  }

  @Test("receipts go after thirty days, and what comes later is known by its ids")
  func oldReceipts() async throws {
    let day: Int64 = 86_400_000
    let now = StillClock().wallMilliseconds
    let store = try await openStore(path)
    let old = try batch([event(1)], at: Stand(number: 1), received: now - 31 * day)
    let young = try batch([event(2)], at: Stand(number: 2, first: 2), received: now - 29 * day)
    _ = try await store.commit(old)
    _ = try await store.commit(young)
    // Enough that cannot be compressed to make a checkpoint due.
    var random = RandomGenerator(SeededRandom(seed: 1))
    for number in 1...80 as ClosedRange<UInt64> {
      let events = (1...8).map { row in
        let noise = (0..<5_000).flatMap { _ -> [UInt8] in
          let word = random.next()
          return (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) % 90 + 35 }
        }
        return event(number * 100 + UInt64(row), says: String(decoding: noise, as: UTF8.self))
      }
      _ = try await store.commit(try batch(events))
    }
    #expect(try count("SELECT count(*) FROM receipt", in: path) == 1)
    let replay = try await store.commit(old)
    #expect(replay.status == .duplicate && replay.duplicates == 1 && replay.accepted == 0)
    #expect(replay.durableThrough == 2)
    #expect(try await store.commit(young).accepted == 1)
    #expect(fileSize("store.db-wal") < 24 << 20 && fileSize("store.db") > 8 << 20)
  }

  private func fileSize(_ name: String) -> Int {
    var status = stat()
    let result = unsafe stat(scratch.path + "/" + name, &status)
    return result == 0 ? Int(status.st_size) : 0
  }
}
