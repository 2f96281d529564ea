import Batches
import Crypto
import Events
import Synchronization
import TestSupport
import Testing

@testable import Store

/// Rules of the commit path, one by one; `HistoryTests` mixes them at random.
@Suite("Commits") struct CommitTests {
  let scratch = Scratch()
  var path: String { scratch.path + "/store.db" }

  @Test("a batch is there once it is committed, and a replay gets the same numbers")
  func wholeWay() async throws {
    let store = try await openStore(path)
    let sent = try batch((1...10).map { event($0) }, at: Stand(number: 1))
    let outcome = try await store.commit(sent)
    #expect(
      outcome
        == CommitOutcome(
          status: .committed, accepted: 10, duplicates: 0, rejected: [], durableThrough: 10))
    let replay = try await store.commit(sent)
    #expect(
      replay
        == CommitOutcome(
          status: .duplicate, accepted: 10, duplicates: 0, rejected: [], durableThrough: 10))
    let seen27 = try await store.ids(of: "acme")
    #expect(store.hot.eventCount == 10 && Set(seen27).count == 10)
    let found = try #require(try await store.find(id(3), of: "acme"))
    #expect(found.0 == event(3) && found.1.source == "c1")
    #expect(try await store.find(id(11), of: "acme") == nil)
    #expect(try await store.find(id(3), of: "other") == nil)
  }

  @Test("another batch under a known number is a fork, and nothing of it is stored")
  func fork() async throws {
    let store = try await openStore(path)
    _ = try await store.commit(try batch([event(1)], at: Stand(number: 1)))
    await #expect(throws: StoreError.epochForked) {
      try await store.commit(try batch([event(2)], at: Stand(number: 1)))
    }
    let together = await store.commit(together: [
      try batch([event(3)], at: Stand(number: 2, first: 2)),
      try batch([event(4)], at: Stand(number: 2, first: 2)),
    ])
    #expect(try together[0].get().accepted == 1)
    #expect(together[1] == .failure(.epochForked))
    let seen47 = try await store.ids(of: "acme")
    #expect(Set(seen47) == [id(1), id(3)])
  }

  @Test("a fork is remembered for the collector and the epoch that it was of")
  func rememberedFork() async throws {
    let epoch = Epoch(high: 5, low: 6)
    var store = try await openStore(path)
    _ = try await store.commit(try batch([event(1)], at: Stand(number: 1)))
    _ = try await store.commit(try batch([event(1)], at: Stand(collector: "c2", number: 1)))
    #expect(await !store.isForked("c1", epoch: epoch))
    for _ in 0..<2 {
      await #expect(throws: StoreError.epochForked) {
        try await store.commit(try batch([event(2)], at: Stand(number: 1)))
      }
    }
    #expect(store.counters.forkedEpochs.load(ordering: .relaxed) == 1)
    // What the first of the two sends goes on being taken: ids keep it from counting twice.
    #expect(
      try await store.commit(try batch([event(3)], at: Stand(number: 2, first: 2))).accepted == 1)
    for _ in 0..<2 {
      #expect(await store.isForked("c1", epoch: epoch))
      #expect(await !store.isForked("c2", epoch: epoch))
      #expect(await !store.isForked("c1", epoch: Epoch(high: 5, low: 7)))
      await store.stop()
      store = try await openStore(path)
    }
    await store.stop()
  }

  @Test("of a group's rows with one id the first counts, and a rejected row is none of them")
  func repeatsInOneBatch() async throws {
    let store = try await openStore(path)
    let reject = RejectedRow(row: 0, code: "time", reason: "no time")
    let outcome = try await store.commit(
      try batch([event(1), event(1), event(1), event(2)], rejected: [reject]))
    #expect(outcome.accepted == 2 && outcome.duplicates == 1 && outcome.status == .partial)
    let seen83 = try await store.ids(of: "acme")
    #expect(seen83.count == 2 && store.hot.eventCount == 2)
    #expect(try count("SELECT count(*) FROM dead_letter", in: path) == 1)
    let together = await store.commit(together: [
      try batch([event(5), event(2)]), try batch([event(6), event(5), event(6)]),
      try batch([event(5)]),
    ])
    #expect(try together.map { try $0.get().accepted } == [1, 1, 0])
    #expect(try together.map { try $0.get().duplicates } == [1, 2, 1])
    let seen91 = try await store.ids(of: "acme")
    #expect(Set(seen91).count == 4 && seen91.count == 4)
  }

  @Test("a conflict is with the event that was stored, not with a duplicate of it")
  func conflicts() async throws {
    let store = try await openStore(path)
    _ = try await store.commit(try batch([event(1, says: "first")]))
    // Row 0 conflicts; row 1 repeats it and says what the stored event says.
    let outcome = try await store.commit(
      try batch([event(1, says: "second"), event(1, says: "first", ctx: "other")]))
    #expect(outcome.accepted == 0 && outcome.duplicates == 2)
    #expect(store.hot.conflicts.load(ordering: .relaxed) == 1)
    #expect(try count("SELECT count FROM conflict_count", in: path) == 1)
    #expect(try count("SELECT count(*) FROM conflict", in: path) == 1)
  }

  @Test("of conflicts a thousand are kept, and all are counted")
  func manyConflicts() async throws {
    let store = try await openStore(path)
    _ = try await store.commit(try batch([event(1)]))
    _ = try await store.commit(try batch((0..<1_500).map { event(1, says: "\($0)") }))
    #expect(try count("SELECT count FROM conflict_count", in: path) == 1_500)
    #expect(try count("SELECT count(*) FROM conflict", in: path) == 1_000)
    #expect(store.counters.conflictSamplesLeftOut.load(ordering: .relaxed) == 500)
  }

  @Test("batches that bring nothing new take no room, and are duplicates whatever their number")
  func nothingNew() async throws {
    let store = try await openStore(path)
    _ = try await store.commit(try batch([event(1), event(2)], at: Stand(number: 1)))
    for number in 2...9 as ClosedRange<UInt64> {
      let outcome = try await store.commit(
        try batch([event(2), event(1)], at: Stand(number: number, first: number * 2 - 1)))
      #expect(outcome.status == .duplicate && outcome.duplicates == 2)
      #expect(outcome.durableThrough == number * 2)
    }
    #expect(try count("SELECT count(*) FROM hot_batch", in: path) == 1)
  }

  @Test("the limit of hot events is met exactly, and a batch that does not fit leaves no trace")
  func limit() async throws {
    let store = try await openStore(path, limit: 10)
    _ = try await store.commit(try batch((1...8).map { event($0) }))
    await #expect(throws: StoreError.full(limit: 10)) {
      try await store.commit(
        try batch([event(1, says: "conflict"), event(21), event(22), event(23)]))
    }
    #expect(try count("SELECT count(*) FROM conflict", in: path) == 0)
    #expect(store.hot.conflicts.load(ordering: .relaxed) == 0)
    // Of these ten rows eight are known: what is left fits.
    let outcome = try await store.commit(
      try batch((1...8).map { event($0) } + [event(21), event(22)]))
    #expect(outcome.accepted == 2 && store.hot.eventCount == 10)
    // And at the limit replays are still answered.
    #expect(try await store.commit(try batch([event(21)])).duplicates == 1)
    await #expect(throws: StoreError.full(limit: 10)) {
      try await store.commit(try batch([event(24)]))
    }
    #expect(try await store.find(id(24), of: "acme") == nil)
  }

  @Test("projects never meet, whatever their ids")
  func projects() async throws {
    let store = try await openStore(path)
    let together = await store.commit(together: [
      try batch([event(1, says: "a")], project: "one"),
      try batch([event(1, says: "b")], project: "two"),
    ])
    #expect(try together.allSatisfy { try $0.get().accepted == 1 })
    #expect(store.hot.conflicts.load(ordering: .relaxed) == 0)
    #expect(try await store.find(id(1), of: "two")?.0 == event(1, says: "b"))
  }

  @Test("a gap closes the sequence, and is answered like any batch")
  func gaps() async throws {
    let store = try await openStore(path)
    let events = try batch([event(1), event(2)], at: Stand(number: 2, first: 6))
    #expect(try await store.commit(events).durableThrough == nil)
    let origin = BatchOrigin(
      epoch: Epoch(high: 5, low: 6), number: 1, sequences: 1...5,
      digest: events.origin?.digest ?? sha256("x"))
    let gap = ArrivedGap(
      project: "acme", source: "c1", origin: origin, gap: .init(.damaged, isOpenEnded: true),
      received: 1)
    #expect(try await store.commit(gap).durableThrough == 7)
    #expect(try await store.commit(gap).status == .duplicate)
    #expect(try count("SELECT last FROM gap WHERE open_ended = 1", in: path) == 5)
    let ranges = await store.watermarks(of: "c1", epoch: Epoch(high: 5, low: 6))
    #expect(ranges["acme"]?.ranges == [1...7])
  }

  @Test("sequences at the end of all numbers are kept like others")
  func lastSequences() async throws {
    let last = UInt64(Int64.max)
    for round in 0..<2 {
      let store = try await openStore(path)
      let stand = Stand(number: last, first: last - 1)
      let outcome = try await store.commit(try batch([event(1), event(2)], at: stand))
      #expect(outcome.status == (round == 0 ? .committed : .duplicate))
      let ranges = await store.watermarks(of: "c1", epoch: Epoch(high: 5, low: 6))
      #expect(ranges["acme"]?.ranges == [last - 1...last])
    }
  }

  @Test("a hostile time is stored and shown, wherever the collector's clock stood")
  func hostileTimes() async throws {
    let times: [Int64] = [.min, -1, 0, 1 << 48 - 1, 1 << 48, .max]
    for shift in [Int64.min, -400_000, 0, 400_000, .max] {
      let scratch = Scratch()
      let path = scratch.path + "/store.db"
      let store = try await openStore(path)
      let events = times.enumerated().map { index, time in
        event(UInt64(index), cts: time, flags: index % 2 == 0 ? [.ctsIsReceipt] : [])
      }
      _ = try await store.commit(try batch(events, shift: shift))
      let shown = try await store.rows(of: "acme")
      for (one, cts) in shown {
        let original = try #require(events.first { $0.id == one })
        let expected =
          original.flags.contains(.ctsIsReceipt) && shift != 0
          ? min(max(saturated(original.cts, shift), 0), 1 << 48 - 1) : original.cts
        #expect(cts == expected)
      }
      #expect(shown.count == times.count)
      // A restart sees the same.
      let again = try await openStore(path)
      let rows = try await again.rows(of: "acme")
      #expect(rows.map(\.cts).sorted() == shown.map(\.cts).sorted())
    }
  }

  @Test("a batch with the most rows that the format has is kept and read again")
  func mostRows() async throws {
    do {
      let store = try await openStore(path)
      let outcome = try await store.commit(try batch((1...65_535).map { event($0) }))
      #expect(outcome.accepted == 65_535)
    }
    let store = try await openStore(path, shelfBytes: 1)
    #expect(store.hot.eventCount == 65_535)
    #expect(try await store.find(id(65_535), of: "acme")?.0 == event(65_535))
    #expect(try await store.commit(try batch([event(40_000)])).duplicates == 1)
  }

  @Test("hellos are answered while batches never cease")
  func watermarksUnderLoad() async throws {
    let store = try await openStore(path)
    let answered = Synchronized(false)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<4 as Range<UInt64> {
        group.addTask {
          var number: UInt64 = 0
          while !answered.value, number < 20_000 {
            number += 1
            let one = event(task << 32 | number)
            _ = try await store.commit(try batch([one]))
          }
        }
      }
      group.addTask {
        try await Task.sleep(for: .milliseconds(50))
        _ = await store.watermarks(of: "c1", epoch: Epoch(high: 5, low: 6))
        answered.value = true
      }
      try await group.waitForAll()
    }
    let seen257 = try await store.ids(of: "acme")
    #expect(Set(seen257).count == store.hot.eventCount)
  }

  @Test("ids without chance are as quick as others")
  func weakIDs() async throws {
    let store = try await openStore(path)
    for start in stride(from: 0 as Int64, to: 40_000, by: 10_000) {
      let events = (start..<start + 10_000).map {
        var one = event(1)
        one.id = id(1, milliseconds: 1_800_000_000_000 + $0)
        return one
      }
      #expect(try await store.commit(try batch(events)).accepted == 10_000)
    }
  }
}

private func saturated(_ a: Int64, _ b: Int64) -> Int64 {
  let (sum, overflow) = a.addingReportingOverflow(b)
  return overflow ? (b < 0 ? .min : .max) : sum
}
