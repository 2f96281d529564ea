import Batches
import Compression
import Events
import Glibc
import Platform
import SQLite
import Sections
import TestSupport
import Testing

@testable import Store

@Suite("Checks") struct CheckTests {
  let scratch = Scratch()
  var path: String { scratch.path + "/store.db" }
  var packs: String { path + "-packs" }

  private func check(isRunning: Bool = true) -> StoreCheckReport {
    StoreCheck(.init(database: path, packs: packs), isRunning: isRunning).run()
  }

  /// Events of four windows, people and nobody, each id once; every seventh id far from its event.
  private func events(_ numbers: Range<UInt64>) -> [Event] {
    numbers.map { number in
      let cts = 1_800_000_000_000 - Int64(number % 90) * 86_400_000
      var event = event(number, says: "\(number)", name: "name \(number % 5)", cts: cts)
      let far: Int64 = number % 7 == 0 ? 40 * 86_400_000 : 0
      event.id = id(number, milliseconds: cts - far)
      return event
    }
  }

  /// Two packs of two projects, and something hot.
  private func fill(_ store: Store) async throws {
    for (range, project) in [(0..<300 as Range<UInt64>, "acme"), (300..<500, "other")] {
      _ = try await store.commit(try batch(events(range), project: ProjectID(project)))
    }
    _ = try await store.seal()
    _ = try await store.commit(try batch(events(500..<560)))
    _ = try await store.seal()
    _ = try await store.commit(try batch(events(560..<570)))
  }

  private func flip(_ name: String, at place: Int, bit: Int) throws {
    let file = try File(packs + "/" + name, for: .writing)
    var byte = try file.read(1, at: place)
    byte[0] ^= 1 << UInt8(bit)
    try file.write(byte.span, at: place)
  }

