import Batches
import Events
import Glibc
import JSON
import Platform
import SQLite
import Sections
import Synchronization
import TestSupport
import Testing

@testable import Store

@Suite("Joins in the store") struct JoinTests {
  let scratch = Scratch()
  var path: String { scratch.path + "/0.db" }

  /// An identify, an alias or the undoing of one; `time` in seconds.
  static func says(
    _ kind: JoinOperation.Kind, _ from: String, _ of: PersonKind = .device, is profile: String,
    _ number: UInt64, at time: Int64 = 0
  ) -> Event {
    let cts = 1_800_000_000_000 - time * 1_000
    var event = event(number, cts: cts)
    event.id = id(number, milliseconds: cts)
    var flags = event.flags
    flags.remove(.device)
    let names: [PersonKind: String] = [.profile: "profile", .device: "device", .visitor: "visitor"]
    return kind == .identify
      ? Event(
        id: event.id, kind: .identify, flags: flags, name: "$identify", cts: cts, sts: cts,
        profile: profile, device: of == .device ? from : nil, visitor: of == .visitor ? from : nil,
        props: ["op": "set", "values": [:]])
      : Event(
        id: event.id, kind: .alias, flags: flags, name: "$alias", cts: cts, sts: cts,
        profile: profile,
        props: .object([
          .init("alias", .string(from)), .init("kind", .string(names[of] ?? "")),
          .init("op", kind == .alias ? "alias" : "unalias"),
        ]))
  }

  private func joined(_ store: Store) async throws -> JoinedPeople {
    try await store.snapshot(of: "acme")?.joined ?? JoinedPeople()
  }

  private func isSame(
    _ store: Store, _ one: (PersonKind, String), _ other: (PersonKind, String)
  ) async throws -> Bool {
    let snapshot = try #require(try await store.snapshot(of: "acme"))
    func person(_ id: (PersonKind, String)) -> PersonHash {
      let text = Array(id.1.utf8)
      return snapshot.canonical(snapshot.secret.people.hash(id.0, text.span))
    }
    return person(one) == person(other)
  }

  @Test("an identify joins, a snapshot from before it does not know, and an undo takes it back")
  func identify() async throws {
    let store = try await openStore(path)
    _ = try await store.commit(try batch([event(1)]))
    let before = try #require(try await store.snapshot(of: "acme"))
    _ = try await store.commit(try batch([Self.says(.identify, "d", is: "p", 2)]))
    #expect(before.joined.isEmpty)
    #expect(try await isSame(store, (.device, "d"), (.profile, "p")))
    #expect(try await !isSame(store, (.profile, "d"), (.profile, "p")))
    // A second person on the same device changes nothing.
    _ = try await store.commit(try batch([Self.says(.identify, "d", is: "q", 3, at: -5)]))
    #expect(try await !isSame(store, (.profile, "q"), (.profile, "p")))
    #expect(try await isSame(store, (.device, "d"), (.profile, "p")))
    _ = try await store.commit(
      try batch([Self.says(.alias, "p", .profile, is: "q", 4)]))
    #expect(try await isSame(store, (.profile, "q"), (.device, "d")))
    _ = try await store.commit(
      try batch([Self.says(.undo, "p", .profile, is: "q", 5, at: -9)]))
    #expect(try await !isSame(store, (.profile, "q"), (.device, "d")))
    #expect(try count("SELECT count(*) FROM alias", in: path) == 4)
    // The same once more is a duplicate; under another id it is nothing new.
    _ = try await store.commit(try batch([Self.says(.identify, "d", is: "p", 2)]))
    _ = try await store.commit(try batch([Self.says(.identify, "d", is: "p", 6, at: -3)]))
    #expect(try count("SELECT count(*) FROM alias", in: path) == 4)
  }

  @Test("ids that are none, or the same, join nobody")
  func nothing() async throws {
    let store = try await openStore(path)
    var events = [
      Self.says(.alias, "p", .profile, is: "p", 1), Self.says(.alias, "", .device, is: "p", 2),
      Self.says(.alias, String(repeating: "x", count: 257), is: "p", 3),
      Self.says(.alias, "d", is: "p", 4), Self.says(.alias, "d", is: "p", 5),
    ]
    events[3].props = ["alias": "d", "op": "something"]
    events[4].props = ["alias": "d", "kind": "group", "op": "alias"]
    _ = try await store.commit(try batch(events))
    #expect(try await joined(store).isEmpty)
    #expect(try count("SELECT count(*) FROM alias", in: path) == 0)
  }

