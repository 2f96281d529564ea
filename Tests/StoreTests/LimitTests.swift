import Batches
import Events
import Platform
import SQLite
import Synchronization
import TestSupport
import Testing

@testable import Store

/// Every queue and every heap has a bound: what happens at it, one before and one behind.
@Suite("Limits of the store") struct LimitTests {
  let scratch = Scratch()
  var path: String { scratch.path + "/store.db" }

  private func open(_ configure: (inout Store.Configuration) -> Void) async throws -> Store {
    var configuration = Store.Configuration(path: path)
    configure(&configuration)
    return try await Store.open(
      configuration, clock: StillClock(), random: SystemRandom(), threads: Fixture.threads
    ) { Issue.record("the disk failed: \($0)") }
  }

  /// Leaves arrivals in the inbox while nobody takes them out.
  private func leave(
    _ batches: [ArrivedBatch], in store: Store
  ) -> Synchronized<[Int: Result<CommitOutcome, StoreError>]> {
    let answers = Synchronized<[Int: Result<CommitOutcome, StoreError>]>([:])
    for (index, batch) in batches.enumerated() {
      _ = store.inbox.put(
        StoreInbox.Arrival(.batch(batch)) { result in answers.update { $0[index] = result } })
    }
    return answers
  }

  // MARK: The inbox

  @Test("as many requests wait as may, and the next is told to come again")
  func inboxRequests() async throws {
    let limits = StoreInbox.Limits(bytes: 1 << 30, requests: 3)
    let store = try await open { $0.waiting = limits }
    let batches = try (1...4 as ClosedRange<UInt64>).map { try batch([event($0)]) }
    let answers = leave(Array(batches[..<2]), in: store)
    #expect(store.refusal == nil)
    let later = leave(Array(batches[2...]), in: store)
    #expect(store.refusal == .busy(limits))
    #expect(answers.value.isEmpty && later.value == [1: .failure(.busy(limits))])
    #expect(store.waiting.requests == 3)
    #expect(store.counters.inboxRefused.load(ordering: .relaxed) == 1)
    await store.writer.drain()
    #expect(store.refusal == nil && store.waiting == StoreInbox.Waiting())
    #expect(try answers.value.values.allSatisfy { try $0.get().accepted == 1 })
    let seen51 = try await store.ids(of: "acme")
    #expect(Set(seen51) == [id(1), id(2), id(3)])
    #expect(try await store.commit(batches[3]).accepted == 1)
  }

  @Test("as many bytes wait as may, and a single request passes whatever its size")
  func inboxBytes() async throws {
    let batches = try (1...3 as ClosedRange<UInt64>).map { try batch([event($0, says: "same")]) }
    let size = StoreInbox.Arrival(.batch(batches[0])) { _ in }.memoryBytes
    #expect(size > batches[0].bytes.count)
    let limits = StoreInbox.Limits(bytes: 2 * size + 8, requests: 100)
    let store = try await open { $0.waiting = limits }
    var answers = leave(batches, in: store)
    #expect(answers.value == [2: .failure(.busy(limits))] && store.waiting.requests == 2)
    await store.writer.drain()
    #expect(store.waiting == StoreInbox.Waiting())
    let large = try batch([event(9, says: String(repeating: "large ", count: 2_000))])
    answers = leave([large, batches[2]], in: store)
    #expect(answers.value == [1: .failure(.busy(limits))])
    await store.writer.drain()
    let seen70 = try await store.ids(of: "acme")
    #expect(Set(seen70) == [id(1), id(2), id(9)])
  }