  private func run(_ command: String) { #expect(unsafe system(command) == 0) }

  @Test("nothing is wrong with a store that is in order, beside its program and without it")
  func sound() async throws {
    let store = try await openStore(path)
    try await fill(store)
    for isRunning in [true, false] {
      if !isRunning { await store.stop() }
      let report = check(isRunning: isRunning)
      #expect(report.findings == [])
      #expect(report.packs == 2 && report.events == 560 && report.sections > 4)
      #expect(report.batches == 1 && report.batchEvents == 10)
    }
  }

  @Test("a bit that flips anywhere in a pack is found", arguments: 0..<8)
  func flips(seed: Int) async throws {
    let store = try await openStore(path)
    try await fill(store)
    var random = RandomGenerator(SeededRandom(seed: UInt64(seed)))
    let size = try #require(try SystemDisk().size(of: packs + "/1.pack"))
    for turn in 0..<50 {
      // The head and the end are short, and have their own share of the seeds.
      let place =
        switch turn % 5 {
        case 0: Int.random(in: 0..<40, using: &random)
        case 1: Int.random(in: (size - 48)..<size, using: &random)
        default: Int.random(in: 0..<size, using: &random)
        }
      let bit = Int.random(in: 0..<8, using: &random)
      try flip("1.pack", at: place, bit: bit)
      let report = check()
      #expect(report.isDamaged, "byte \(place)")
      let isNamed = report.findings.allSatisfy { finding in
        switch finding.place {
        case .pack(1), .section(pack: 1, number: _): true
        default: false
        }
      }
      #expect(isNamed, "\(report.findings)")
      try flip("1.pack", at: place, bit: bit)
    }
    #expect(check().findings == [])
  }

  @Test(
    "what the scrub finds is set aside for good, and the rest is answered exactly",
    arguments: 0..<100)
  func scrub(seed: Int) async throws {
    let store = try await openStore(path)
    try await fill(store)
    let all = Set(events(0..<300).map(\.id) + events(500..<570).map(\.id))
    #expect(Set(try await store.ids(of: "acme")) == all)
    let pack = try Pack(packs + "/1.pack", cache: ExtentCache(maximumBytes: 1 << 20))
    var random = RandomGenerator(SeededRandom(seed: UInt64(seed)))
    let section = Int.random(in: pack.index.sections.indices, using: &random)
    let place = pack.index.sections[section]
    let stretches = place.extents + [place.directory]
    let stretch = stretches[Int.random(in: stretches.indices, using: &random)]
    let before = Set(try await store.ids(of: "acme"))
    try flip(
      "1.pack", at: stretch.offset + Int.random(in: 0..<stretch.count, using: &random),
      bit: Int.random(in: 0..<8, using: &random))
    await store.scrubNow()
    #expect(store.sealed.sectionsAside == 1)
    #expect(store.missing(of: place.project).count == 1)
    // What is lost are the events of this section, and no others.
    let lost = place.project == "acme" ? place.rowCount : 0
    let left = try await store.ids(of: "acme")
    #expect(left.count == all.count - lost && Set(left).isSubset(of: before))
    // They may come again, and count once; also after a restart.
    let again = try await openStore(path)
    #expect(again.sealed.sectionsAside == 1)
    #expect(Set(try await again.ids(of: "acme")) == Set(left))
    let outcome = try await again.commit(try batch(events(0..<300)))
    #expect(outcome.accepted == lost)
    let whole = try await again.ids(of: "acme")
    #expect(whole.count == all.count && Set(whole) == all)
  }

  @Test("a pack that is cut, missing, exchanged or foreign is named", arguments: 0..<5)
  func packs(kind: Int) async throws {
    let store = try await openStore(path)
    try await fill(store)
    await store.stop()
    switch kind {
    case 0: run("truncate -s -7 \(packs)/1.pack")
    case 1: run("rm \(packs)/1.pack")
    case 2: run("cd \(packs) && mv 1.pack x && mv 2.pack 1.pack && mv x 2.pack")
    case 3: run("truncate -s 10 \(packs)/1.pack")
    default: run("cp \(packs)/2.pack \(packs)/1.pack")
    }
    let report = check(isRunning: false)
    #expect(report.isDamaged)
    #expect(report.findings.contains { $0.place == .pack(1) }, "\(report.findings)")
    if kind == 1 { #expect(report.findings.count == 1 && report.findings[0].events == 500) }
    let again = try await openStore(path)
    #expect(again.packTroubles.contains { $0.number == 1 })
    // What is left is answered, and nothing else is.
    let rest = kind == 2 ? 10 : 70
    #expect(try await again.ids(of: "acme").count == rest)
  }

  @Test("files that belong to nobody are told, and are no damage")
  func strangers() async throws {
    let store = try await openStore(path)
    try await fill(store)
    await store.stop()
    run("echo half > \(packs)/9.pack.tmp && echo other > \(packs)/notes.txt")
    run("mkdir \(packs)/lost+found && cp \(packs)/1.pack \(packs)/lost+found/8.pack")
    let report = check(isRunning: false)
    #expect(!report.isDamaged && report.findings.count == 3, "\(report.findings)")
  }

  @Test("a stored batch whose bytes or row have changed is found", arguments: 0..<24)
  func batches(seed: Int) async throws {
    let store = try await openStore(path)
    try await fill(store)
    await store.stop()
    let changes = [
      "project='acmf'", "received=received+1", "rows=rows+1", "duplicates=x'01'",
      "bytes=substr(bytes,1,length(bytes)-1)", "bytes=x''", "shift=5", "source='x'",
    ]
    let change = changes[seed % changes.count]
    try Database(path: path, configuration: .owner(exclusively: false))
      .execute(script: "UPDATE hot_batch SET \(change)")
    let report = check(isRunning: false)
    #expect(report.findings.count == 1, "\(change): \(report.findings)")
    guard case .batch = report.findings.first?.place else {
      Issue.record("\(report.findings)")
      return
    }
  }

  @Test("a damaged section that a question meets first is set aside for good too")
  func questions() async throws {
    let store = try await openStore(path)
    try await fill(store)
    let again = try await openStore(path)
    let section = try #require(again.hot.existing("acme")?.sealed.first)
    let extent = try #require(section.place.extents.last)
    try flip("1.pack", at: extent.offset, bit: 3)
    let snapshot = try #require(try await again.snapshot(of: "acme"))
    let index = try #require(
      snapshot.sections.firstIndex { $0.rowCount == section.place.rowCount })
    snapshot.tell(.damaged(extent: 1), of: snapshot.sections[index])
    #expect(section.reasonAside != nil)
    #expect(again.missing(of: "acme").count == 1)
    let next = try #require(try await again.snapshot(of: "acme"))
    #expect(next.sections.count == snapshot.sections.count - 1 && next.missing.count == 1)
    // Written down by the store's thread, a moment later.
    for _ in 0..<100 {
      if try count("SELECT count(*) FROM damaged_section", in: path) == 1 { break }
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(try count("SELECT count(*) FROM damaged_section", in: path) == 1)
  }
}