  @Test("what joins too many is counted, and the event is stored")
  func refused() async throws {
    let store = try await openStore(path)
    let events = (0..<66 as Range<UInt64>).map {
      Self.says(.identify, "kiosk", is: "p\($0)", $0, at: Int64($0))
    }
    // In groups of their own: what one group has said together is noted together.
    for event in events { _ = try await store.commit(try batch([event])) }
    #expect(store.counters.joinsRefused.load(ordering: .relaxed) == 2)
    #expect(try await store.ids(of: "acme").count == 66)
    #expect(try count("SELECT count(*) FROM alias", in: path) == 64)
    #expect(try await isSame(store, (.device, "kiosk"), (.profile, "p63")))
  }

  /// Who is whom by the events alone.
  private func expected(_ events: [Event], _ secret: ProjectSecret) -> JoinedPeople {
    var graph = JoinGraph()
    for event in events {
      if let join = JoinOperation(event, cts: event.cts) { graph.apply(join.hashed(secret.people)) }
    }
    return graph.joined
  }

  private func isEqual(_ left: JoinedPeople, _ right: JoinedPeople) -> Bool {
    left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
  }

  @Test(
    "who is whom is what all events say after every layout, seal, restart, and loss of the catalogue",
    arguments: UInt64(0)..<16)
  func histories(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    var path = path
    var store = try await openStore(path)
    var events: [Event] = []
    func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
    for round in 1...30 {
      let new = (0..<number(1..<20)).map { index -> Event in
        let key = UInt64(round * 100 + index)
        if number(0..<2) == 0 { return event(key) }
        let kinds: [JoinOperation.Kind] = [.identify, .identify, .alias, .alias, .undo]
        let kind = kinds[number(0..<5)]
        let of: PersonKind = [.device, .profile, .visitor][number(0..<3)]
        return Self.says(
          kind, "x\(number(0..<8))", kind == .identify && of == .profile ? .device : of,
          is: "x\(number(0..<8))", key, at: Int64(number(0..<90_000_00)))
      }
      events += new
      let again = events.shuffled(using: &random).prefix(5)
      let results = await store.commit(
        together: [try batch(new), try batch(Array(again))])
      #expect(results.allSatisfy { (try? $0.get()) != nil })
      switch number(0..<6) {
      case 0: _ = try await store.seal()
      case 1:
        // As after a power cut.
        let copy = scratch.path + "/\(round).db"
        scratch.copy(String(path.split(separator: "/").last ?? ""), to: "\(round).db")
        let packs = unsafe system("cp -r \(path)-packs \(copy)-packs 2>/dev/null")
        _ = packs
        if number(0..<2) == 0 {
          // Of all that the catalogue knew of people nothing is left.
          let database = try Database(path: copy, configuration: .owner(exclusively: false))
          try database.execute(
            script: "DELETE FROM alias; DELETE FROM meta WHERE key LIKE 'alias%'")
        }
        path = copy
        store = try await openStore(path)
      default: break
      }
      guard let snapshot = try await store.snapshot(of: "acme") else { continue }
      #expect(isEqual(snapshot.joined, expected(events, snapshot.secret)))
    }
  }

  @Test("a pack that the catalogue had lost brings its joins with it")
  func rollForward() async throws {
    let store = try await openStore(path)
    _ = try await store.commit(try batch([event(1), event(2)]))
    scratch.copy("0.db", to: "early.db")
    _ = try await store.commit(try batch([Self.says(.identify, "d", is: "p", 2_000)]))
    _ = try await store.seal()
    let early = scratch.path + "/early.db"
    #expect(unsafe system("cp -r \(path)-packs \(early)-packs") == 0)
    let restarted = try await openStore(early)
    #expect(try await isSame(restarted, (.device, "d"), (.profile, "p")))
    #expect(try count("SELECT count(*) FROM alias", in: early) == 1)
  }
}
