import Batches
import Events
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("Histories") struct HistoryTests {
  let scratch = Scratch()

  /// What a collector has sent, so that it can be sent again.
  private struct Sent {
    var events: [Event]
    var batch: ArrivedBatch
  }

  private struct World {
    var random: RandomGenerator
    var sent: [Sent] = []
    var lastNumber: [String: UInt64] = [:]
    let projects: [ProjectID] = ["one", "two", "three"]

    init(seed: UInt64) { random = RandomGenerator(SeededRandom(seed: seed)) }

    mutating func chance(_ percent: Int) -> Bool {
      Int.random(in: 0..<100, using: &random) < percent
    }

    mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

    mutating func one() -> Event {
      event(
        UInt64(number(0..<250)), says: chance(90) ? "this" : "that",
        cts: 1_800_000_000_000, ctx: "\(number(0..<9))")
    }

    mutating func next() throws -> Sent {
      if !sent.isEmpty, chance(15) { return sent[number(0..<sent.count)] }
      let project = projects[number(0..<3)]
      let collector = "c\(number(0..<2))"
      let epoch = Epoch(high: 1, low: UInt64(number(0..<2)))
      var events = (0..<number(1..<30)).map { _ in one() }
      if chance(50) { events.sort { $0.id < $1.id } }
      let rejected = events.indices.filter { _ in chance(3) }
        .map { RejectedRow(row: $0, code: "time", reason: "row \($0)") }
      var stand: Stand?
      if chance(70) {
        let stream = "\(collector) \(epoch) \(project)"
        // Batches come in any order, some never, and now and then a number comes twice.
        let last = lastNumber[stream, default: 0]
        let next = chance(5) && last > 0 ? last : last + UInt64(number(1..<3))
        lastNumber[stream] = next
        stand = Stand(
          collector: collector, epoch: epoch, number: next, first: (next - 1) * 30 + 1)
      }
      let new = Sent(
        events: events,
        batch: try batch(
          events, project: project, at: stand, rejected: rejected,
          shift: chance(10) ? 500_000 : 0))
      sent.append(new)
      return new
    }
  }

  @Test(
    "the store is a dictionary, whatever comes together and however it ends",
    arguments: UInt64(0)..<24)
  func equalsModel(seed: UInt64) async throws {
    var world = World(seed: seed)
    let limit = seed % 4 == 0 ? 300 : 100_000
    // A shelf that holds nothing makes every duplicate read the database, also of its own group.
    let shelfBytes = seed % 3 == 0 ? 1 : 64 << 20
    var path = scratch.path + "/0.db"
    var store = try await openStore(path, limit: limit, shelfBytes: shelfBytes)
    var model = Model(limit: limit)
    var conflictsBefore = 0
    for round in 1...30 {
      let group = try (0..<world.number(1..<7)).map { _ in try world.next() }
      let expected = group.map { model.commit($0.events, $0.batch) }
      let results = await store.commit(together: group.map(\.batch))
      #expect(results == expected)
      let conflicts = model.conflicts.values.reduce(0, +)
      #expect(store.hot.conflicts.load(ordering: .relaxed) == conflicts - conflictsBefore)
      guard world.chance(10) || round == 30 else { continue }
      try await expectEqual(store, model, path)
      // As after a power cut: what is on disk now, and nothing that closing would do.
      scratch.copy("\(path.split(separator: "/").last ?? "")", to: "\(round).db")
      path = scratch.path + "/\(round).db"
      store = try await openStore(path, limit: limit, shelfBytes: shelfBytes)
      conflictsBefore = conflicts
      try await expectEqual(store, model, path)
    }
  }

  private func expectEqual(_ store: Store, _ model: Model, _ path: String) async throws {
    #expect(store.hot.eventCount == model.count)
    for (project, events) in model.events {
      let ids = try await store.ids(of: project)
      #expect(ids.count == events.count && Set(ids) == Set(events.keys))
      for (one, first) in events {
        let found = try await store.find(one, of: project)
        #expect(
          found.map { Model.First(event: $0.0, source: $0.1.source, shift: $0.1.clockShift) }
            == first)
      }
    }
    for (stream, numbers) in model.sequences {
      let ranges = await store.watermarks(of: stream.collector, epoch: stream.epoch)
      #expect(ranges[stream.project.text]?.ranges.flatMap { Array($0) } == numbers.sorted())
    }
    let conflicts = try count("SELECT coalesce(sum(count), 0) FROM conflict_count", in: path)
    #expect(conflicts == Int64(model.conflicts.values.reduce(0, +)))
    let letters = try count("SELECT count(*) FROM dead_letter", in: path)
    #expect(letters == Int64(model.deadLetters.count))
  }

  @Test("of many callers with the same events each event is accepted from one", arguments: 0..<6)
  func manyCallers(round: Int) async throws {
    let store = try await openStore(scratch.path + "/store.db", shelfBytes: round % 2 << 20)
    let accepted = try await withThrowingTaskGroup(of: Int.self) { group in
      for caller in 0..<12 as Range<UInt64> {
        group.addTask {
          var accepted = 0
          for step in 0..<15 as Range<UInt64> {
            let first = (step + caller) % 15 * 20
            let outcome = try await store.commit(
              try batch(
                (first..<first + 25).map { event($0) },
                at: Stand(collector: "c\(caller)", number: step + 1, first: step * 25 + 1)))
            accepted += outcome.accepted
            #expect(outcome.accepted + outcome.duplicates == 25)
            #expect(outcome.durableThrough == (step + 1) * 25)
            // What was answered can be asked for.
            #expect(try await store.find(id(first + 24), of: "acme") != nil)
          }
          return accepted
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(accepted == 305 && store.hot.eventCount == 305)
    let seen143 = try await store.ids(of: "acme")
    #expect(Set(seen143).count == 305 && seen143.count == 305)
  }

  @Test("whenever it is killed, what was answered is there once", arguments: 0..<4)
  func killed(round: Int) async throws {
    let store = try await openStore(scratch.path + "/store.db")
    let answered = Synchronized<Set<EventID>>([])
    let isDone = Synchronized(false)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for caller in 0..<6 as Range<UInt64> {
        group.addTask {
          var number: UInt64 = 0
          while !isDone.value {
            number += 1
            let base = caller << 32 | number * 10
            let events = (base..<base + 10).map { event($0) }
            let stand = Stand(collector: "c\(caller)", number: number, first: number * 10 - 9)
            _ = try await store.commit(try batch(events, at: stand))
            answered.update { $0.formUnion(events.map(\.id)) }
          }
        }
      }
      group.addTask {
        defer { isDone.value = true }
        for cut in 0..<6 {
          try await Task.sleep(for: .milliseconds(20))
          let before = answered.value
          scratch.copy("store.db", to: "\(cut).db")
          let copy = try await openStore(scratch.path + "/\(cut).db")
          let ids = try await copy.ids(of: "acme")
          #expect(Set(ids).isSuperset(of: before) && Set(ids).count == ids.count)
          for caller in 0..<6 {
            let ranges = await copy.watermarks(of: "c\(caller)", epoch: Epoch(high: 5, low: 6))
            let events = Set(ids).count { ($0.low & 0x3FFF_FFFF_FFFF_FFFF) >> 32 == UInt64(caller) }
            #expect(ranges["acme"]?.durableThrough ?? 0 == UInt64(events))
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
