import Events
import Glibc
import JSON
import Platform
import Sections
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("Erasure of a person") struct ErasureTests {
  private let scratch = Scratch()
  private var path: String { scratch.path + "/store.db" }
  private static let now: Int64 = 1_800_000_000_000
  private static let day: Int64 = 86_400_000

  private func open() async throws(StoreError) -> Store {
    var configuration = Store.Configuration(path: path)
    configuration.mergeBytesPerSecond = 0
    return try await Store.open(
      configuration, clock: StillClock(), random: SystemRandom(), threads: Fixture.threads,
      onFailure: { Issue.record("the disk failed: \($0)") })
  }

  private func event(
    _ number: UInt64, by profile: String?, on device: String? = nil, cts: Int64 = now
  ) -> Event {
    Event(
      id: id(number, milliseconds: cts), flags: .interactive, name: "view", cts: cts, sts: cts,
      profile: profile, device: device,
      props: .object([.init("says", .string("text of \(profile ?? device ?? "nobody")"))]))
  }

  /// The ids that answers see.
  private func seen(_ store: Store) async throws -> Set<EventID> {
    guard let snapshot = try await store.snapshot(of: "acme") else { return [] }
    var seen: Set<EventID> = []
    for section in snapshot.sections {
      for (row, id) in try section.ids(snapshot.secret.ids).all(section).enumerated()
      where !section.hidden.contains(row) {
        seen.insert(id)
      }
    }
    return seen
  }

  /// The ids that are in hot sections or packs.
  private func kept(_ store: Store) async throws -> Set<EventID> {
    Set(try await store.rows(of: "acme").map(\.id))
  }

  private func bytesHold(_ text: String) -> Bool {
    unsafe system("grep -rqaF '\(text)' \(scratch.path)") == 0
  }

  @Test("from the mark on nobody sees the person, hot or sealed, then no file has a byte of it")
  func erase() async throws {
    var store = try await open()
    let canary = "canary-0815"
    var others: Set<EventID> = []
    for part in 0..<4 as Range<UInt64> {
      var events: [Event] = []
      for number in 0..<60 as Range<UInt64> {
        let by = ["p1", canary, "p2", nil][Int(number % 4)]
        let cts = Self.now - Int64(number + part * 100) * Self.day / 4
        let own = event(part * 100 + number, by: by, on: by == nil ? "d\(part)" : nil, cts: cts)
        if by != canary { others.insert(own.id) }
        events.append(own)
      }
      events.append(
        JoinTests.says(.identify, canary + "-device", is: canary, 1_000 + part, at: Int64(part)))
      events.append(event(2_000 + part, by: nil, on: canary + "-device"))
      _ = try await store.commit(try batch(events))
      // Another text under an id that is taken, and what is no event that anybody takes.
      var second = events[1]
      second.props = .object([.init("says", .string("again " + canary))])
      let third = event(3_000 + part, by: canary)
      _ = try await store.commit(
        try batch([second, third], rejected: [RejectedRow(row: 1, code: "bad", reason: "bad")]))
      if part < 3 { _ = try await store.seal() }
    }
    #expect(try await seen(store).count == others.count + 4 * (15 + 2))
    let before = try #require(try await store.snapshot(of: "acme"))
    let erasure = try #require(try await store.erase(.device, canary + "-device", of: "acme"))
    #expect(erasure.ids.count == 2 && erasure.done == nil && erasure.until == Self.now)
    #expect(try await seen(store) == others)
    #expect(before.sections.allSatisfy { $0.hidden.isEmpty })
    #expect(try await kept(store).count > others.count)
    #expect(try await store.snapshot(of: "acme")?.joined.isEmpty == true)
    await store.stop()
    store = try await open()
    #expect(try await seen(store) == others)

    // What comes again is refused, whatever else comes with it, and leaves nothing.
    let late = try await store.commit(
      try batch([event(1, by: canary), event(9_000, by: canary), event(9_001, by: "p1")]))
    #expect(late.accepted == 1 && late.rejected.map(\.code) == ["erased", "erased"])
    #expect(store.counters.erasedRows.load(ordering: .relaxed) == 2)
    others.insert(id(9_001))
    #expect(try await seen(store) == others)

    #expect(try await store.carryOutErasures().isEmpty)
    #expect(await store.erasures.map(\.done) == [Self.now])
    #expect(try await seen(store) == others)
    #expect(try await kept(store) == others)
    #expect(!bytesHold(canary))
    #expect(try count("SELECT count(*) FROM alias", in: path) == 0)
    #expect(try count("SELECT count(*) FROM conflict", in: path) == 0)
    #expect(try count("SELECT count(*) FROM dead_letter", in: path) == 0)
    #expect(try count("SELECT count(*) FROM retired_pack", in: path) == 0)

    // Whoever comes later is somebody new.
    let fresh = event(9_002, by: canary, cts: Self.now + 1)
    let again = try await store.commit(
      try batch([event(1, by: canary), fresh, event(9_003, by: nil, on: canary + "-device")]))
    #expect(again.accepted == 1 && again.rejected.count == 2)
    others.insert(fresh.id)
    #expect(try await seen(store) == others)
    await store.stop()
    store = try await open()
    #expect(try await seen(store) == others)
    await store.stop()
  }

  @Test("whatever was sealed, merged or restarted between, the rest is as if they had never been")
  func histories() async throws {
    for seed in 0..<40 as Range<UInt64> {
      let path = scratch.path + "/\(seed).db"
      var random = RandomGenerator(SeededRandom(seed: seed))
      func open() async throws -> Store { try await openStore(path) }
      var store = try await open()
      var owner: [EventID: String] = [:]
      var erased: Set<String> = []
      var number: UInt64 = 1
      for _ in 0..<Int.random(in: 5...20, using: &random) {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: _ = try await store.seal()
        case 1: _ = try await store.merge()
        case 2:
          await store.stop()
          store = try await open()
        case 3:
          let person = "p\(Int.random(in: 0..<6, using: &random))"
          if try await store.erase(.profile, person, of: "acme") != nil { erased.insert(person) }
        case 4: #expect(try await store.carryOutErasures().isEmpty)
        default:
          var events: [Event] = []
          for _ in 0..<Int.random(in: 1...40, using: &random) {
            let person = "p\(Int.random(in: 0..<6, using: &random))"
            let own = event(
              number, by: person,
              cts: Self.now - Int64.random(in: 0..<90, using: &random) * Self.day)
            number += 1
            events.append(own)
            if !erased.contains(person) { owner[own.id] = person }
          }
          _ = try await store.commit(try batch(events))
        }
        let expected = Set(owner.filter { !erased.contains($0.value) }.keys)
        var found: Set<EventID> = []
        if let snapshot = try await store.snapshot(of: "acme") {
          for section in snapshot.sections {
            for (row, id) in try section.ids(snapshot.secret.ids).all(section).enumerated()
            where !section.hidden.contains(row) {
              found.insert(id)
            }
          }
        }
        try #require(found == expected, "seed \(seed)")
      }
      await store.stop()
    }
  }
}
