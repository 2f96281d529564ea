import Compression
import Events
import Glibc
import Platform
import Sections
import TestSupport
import Testing

@testable import Store

/// A store whose merges a test begins itself, with packs of any size.
struct MergingStore {
  let scratch = Scratch()
  var path: String { scratch.path + "/store.db" }
  var packs: String { path + "-packs" }

  func open(
    _ name: String = "store.db", now: Int64 = 1_800_000_000_000,
    grace: Duration = .seconds(86_400), reached: (@Sendable (StoreStep) -> Void)? = nil
  ) async throws(StoreError) -> Store {
    var configuration = Store.Configuration(path: scratch.path + "/" + name)
    configuration.mergeGrace = grace
    configuration.mergeBytesPerSecond = 0
    configuration.reached = reached
    return try await Store.open(
      configuration, clock: StillClock(wallMilliseconds: now), random: SystemRandom(),
      threads: Fixture.threads, onFailure: { Issue.record("the disk failed: \($0)") })
  }

  /// What a process that is killed now leaves.
  func copy(to name: String) { copyStore("store.db", to: name) }

  func copyStore(_ from: String, to name: String) {
    scratch.copy(from, to: name)
    let (old, new) = (scratch.path + "/\(from)-packs", scratch.path + "/\(name)-packs")
    #expect(unsafe system("rm -rf \(new) && cp -r \(old) \(new)") == 0)
  }

  func files(_ name: String = "store.db") throws -> [String] {
    try Directory(scratch.path + "/\(name)-packs").names().filter { $0.hasSuffix(".pack") }
  }
}

extension Store {
  /// Merges some of the packs, whatever the plan says.
  func mergeSome(_ random: inout SeededGenerator) async throws -> Bool {
    let facts = packFolder.catalogue.facts(fixed: []).sorted { $0.number < $1.number }
    guard facts.count > 1 else { return false }
    let start = Int.random(in: 0..<facts.count - 1, using: &random)
    let end = Int.random(in: start + 1..<min(facts.count, start + 8), using: &random)
    return try await merge(facts[start...end].map(\.number)) { _ in Bool.random(using: &random) }
  }

  func merge(
    _ numbers: [UInt64], ownWhere isOwn: (ShareKey) -> Bool = { _ in false }
  ) async throws -> Bool {
    let facts = packFolder.catalogue.facts(fixed: []).filter { numbers.contains($0.number) }
    let keys = Set(facts.flatMap(\.shares).map(\.key)).sorted {
      $0.project.text != $1.project.text
        ? $0.project.text < $1.project.text : $0.window < $1.window
    }
    let job = MergePlan.Job(inputs: numbers, level: 1, own: keys.filter(isOwn))
    return try await merger.merge(job, dropping: [:])
  }

  /// Every event of a project as its record, by its bytes.
  func records(of project: ProjectID) async throws -> [[UInt8]] {
    guard let snapshot = try await snapshot(of: project) else { return [] }
    #expect(snapshot.missing.isEmpty)
    var records: [[UInt8]] = []
    for section in snapshot.sections {
      var reader = try RecordReader(section, ids: snapshot.secret.ids, ZstdDecompressor())
      for row in 0..<section.rowCount {
        var writer = ByteWriter()
        try reader.append(row, to: &writer)
        records.append(writer.bytes)
      }
    }
    return records.sorted { $0.lexicographicallyPrecedes($1) }
  }
}

/// Events of two months, of people and of nobody, under ids of their times.
func eventsOfTwoMonths(_ numbers: Range<UInt64>) -> [Event] {
  numbers.map { number in
    let cts = 1_800_000_000_000 - Int64(number % 40) * 86_400_000
    var event = event(number, says: "\(number % 100)", name: "name \(number % 5)", cts: cts)
    event.id = id(number, milliseconds: cts)
    return event
  }
}

@Suite("Merging packs") struct PackMergeTests {
  private let world = MergingStore()

  private func seals(_ store: Store, _ count: Int, from first: UInt64 = 0) async throws {
    for seal in 0..<UInt64(count) {
      let start = first + seal * 60
      _ = try await store.commit(try batch(eventsOfTwoMonths(start..<start + 50)))
      _ = try await store.commit(
        try batch(eventsOfTwoMonths(start + 50..<start + 60), project: "beta"))
      _ = try await store.seal()
    }
  }

