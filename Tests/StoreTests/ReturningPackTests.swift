import Events
import Glibc
import Platform
import TestSupport
import Testing

@testable import Store

@Suite("Packs that were missing and are back") struct ReturningPackTests {
  private let world = MergingStore()
  private var away: String { world.scratch.path + "/away" }

  private func take(away number: Int) {
    #expect(unsafe system("mkdir -p \(away) && mv \(world.packs)/\(number).pack \(away)/") == 0)
  }

  private func bringBack() {
    #expect(unsafe system("mv \(away)/*.pack \(world.packs)/") == 0)
  }

  /// Three packs of 50 events, 40 of acme and 10 of beta each; some with another time than was said.
  private func fill() async throws -> Store {
    let store = try await world.open()
    for start in stride(from: 0 as UInt64, to: 150, by: 50) {
      _ = try await store.commit(
        try batch(eventsOfTwoMonths(start..<start + 40), shift: start == 50 ? 3_000 : 0))
      _ = try await store.commit(
        try batch(eventsOfTwoMonths(start + 40..<start + 50), project: "beta"))
      _ = try await store.seal()
    }
    return store
  }

  /// Waits until nothing is being taken back.
  private func settle(_ store: Store) async throws {
    for _ in 0..<2_000 where !store.packTroubles.isEmpty {
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(store.packTroubles.isEmpty)
  }

  @Test("one of which nothing came again is a pack like all others, at once")
  func untouched() async throws {
    var store = try await fill()
    let before = try await (store.records(of: "acme"), store.records(of: "beta"))
    take(away: 2)
    store = try await world.open()
    #expect(store.packTroubles.map(\.number) == [2])
    _ = try await store.commit(try batch(eventsOfTwoMonths(1_000..<1_010), project: "gamma"))
    bringBack()
    store = try await world.open()
    #expect(store.packTroubles.isEmpty && store.packFolder.catalogue.counts == (3, 0))
    #expect(try await store.records(of: "acme") == before.0)
    #expect(try await store.records(of: "beta") == before.1)
    #expect(try count("SELECT count(*) FROM missed_pack", in: world.path) == 0)
  }

  @Test("what came again meanwhile counts once, hot or sealed, and the rest is as it was")
  func comeAgain() async throws {
    for isSealed in [false, true] {
      unsafe _ = system("rm -rf \(world.scratch.path)/*")
      var store = try await fill()
      let before = try await (store.records(of: "acme"), store.records(of: "beta"))
      take(away: 2)
      store = try await world.open(grace: .zero)
      let again = try await store.commit(
        try batch(eventsOfTwoMonths(60..<75), shift: 3_000))
      #expect(again.accepted == 15)
      if isSealed { _ = try await store.seal() }
      bringBack()
      store = try await world.open(grace: .zero)
      try await settle(store)
      #expect(try await store.records(of: "acme") == before.0)
      #expect(try await store.records(of: "beta") == before.1)
      // Its events are elsewhere now: the file goes as those of merges do.
      _ = try await store.seal()
      // Whoever took it back may hold it for a moment.
      for _ in 0..<1_000 where try await store.unlinkRetired() == 0 {
        try await Task.sleep(for: .milliseconds(5))
        if try !world.files().contains("2.pack") { break }
      }
      #expect(!(try world.files().contains("2.pack")))
      store = try await world.open()
      #expect(store.packTroubles.isEmpty)
      #expect(try await store.records(of: "acme") == before.0)
      #expect(try await store.records(of: "beta") == before.1)
      #expect(try await store.commit(try batch(eventsOfTwoMonths(0..<40))).accepted == 0)
    }
  }

  @Test("wherever packs go and come back, in the end each event is there once")
  func histories() async throws {
    for seed in 0..<30 as Range<UInt64> {
      unsafe _ = system("rm -rf \(world.scratch.path)/*")
      var random = SeededGenerator(seed: seed)
      var store = try await world.open()
      var sent: UInt64 = 0
      for _ in 0..<Int.random(in: 8...24, using: &random) {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4:
          _ = try await store.commit(try batch(eventsOfTwoMonths(sent..<sent + 20)))
          sent += 20
        case 4 where sent > 0:
          // A collector that has heard nothing.
          let start = UInt64.random(in: 0..<sent, using: &random)
          let end = min(sent, start + .random(in: 1...50, using: &random))
          _ = try await store.commit(try batch(eventsOfTwoMonths(start..<end)))
        case 5, 6: _ = try await store.seal()
        case 7: _ = try await store.mergeSome(&random)
        default:
          // The next life, and files that go or come back before it. A store that is taking something
          // back has to have ended: two would write one database.
          await store.stop()
          if Bool.random(using: &random), let file = try world.files().randomElement(using: &random)
          {
            #expect(unsafe system("mkdir -p \(away) && mv \(world.packs)/\(file) \(away)/") == 0)
          } else {
            unsafe _ = system("mv \(away)/*.pack \(world.packs)/ 2>/dev/null")
          }
          store = try await world.open()
        }
      }
      await store.stop()
      unsafe _ = system("mv \(away)/*.pack \(world.packs)/ 2>/dev/null")
      store = try await world.open()
      try await settle(store)
      let ids = try await store.ids(of: "acme")
      try #require(ids.count == Int(sent) && Set(ids).count == Int(sent), "seed \(seed)")
      store = try await world.open()
      #expect(store.packTroubles.isEmpty)
      #expect(try await store.ids(of: "acme").count == Int(sent), "seed \(seed)")
    }
  }

  @Test("a process that dies while it takes a pack back takes it back in its next life")
  func dies() async throws {
    var store = try await fill()
    let before = try await store.records(of: "acme")
    take(away: 1)
    store = try await world.open()
    #expect(try await store.commit(try batch(eventsOfTwoMonths(5..<6))).accepted == 1)
    bringBack()
    store = try await world.open()
    for copy in 0..<6 {
      world.copy(to: "copy\(copy).db")
      try await Task.sleep(for: .milliseconds(1))
    }
    try await settle(store)
    for copy in 0..<6 {
      let next = try await world.open("copy\(copy).db")
      try await settle(next)
      #expect(try await next.records(of: "acme") == before)
    }
  }
}