  @Test("under a small bound each of many callers is answered, and what was accepted is there")
  func crowd() async throws {
    let store = try await open { $0.waiting = StoreInbox.Limits(bytes: 1 << 30, requests: 4) }
    let accepted = Synchronized<Set<EventID>>([])
    await withDiscardingTaskGroup { group in
      for caller in 0..<200 as Range<UInt64> {
        group.addTask {
          do {
            _ = try await store.commit(try batch([event(caller)]))
            accepted.update { $0.insert(id(caller)) }
          } catch {
            #expect(error as? StoreError == .busy(store.waitingLimits))
          }
        }
      }
    }
    let seen89 = try await store.ids(of: "acme")
    #expect(Set(seen89) == accepted.value && accepted.value.count >= 4)
    #expect(
      store.counters.inboxRefused.load(ordering: .relaxed) == 200 - accepted.value.count)
  }

  // MARK: Dead letters

  /// A batch of these events, none of which is accepted.
  private func rejected(
    _ numbers: ClosedRange<UInt64>, project: ProjectID = "acme", says text: String = ""
  ) throws -> ArrivedBatch {
    try batch(
      numbers.map { event($0, says: text) }, project: project,
      rejected: numbers.enumerated().map { row, _ in
        RejectedRow(row: row, code: "time", reason: "no time")
      })
  }

  private func letters(_ project: String) throws -> [String] {
    let database = try Database(path: path, configuration: .reader())
    return try database.withStatement(
      "SELECT event_id FROM dead_letter WHERE project = ? ORDER BY number"
    ) { statement throws(SQLiteError) in
      statement.bind(1, project)
      var ids: [String] = []
      while try statement.step() { ids.append(statement.text(0)) }
      return ids
    }
  }

  private func names(_ numbers: ClosedRange<UInt64>) -> [String] {
    numbers.map { id($0).description }
  }

  @Test("a project keeps its youngest dead letters, and others keep theirs")
  func deadLetterCount() async throws {
    var store = try await open { $0.maximumDeadLetters = 10 }
    let evicted = { store.counters.deadLettersEvicted.load(ordering: .relaxed) }
    _ = try await store.commit(try rejected(1...3, project: "other"))
    _ = try await store.commit(try rejected(1...9))
    _ = try await store.commit(try rejected(10...10))
    #expect(try letters("acme") == names(1...10) && evicted() == 0)
    _ = try await store.commit(try rejected(11...11))
    #expect(try letters("acme") == names(2...11) && evicted() == 1)
    _ = try await store.commit(try rejected(100...124))
    #expect(try letters("acme") == names(115...124) && evicted() == 26)
    #expect(try letters("other") == names(1...3))
    #expect(store.counters.deadLetters.load(ordering: .relaxed) == 39)
    await store.stop()
    // A smaller limit holds from the next letter on.
    store = try await open { $0.maximumDeadLetters = 2 }
    _ = try await store.commit(try rejected(200...200))
    #expect(try letters("acme") == names(124...124) + names(200...200))
    #expect(
      try count("SELECT evicted FROM dead_letter_total WHERE project = 'acme'", in: path) == 35)
    await store.stop()
  }

  @Test("their bytes are bounded too, and one that is larger than all may be is not kept")
  func deadLetterBytes() async throws {
    // Events of one size: those that are alike modulo the fixture's people.
    let one = try rejected(1...1, says: "short")
    let size = one.columns.record(at: 0).count
    let store = try await open { $0.maximumDeadLetterBytes = 3 * size }
    for number in [1, 7, 13] as [UInt64] {
      _ = try await store.commit(try rejected(number...number, says: "short"))
    }
    #expect(try letters("acme") == [1, 7, 13].map { id($0).description })
    _ = try await store.commit(try rejected(19...19, says: "short"))
    #expect(try letters("acme") == [7, 13, 19].map { id($0).description })
    let outcome = try await store.commit(
      try rejected(5...5, says: String(repeating: "long", count: size)))
    #expect(outcome.rejected.count == 1)
    #expect(try letters("acme").isEmpty)
    #expect(try count("SELECT bytes FROM dead_letter_total", in: path) == 0)
    #expect(store.counters.deadLettersEvicted.load(ordering: .relaxed) == 5)
    await store.stop()
  }

  @Test("the letters of an older file are counted")
  func olderFile() async throws {
    do {
      let old = try Database(path: path, configuration: .owner(exclusively: false))
      try Schema(steps: Array(StoreSchema.schema.steps.prefix(2))).migrate(old)
      for number in 1...5 {
        try old.execute(
          script: """
            INSERT INTO dead_letter VALUES (NULL, 'acme', 'old-\(number)', 'c', 'r', x'0102', 's', 0)
            """)
      }
    }
    let store = try await open { $0.maximumDeadLetters = 4 }
    _ = try await store.commit(try rejected(1...1))
    #expect(try letters("acme") == ["old-3", "old-4", "old-5"] + names(1...1))
    await store.stop()
  }
}