  @Test("eight packs become one, and every answer, id and restart is as before")
  func merge() async throws {
    let store = try await world.open()
    try await seals(store, 9)
    let before = try await (store.records(of: "acme"), store.records(of: "beta"))
    #expect(before.0.count == 450 && before.1.count == 90)
    #expect(try await store.merge())
    #expect(try await store.merge() == false)
    #expect(store.packFolder.catalogue.counts == (2, 8))
    let restarted = try await world.open()
    #expect(restarted.packTroubles.isEmpty)
    #expect(restarted.packFolder.catalogue.counts == (2, 8))
    for store in [store, restarted] {
      #expect(try await store.records(of: "acme") == before.0)
      #expect(try await store.records(of: "beta") == before.1)
    }
    let again = try await restarted.commit(try batch(eventsOfTwoMonths(0..<60)))
    #expect(again.accepted == 10 && again.duplicates == 50)
  }

  @Test("files that were replaced go after the grace, and not while somebody holds or reads them")
  func unlink() async throws {
    var store = try await world.open()
    try await seals(store, 8)
    let question = try await store.snapshot(of: "acme")
    #expect(try await store.merge())
    #expect(try await store.unlinkRetired() == 0)
    #expect(try world.files().count == 9)
    // A later run: nobody asks any more.
    #expect((question?.sections.count ?? 0) >= 16)
    store = try await world.open(now: 1_800_000_000_000 + 86_399_000)
    #expect(try await store.unlinkRetired() == 0)
    store = try await world.open(now: 1_800_000_000_000 + 86_400_000)
    var hold: PackHold? = store.packFolder.pins.holdAll()
    #expect(try await store.unlinkRetired() == 0)
    hold?.narrow(to: [3])
    #expect(try await store.unlinkRetired() == 7)
    hold = nil
    #expect(try await store.unlinkRetired() == 1)
    #expect(try world.files() == ["9.pack"])
    #expect(try count("SELECT count(*) FROM retired_pack", in: world.path) == 0)
    #expect(try await store.ids(of: "acme").count == 400)
    let last = try await world.open()
    #expect(last.packTroubles.isEmpty)
    #expect(try await last.ids(of: "acme").count == 400)
  }

  @Test("a question that began before a merge reads what it saw, also when the files are gone")
  func reading() async throws {
    let store = try await world.open(grace: .zero)
    try await seals(store, 8)
    let snapshot = try #require(try await store.snapshot(of: "acme"))
    #expect(try await store.merge())
    #expect(try await store.unlinkRetired() == 0)
    #expect(unsafe system("rm \(world.packs)/[1-8].pack") == 0)
    var rows = 0
    for section in snapshot.sections {
      rows += try section.ids(snapshot.secret.ids).all(section).count
    }
    #expect(rows == 400)
  }

  @Test("a replaced file goes after those that it was made of, whoever holds them")
  func order() async throws {
    let store = try await world.open(grace: .zero)
    try await seals(store, 4)
    var question: Snapshot? = try await store.snapshot(of: "acme")
    world.copy(to: "early.db")
    #expect(try await store.merge([1, 2]))  // 5
    #expect(try await store.merge([3, 4]))  // 6
    #expect(try await store.merge([5, 6]))  // 7
    // Nobody holds 5, but 1 and 2 are still there: without 5 nothing says that their rows are in 7.
    var hold: PackHold? = store.packFolder.pins.holdAll()
    hold?.narrow(to: [1])
    #expect((question?.sections.count ?? 0) > 0)
    question = nil
    _ = try await store.unlinkRetired()
    #expect(try Set(world.files()).isSuperset(of: ["1.pack", "5.pack", "7.pack"]))
    // The folder beside a catalogue of before.
    let early = world.scratch.path + "/early.db-packs"
    #expect(unsafe system("rm -r \(early) && cp -r \(world.packs) \(early)") == 0)
    #expect(try await world.open("early.db").ids(of: "acme").count == 200)
    hold = nil
    _ = try await store.unlinkRetired()
    _ = try await store.unlinkRetired()
    #expect(try world.files() == ["7.pack"])
  }

