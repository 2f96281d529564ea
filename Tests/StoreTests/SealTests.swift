import Batches
import Compression
import Events
import Glibc
import JSON
import Platform
import Sections
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("Seals") struct SealTests {
  let scratch = Scratch()
  var path: String { scratch.path + "/store.db" }
  var packs: String { path + "-packs" }

  /// Events of two months, of people and of nobody, under ids of their times.
  private func events(_ numbers: Range<UInt64>) -> [Event] {
    numbers.map { number in
      let cts = 1_800_000_000_000 - Int64(number % 40) * 86_400_000
      var event = event(number, says: "\(number)", name: "name \(number % 5)", cts: cts)
      event.id = id(number, milliseconds: cts)
      return event
    }
  }

  private func copyFolder(_ from: String, _ to: String) {
    #expect(unsafe system("rm -rf \(to) && cp -r \(from) \(to)") == 0)
  }

  @Test("what was sealed is in every answer, its ids are known, and a restart finds it")
  func seal() async throws {
    let store = try await openStore(path)
    let all = events(0..<500)
    for start in stride(from: 0, to: 500, by: 50) {
      _ = try await store.commit(try batch(Array(all[start..<start + 50])))
    }
    #expect(try await store.seal() == 500)
    #expect(store.hot.eventCount == 0)
    #expect(try count("SELECT count(*) FROM hot_batch", in: path) == 0)
    // Again, in other company, and once with another payload.
    var changed = all[7]
    changed.props = .object([.init("says", .string("something else"))])
    let again = try await store.commit(
      try batch(Array(all[100..<140]) + events(500..<503) + [changed]))
    #expect(again.accepted == 3 && again.duplicates == 41)
    #expect(store.hot.conflicts.load(ordering: .relaxed) == 1)
    #expect(try await store.seal() == 3)
    let restarted = try await openStore(path)
    #expect(restarted.packTroubles.isEmpty)
    for store in [store, restarted] {
      let ids = try await store.ids(of: "acme")
      #expect(ids.count == 503 && Set(ids) == Set((all + events(500..<503)).map(\.id)))
    }
    let late = try await restarted.commit(try batch(all))
    #expect(late.accepted == 0 && late.duplicates == 500)
    #expect(try await restarted.seal() == 0)
  }

  @Test("ids far from their events' times are known after a seal too")
  func strays() async throws {
    let store = try await openStore(path)
    let strays = (0..<300 as Range<UInt64>).map { number in
      var event = event(number, cts: Int64(number) * 86_400_000 * 100)
      event.id = id(number, milliseconds: 1_800_000_000_000 + Int64(number))
      return event
    }
    _ = try await store.commit(try batch(strays))
    _ = try await store.seal()
    let again = try await store.commit(try batch(strays))
    #expect(again.duplicates == 300 && again.accepted == 0)
  }

  @Test("a pack that the catalogue has lost is named again, and nothing counts twice")
  func rollForward() async throws {
    let store = try await openStore(path)
    _ = try await store.commit(try batch(events(0..<100)))
    _ = try await store.seal()
    _ = try await store.commit(try batch(events(100..<200)))
    // As a crash would leave it before the pack was named, or a log whose end was lost.
    scratch.copy("store.db", to: "early.db")
    _ = try await store.commit(try batch(events(200..<210)))
    _ = try await store.seal()
    copyFolder(packs, scratch.path + "/early.db-packs")
    let early = try await openStore(scratch.path + "/early.db")
    #expect(early.packTroubles.isEmpty && early.hot.eventCount == 0)
    let ids = try await early.ids(of: "acme")
    #expect(ids.count == 210 && Set(ids).count == 210)
    let again = try await early.commit(try batch(events(150..<215)))
    #expect(again.accepted == 5)
    // Numbers of batches that are in the pack are not given again.
    _ = try await early.seal()
    let last = try await openStore(scratch.path + "/early.db")
    let found = try await last.ids(of: "acme")
    #expect(found.count == 215 && Set(found).count == 215)
  }

  @Test("what a crash left unfinished is removed, and what nobody knows is put aside")
  func leftovers() async throws {
    let store = try await openStore(path)
    _ = try await store.commit(try batch(events(0..<50)))
    scratch.copy("store.db", to: "old.db")
    _ = try await store.seal()
    _ = try await store.commit(try batch(events(50..<60)))
    _ = try await store.seal()
    for command in [
      "echo half > \(packs)/9.pack.tmp", "cp \(packs)/1.pack \(packs)/7.pack",
      "echo other > \(packs)/notes.txt",
    ] {
      #expect(unsafe system(command) == 0)
    }
    let again = try await openStore(path)
    #expect(again.packTroubles.map(\.number) == [7])
    #expect(unsafe system("test ! -e \(packs)/9.pack.tmp -a -e \(packs)/notes.txt") == 0)
    #expect(unsafe system("test -e \(packs)/lost+found/7.pack") == 0)
    let ids = try await again.ids(of: "acme")
    #expect(ids.count == 60)
  }

  @Test("a pack that is missing or damaged is named, and the rest is answered", arguments: 0..<24)
  func damage(seed: Int) async throws {
    let store = try await openStore(path)
    _ = try await store.commit(try batch(events(0..<400)))
    _ = try await store.seal()
    _ = try await store.commit(try batch(events(400..<450)))
    _ = try await store.seal()
    var random = RandomGenerator(SeededRandom(seed: UInt64(seed)))
    if seed == 0 {
      #expect(unsafe system("rm \(packs)/1.pack") == 0)
    } else if seed < 4 {
      #expect(unsafe system("truncate -s -\(seed * 20) \(packs)/1.pack") == 0)
    } else {
      let size = try #require(try SystemDisk().size(of: packs + "/1.pack"))
      let place = Int.random(in: 0..<size, using: &random)
      let file = try File(packs + "/1.pack", for: .writing)
      var byte = try file.read(1, at: place)
      byte[0] ^= 1 << UInt8(seed % 8)
      try file.write(byte.span, at: place)
    }
    let again = try await openStore(path)
    let snapshot = try #require(try await again.snapshot(of: "acme"))
    // Found when the pack is opened, when its section is, or when its rows are read; never later.
    var isNamed = !again.packTroubles.isEmpty || !snapshot.missing.isEmpty
    var rows = 0
    for section in snapshot.sections {
      do {
        _ = try section.ids(snapshot.secret.ids).all(section)
        var reader = try RecordReader(section, ids: snapshot.secret.ids, ZstdDecompressor())
        for row in 0..<section.rowCount {
          var writer = ByteWriter()
          try reader.append(row, to: &writer)
        }
        rows += section.rowCount
      } catch { isNamed = true }
    }
    #expect(isNamed)
    #expect(rows >= 50)
    // What comes new is taken.
    #expect(try await again.commit(try batch(events(450..<460))).accepted == 10)
  }

  @Test(
    "whatever is committed, sealed, lost and started again, each event counts once",
    arguments: 0..<16)
  func histories(seed: Int) async throws {
    var random = RandomGenerator(SeededRandom(seed: UInt64(seed + 50)))
    var store = try await openStore(path)
    var known: Set<EventID> = []
    var next: UInt64 = 0
    for step in 0..<40 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0: _ = try await store.seal()
      case 1:
        // A crash: another store over what the disk has, and a seal that was or was not named.
        scratch.copy("store.db", to: "copy\(step).db")
        if Bool.random(using: &random) { _ = try await store.seal() }
        copyFolder(packs, scratch.path + "/copy\(step).db-packs")
        let copy = try await openStore(scratch.path + "/copy\(step).db")
        let ids = try await copy.ids(of: "acme")
        #expect(ids.count == known.count && Set(ids) == known, "step \(step)")
      case 2: store = try await openStore(path)
      default:
        let count = UInt64.random(in: 1...60, using: &random)
        let from =
          next > 20 && Bool.random(using: &random)
          ? UInt64.random(in: 0..<next, using: &random) : next
        let sent = events(from..<from + count)
        let outcome = try await store.commit(try batch(sent))
        #expect(outcome.accepted == sent.count { !known.contains($0.id) })
        known.formUnion(sent.map(\.id))
        next = max(next, from + count)
      }
    }
    let ids = try await store.ids(of: "acme")
    #expect(ids.count == known.count && Set(ids) == known)
  }
}
