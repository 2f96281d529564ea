import Batches
import Events
import Glibc
import Platform
import SQLite
import TestSupport
import Testing

@testable import Store

@Suite("Repairs") struct RepairTests {
  let scratch = Scratch()
  var path: String { scratch.path + "/store.db" }
  var packs: String { path + "-packs" }

  private func events(_ numbers: Range<UInt64>) -> [Event] {
    numbers.map { number in
      let cts = 1_800_000_000_000 - Int64(number % 90) * 86_400_000
      var event = event(number, says: "\(number)", cts: cts)
      event.id = id(number, milliseconds: cts)
      return event
    }
  }

  /// A copy of the store as a stop leaves it: nobody has its database open.
  private func filled(_ name: String) async throws -> (path: String, all: Set<EventID>) {
    let store = try await openStore(path)
    _ = try await store.commit(try batch(events(0..<300)))
    _ = try await store.seal()
    _ = try await store.commit(try batch(events(300..<400)))
    _ = try await store.seal()
    for start in stride(from: 400 as UInt64, to: 480, by: 10) {
      _ = try await store.commit(try batch(events(start..<start + 10)))
    }
    await store.stop()
    let copy = scratch.path + "/\(name).db"
    scratch.copy("store.db", to: "\(name).db")
    #expect(unsafe system("cp -r \(packs) \(copy)-packs") == 0)
    return (copy, Set(events(0..<480).map(\.id)))
  }

  private func repair(_ path: String) throws -> StoreRepair.Report {
    try StoreRepair(
      .init(database: path, packs: path + "-packs"), clock: StillClock(), random: SystemRandom()
    ).run()
  }

  @Test("what is in order is left alone")
  func sound() async throws {
    let (path, all) = try await filled("sound")
    let report = try repair(path)
    #expect(report.done == [] && report.impossible == [])
    #expect(Set(try await openStore(path).ids(of: "acme")) == all)
  }

  @Test("a lost database is made again from the packs, once")
  func lost() async throws {
    let (path, all) = try await filled("lost")
    let identity = try await openStore(path).identity
    #expect(unsafe system("rm \(path) \(path)-wal \(path)-shm") == 0)
    let report = try repair(path)
    #expect(report.done.count == 3 && report.impossible == [], "\(report)")
    #expect(try repair(path).done == [])
    let store = try await openStore(path)
    #expect(store.identity.id == identity.id)
    #expect(store.identity.incarnation > identity.incarnation)
    #expect(store.packTroubles == [])
    // Only what was hot is gone; it comes again from collectors, and all else is known.
    #expect(Set(try await store.ids(of: "acme")) == Set(events(0..<400).map(\.id)))
    let again = try await store.commit(try batch(events(0..<480)))
    #expect(again.accepted == 80 && again.duplicates == 400)
    #expect(Set(try await store.ids(of: "acme")) == all)
    #expect(
      StoreCheck(.init(database: path, packs: path + "-packs"), isRunning: false).run().findings
        == [])
  }

  @Test("of a damaged database what can be read is carried over", arguments: 0..<24)
  func damaged(seed: Int) async throws {
    let (path, all) = try await filled("damaged")
    var random = RandomGenerator(SeededRandom(seed: UInt64(seed)))
    let size = try #require(try SystemDisk().size(of: path))
    do {
      let file = try File(path, for: .writing)
      // Whole pages of nothing: the first one too, which says what the file is.
      for _ in 0..<3 {
        let page = seed % 3 == 0 ? 0 : Int.random(in: 0..<(size / 4_096), using: &random)
        let nothing = [UInt8](repeating: UInt8(seed), count: 4_096)
        try file.write(nothing.span, at: page * 4_096)
      }
    }
    let report = try repair(path)
    let isAside = unsafe system("test -e \(path).damaged-1") == 0
    #expect(isAside == !report.done.isEmpty)
    #expect(try repair(path).done == [], "\(report)")
    let store = try await openStore(path)
    #expect(store.packTroubles == [])
    let ids = try await store.ids(of: "acme")
    let left = Set(ids)
    #expect(left.count == ids.count && left.isSubset(of: all))
    #expect(Set(events(0..<400).map(\.id)).isSubset(of: left), "\(report)")
    #expect(try await store.commit(try batch(events(0..<480))).accepted == 480 - left.count)
    #expect(Set(try await store.ids(of: "acme")) == all)
  }

  @Test("since when events are kept, and who is whom, is carried over")
  func carried() async throws {
    let (path, _) = try await filled("carried")
    let day: Int64 = 86_400_000
    do {
      let store = try await openStore(path)
      _ = try await store.writer.raise(["acme": 1_800_000_000_000 - 30 * day])
      await store.stop()
    }
    try Database(path: path, configuration: .owner(exclusively: false))
      .execute(
        script: """
          INSERT INTO alias VALUES (NULL, 'acme', 1, 2, 'device', 'profile', 5, zeroblob(16));
          DELETE FROM meta WHERE key = 'store_uuid'
          """)
    _ = try repair(path)
    #expect(try count("SELECT watermark FROM retention", in: path) == 1_800_000_000_000 - 30 * day)
    #expect(try count("SELECT count(*) FROM alias", in: path) == 1)
    let late = try await openStore(path).commit(try batch(events(1_000..<1_090)))
    #expect(late.accepted <= 31 && late.rejected.count >= 59)
  }

  @Test("packs that an older catalogue does not know are named")
  func older() async throws {
    let (path, all) = try await filled("older")
    try Database(path: path, configuration: .owner(exclusively: false))
      .execute(script: "DELETE FROM pack WHERE number = 1")
    let report = try repair(path)
    #expect(report.done == ["pack 1 was named"])
    #expect(try repair(path).done == [])
    #expect(Set(try await openStore(path).ids(of: "acme")) == all)
  }
}