  @Test("while a merged pack cannot be opened what it was made of stays")
  func lastCopy() async throws {
    var store = try await world.open(grace: .zero)
    try await seals(store, 8)
    #expect(try await store.merge())
    #expect(unsafe system("mv \(world.packs)/9.pack \(world.scratch.path)/away") == 0)
    store = try await world.open(grace: .zero)
    #expect(store.packTroubles.map(\.number) == [9])
    #expect(try await store.unlinkRetired() == 0)
    #expect(try world.files().count == 8)
    #expect(unsafe system("mv \(world.scratch.path)/away \(world.packs)/9.pack") == 0)
    store = try await world.open(grace: .zero)
    #expect(try await store.ids(of: "acme").count == 400)
    #expect(try await store.unlinkRetired() == 8)
  }

  @Test("a merge that was not named is finished by a repair as by a start, and counts once")
  func repaired() async throws {
    let store = try await world.open()
    try await seals(store, 8)
    world.copy(to: "early.db")
    let before = try await store.records(of: "acme")
    #expect(try await store.merge())
    for (name, catalogue) in [("crashed", true), ("alone", false), ("retired", true)] {
      if catalogue { world.copyStore(name == "retired" ? "store.db" : "early.db", to: name) }
      #expect(
        unsafe system(
          """
          mkdir -p \(world.scratch.path)/\(name)-packs \
          && cp \(world.packs)/*.pack \(world.scratch.path)/\(name)-packs
          """) == 0)
      let path = world.scratch.path + "/" + name
      let report = try StoreRepair(
        .init(database: path, packs: path + "-packs"), clock: StillClock(), random: SystemRandom()
      ).run()
      #expect(report.impossible == [], "\(name)")
      let repaired = try await world.open(name, grace: .zero)
      #expect(repaired.packTroubles.isEmpty, "\(name): \(repaired.packTroubles)")
      #expect(try await repaired.records(of: "acme") == before, "\(name): \(report.done)")
    }
    // Where the merged pack cannot be read, a repair does not name what the catalogue has retired.
    world.copyStore("store.db", to: "cut")
    let path = world.scratch.path + "/cut"
    #expect(unsafe system("truncate -s 100 \(path)-packs/9.pack") == 0)
    let report = try StoreRepair(
      .init(database: path, packs: path + "-packs"), clock: StillClock(), random: SystemRandom()
    ).run()
    #expect(report.done == [] && report.impossible.count == 1, "\(report)")
  }

  @Test("a damaged section is set aside, its pack stays as it is, and the others go on")
  func damage() async throws {
    let store = try await world.open()
    try await seals(store, 9)
    let file = try File(world.packs + "/4.pack", for: .writing)
    var bytes = try file.read(64, at: 200)
    for index in bytes.indices { bytes[index] ^= 0x55 }
    try file.write(bytes.span, at: 200)
    #expect(try await store.merge() == false)
    #expect(store.sealed.sectionsAside >= 1)
    #expect(try world.files().count == 9)
    #expect(try await store.merge())
    #expect(store.packFolder.catalogue.counts == (2, 8))
    #expect(try world.files().contains("4.pack"))
    let again = try await world.open()
    #expect(again.sealed.sectionsAside == store.sealed.sectionsAside)
    #expect(try await again.ids(of: "acme").count >= 400)
  }

  @Test("killed at any step of seal, merge and unlinking, each event counts once", arguments: 0..<4)
  func kill(seed: Int) async throws {
    let world = world
    let copies = Synchronized<[(String, StoreStep)]>([])
    let store = try await world.open(grace: .zero) { step in
      copies.update { copies in
        let name = "kill\(copies.count).db"
        world.copy(to: name)
        copies.append((name, step))
      }
    }
    try await seals(store, 3)
    let before = try await store.records(of: "acme")
    copies.value = []
    // One pack for each project and window, or all together.
    let numbers = store.packFolder.catalogue.facts(fixed: []).map(\.number).sorted()
    _ = try await store.merge(numbers) { key in
      seed == 1 || seed == 2 && key.project == "beta" || seed == 3 && key.window.code % 2 == 0
    }
    for _ in 0..<3 { _ = try await store.unlinkRetired() }
    _ = try await store.commit(try batch(eventsOfTwoMonths(180..<230)))
    let after = try await store.records(of: "acme")
    _ = try await store.seal()
    let steps = Set(copies.value.map(\.1))
    #expect(steps.isSuperset(of: [.mergeNamed, .mergeFilePublished, .sealNamed, .unlinked]))
    for (name, step) in copies.value {
      let killed = try await world.open(name, grace: .zero)
      let records = try await killed.records(of: "acme")
      let isLate = step.rawValue.hasPrefix("seal")
      #expect(records == (isLate ? after : before), "\(name) at \(step)")
      let again = try await killed.commit(try batch(eventsOfTwoMonths(0..<50)))
      #expect(again.accepted == 0, "\(name) at \(step)")
      // It goes on from there, and once more.
      while try await killed.merge() {}
      _ = try await killed.unlinkRetired()
      let next = try await world.open(name, grace: .zero)
      #expect(next.packTroubles.isEmpty, "\(name) at \(step)")
      #expect(try await next.records(of: "acme") == (isLate ? after : before), "\(step)")
      unsafe _ = system("rm -rf \(world.scratch.path)/\(name)*")
    }
  }

  @Test(
    "with the end of the log lost after any commit, every event is still found", arguments: 0..<3)
  func lostTail(seed: Int) async throws {
    let store = try await world.open(grace: .zero)
    try await seals(store, 7)
    _ = try await store.commit(try batch(eventsOfTwoMonths(420..<470)))
    let before = try await store.records(of: "acme")
    let wal = world.path + "-wal"
    let safe = try #require(try SystemDisk().size(of: wal))
    _ = try await store.seal()
    let numbers = store.packFolder.catalogue.facts(fixed: []).map(\.number).sorted()
    _ = try await store.merge(numbers) { _ in seed == 1 }
    if seed == 2 { _ = try await store.unlinkRetired() }
    var ends = try commitEnds(of: wal)
    if try #require(try SystemDisk().size(of: wal)) >= safe { ends.removeAll { $0 < safe } }
    for (number, end) in ends.enumerated() {
      world.copy(to: "cut\(number).db")
      let cut = world.scratch.path + "/cut\(number).db-wal"
      #expect(unsafe truncate(cut, off_t(end)) == 0)
      let found = try await world.open("cut\(number).db")
      #expect(try await found.records(of: "acme") == before, "cut at \(end)")
      #expect(try await found.commit(try batch(eventsOfTwoMonths(0..<50))).accepted == 0)
    }
    #expect(seed == 2 || ends.count >= 3)
  }

  /// Where each commit of a log ends.
  private func commitEnds(of wal: String) throws -> [Int] {
    let bytes = try SystemDisk().read(wal, count: 1 << 30, at: 0)
    var ends: [Int] = []
    var frame = 32
    while frame + 24 + 4_096 <= bytes.count {
      let size = bytes[frame + 4..<frame + 8].reduce(0) { $0 << 8 | Int($1) }
      frame += 24 + 4_096
      if size > 0 { ends.append(frame) }
    }
    return ends
  }

  @Test(
    "whatever is sealed, merged, lost and started again, each event counts once", arguments: 0..<12)
  func histories(seed: Int) async throws {
    var random = SeededGenerator(seed: UInt64(seed + 70))
    var store = try await world.open(grace: .zero)
    var known: Set<EventID> = []
    var next: UInt64 = 0
    for step in 0..<60 {
      switch Int.random(in: 0..<12, using: &random) {
      case 0, 1, 2: _ = try await store.seal()
      case 3, 4: _ = try await store.mergeSome(&random)
      case 5: _ = try await store.unlinkRetired()
      case 6: store = try await world.open(grace: .zero)
      case 7:
        // A crash between what the catalogue and what the folder says.
        world.scratch.copy("store.db", to: "copy\(step).db")
        if Bool.random(using: &random) { _ = try await store.mergeSome(&random) }
        let (old, new) = (world.packs, world.scratch.path + "/copy\(step).db-packs")
        #expect(unsafe system("rm -rf \(new) && cp -r \(old) \(new)") == 0)
        let copy = try await world.open("copy\(step).db")
        let ids = try await copy.ids(of: "acme")
        #expect(ids.count == known.count && Set(ids) == known, "step \(step)")
        unsafe _ = system("rm -rf \(world.scratch.path)/copy\(step)*")
      default:
        let count = UInt64.random(in: 1...60, using: &random)
        let from =
          next > 20 && Bool.random(using: &random)
          ? UInt64.random(in: 0..<next, using: &random) : next
        let sent = eventsOfTwoMonths(from..<from + count)
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
