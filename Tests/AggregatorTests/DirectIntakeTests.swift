import Batches
import Crypto
import Events
import Platform
import Sections
import Store
import Synchronization
import TestSupport
import Testing

@testable import Aggregator

@Suite("Direct intake") struct DirectIntakeTests {
  private let scratch = Scratch()

  private func intake(into store: Store) throws -> DirectIntake {
    DirectIntake(
      store: store, key: try Fixture.key(), clock: ManualClock(), random: SystemRandom())
  }

  @Test("whatever comes at one time, of several projects, is found once")
  func concurrent() async throws {
    let store = try await Fixture.store(in: scratch)
    let intake = try intake(into: store)
    let projects: [ProjectID] = ["acme", "other", "third"]
    try await withThrowingTaskGroup(of: Void.self) { group in
      for turn in 0..<300 {
        group.addTask {
          let first = UInt64(turn * 3)
          let events = try list((first..<(first + UInt64(turn % 3) + 1)).map { event($0) })
          try await intake.append(events, project: projects[turn / 3 % 3])
        }
      }
      try await group.waitForAll()
    }
    for (index, project) in projects.enumerated() {
      let expected = (0..<300).filter { $0 / 3 % 3 == index }.flatMap { turn in
        (0...(turn % 3)).map { id(UInt64(turn * 3 + $0)) }
      }
      let seen37 = try await store.ids(of: project)
      #expect(seen37 == expected.sorted())
    }
    #expect(store.hot.eventCount == 600)
    await store.stop()
  }

  @Test("what was taken is there after the store was opened again")
  func durable() async throws {
    let store = try await Fixture.store(in: scratch)
    try await intake(into: store).append(try list((0..<20).map { event($0) }), project: "acme")
    await store.stop()
    let again = try await Fixture.store(in: scratch)
    let seen49 = try await again.ids(of: "acme")
    #expect(seen49 == (0..<20).map { id($0) })
    await again.stop()
  }

  @Test("what comes twice counts once, and is no error")
  func twice() async throws {
    let store = try await Fixture.store(in: scratch)
    let intake = try intake(into: store)
    for _ in 0..<2 { try await intake.append(try list([event(1), event(2)]), project: "acme") }
    let seen58 = try await store.ids(of: "acme")
    #expect(seen58 == [id(1), id(2)])
    await store.stop()
  }

  @Test("who was erased is named to whoever sends, by the rows of each request of a group")
  func erased() async throws {
    let store = try await Fixture.store(in: scratch)
    let intake = try intake(into: store)
    try await intake.append(try list([event(1, profile: "gone")]), project: "acme")
    _ = try await store.erase(.profile, "gone", of: "acme")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for turn in 1..<100 as Range<UInt64> {
        group.addTask {
          let events = (0..<(turn % 4 + 1)).map {
            event(turn * 10 + $0, profile: $0 % 2 == 1 ? "gone" : "here")
          }
          let refused = try await intake.append(try list(events), project: "acme")
          #expect(refused.map(\.row) == [1, 3].filter { $0 < events.count })
          #expect(refused.allSatisfy { $0.code == "erased" })
        }
      }
      try await group.waitForAll()
    }
    await store.stop()
  }

  @Test("more events than a batch holds become several batches")
  func many() async throws {
    let store = try await Fixture.store(in: scratch)
    let number = UInt64(BatchLimits.standard.rows + 3)
    try await intake(into: store).append(
      try list((0..<number).map { event($0) }), project: "acme")
    let seen68 = try await store.ids(of: "acme")
    #expect(seen68 == (0..<number).map { id($0) })
    await store.stop()
  }

  @Test("nothing is stored at once, also where nothing could be")
  func nothing() async throws {
    let store = try await Fixture.store(in: scratch)
    let intake = try intake(into: store)
    await store.stop()
    try await intake.append(EventList(), project: "acme")
    await #expect(throws: StoreError.stopped) {
      try await intake.append(try list([event(1)]), project: "acme")
    }
  }

  @Test("a full store refuses with its limit, and keeps what it has")
  func full() async throws {
    let store = try await Fixture.store(in: scratch, limit: 10)
    let intake = try intake(into: store)
    try await intake.append(try list((0..<10).map { event($0) }), project: "acme")
    for _ in 0..<2 {
      await #expect(throws: StoreError.full(limit: 10)) {
        try await intake.append(try list([event(10)]), project: "acme")
      }
    }
    let seen93 = try await store.ids(of: "acme")
    #expect(seen93 == (0..<10).map { id($0) })
    await store.stop()
  }

  @Test("of more callers than may wait some are told to come again, and the others are stored")
  func busy() async throws {
    let limits = StoreInbox.Limits(bytes: 1 << 20, requests: 4)
    let store = try await Fixture.store(in: scratch, waiting: limits)
    let intake = try intake(into: store)
    let stored = try await withThrowingTaskGroup(of: EventID?.self) { group -> [EventID] in
      for number in 0..<300 as Range<UInt64> {
        group.addTask {
          do {
            try await intake.append(try list([event(number)]), project: "acme")
            return id(number)
          } catch StoreError.busy { return nil }
        }
      }
      var stored: [EventID] = []
      for try await one in group { if let one { stored.append(one) } }
      return stored
    }
    let seen115 = try await store.ids(of: "acme")
    #expect(seen115 == stored.sorted())
    #expect(!stored.isEmpty && stored.count < 300)
    #expect(store.counters.inboxRefused.load(ordering: .relaxed) == 300 - stored.count)
    try await intake.append(try list([event(999)]), project: "acme")
    await store.stop()
  }
}
