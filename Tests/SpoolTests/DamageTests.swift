import Events
import FaultDisk
import Platform
import SQLite
import Testing

@testable import Spool

/// Everything that a damaged spool still gives, and what it says is missing.
struct Remains {
  var found: [Int] = []
  var gapEvents: Int64 = 0
  var hasUnknownGap = false

  init(_ opened: SpoolOpening.Opened, withSealed: Bool = true) throws {
    var rounds = 0
    for batch in try opened.store.sealedBatches() where withSealed {
      try opened.store.requeue([batch.key], events: nil)
    }
    while let work = try opened.store.nextWork(BlockLimit(events: 9, bytes: .max)) {
      rounds += 1
      try #require(rounds < 1000, "it loops")
      switch work.content {
      case .events(let block):
        for index in 0..<block.count {
          let bytes = Array(block.records[block.range(of: index)])
          let value = number(of: bytes)
          #expect(bytes == record(value, size: bytes.count), "an event has changed")
          found.append(value)
        }
      case .gap(let gap):
        if let count = gap.count { gapEvents += count } else { hasUnknownGap = true }
      }
      #expect(try opened.store.seal(work, bytes: [1]))
    }
  }
}

@Suite("Damage") struct DamageTests {
  /// A spool with a backlog, part of it sealed, as a killed process leaves it, its mark up to date.
  static func damaged(seed: UInt64, steps: Int) throws -> (disk: SimulatedDisk, model: Model) {
    let disk = SimulatedDisk()
    var run = Run(seed: seed)
    var opened = try openStore(disk.folder, disk: disk, seed: seed)
    for _ in 0..<steps { try run.step(opened.store) }
    let mark = HighWaterMark(
      epoch: opened.store.epoch, commit: opened.store.commit, wallMilliseconds: 0)
    try disk.write(mark.slot, to: disk.path(SpoolFiles.mark), at: opened.mark.takeOffset())
    opened.store.database.abandon()
    return (disk.afterKill(), run.model)
  }

  /// As the writer does at leisure.
  func salvage(_ opened: inout SpoolOpening.Opened, _ disk: SimulatedDisk) throws {
    for name in opened.salvages {
      let path = disk.path("quarantine/\(name)/spool.db")
      let salvage = Salvage(
        name: name, path: path, fileSystem: disk.databaseFileSystem, store: opened.store)
      while let salvage, try salvage.step(into: opened.store) {}
    }
  }

  @Test("a database set aside gives up its events, once, whatever interrupts", arguments: 0..<10)
  func salvages(seed: Int) throws {
    var random = RandomGenerator(SeededRandom(seed: UInt64(seed)))
    var (disk, model) = try Self.damaged(seed: UInt64(seed) + 500, steps: 30)
    try disk.write([1], to: disk.path(SpoolFiles.unsound), at: 0)
    var isDone = false
    while !isDone {
      let opened = try openStore(disk.folder, disk: disk, seed: UInt64(seed))
      let name = try #require(opened.salvages.first)
      let path = disk.path("quarantine/\(name)/spool.db")
      let salvage = Salvage(
        name: name, path: path, fileSystem: disk.databaseFileSystem, store: opened.store)
      for _ in 0..<Int.random(in: 1...3, using: &random) where !isDone {
        isDone = try salvage?.step(into: opened.store) != true
      }
      opened.store.database.abandon()
      disk = disk.afterKill()
    }
    let opened = try openStore(disk.folder, disk: disk)
    let found = try Remains(opened).found
    #expect(found.count == Set(found).count && Set(found) == Set(model.kept))
    let folder = disk.path("quarantine/" + opened.salvages[0])
    #expect(try disk.names(in: folder).starts(with: ["spool.db"]))
    model.kept = []
  }

  /// Nothing invented, nothing twice, and whatever is missing is told.
  func check(_ disk: SimulatedDisk, _ model: Model, _ comment: Comment) throws {
    var opened = try openStore(disk.folder, disk: disk, seed: 5)
    var remains: Remains
    do {
      remains = try Remains(opened)
    } catch let error as SQLiteError {
      // Damage that shows while it runs: the writer stops and leaves a word for the next start.
      #expect(error.isUnsound, comment)
      opened.store.database.abandon()
      try disk.write([1], to: disk.path(SpoolFiles.unsound), at: 0)
      opened = try openStore(disk.folder, disk: disk, seed: 6)
      let isLost = opened.findings.contains { $0.isDatabaseLost }
      #expect(isLost, comment)
      remains = try Remains(opened)
    }
    try salvage(&opened, disk)
    remains.found += try Remains(opened, withSealed: false).found
    #expect(Set(remains.found).count == remains.found.count, comment)
    // An event whose acknowledgement was cut away comes back; the aggregator knows it.
    let missing = Set(model.kept).subtracting(remains.found)
    if !missing.isEmpty {
      // A loss that no project can be named for waits for the first project.
      let unknown = try opened.store.database.integer(
        "SELECT count(*) FROM gap WHERE count IS NULL")
      let isTold = unknown ?? 0 > 0 || remains.gapEvents >= Int64(missing.count)
      #expect(isTold, comment)
      #expect(remains.gapEvents > 0 || !opened.findings.isEmpty, comment)
    }
    opened.store.database.abandon()
  }

  @Test(
    "a log cut anywhere is noticed: new epoch, a gap, and everything before it", arguments: 0..<4)
  func cutLog(part: Int) throws {
    let (disk, model) = try Self.damaged(seed: UInt64(part), steps: 12)
    let size = disk.bytes("spool.db-wal").count
    let cuts = Array(stride(from: 0, through: size, by: 4120 / 2)) + [size - 1, 33, 31]
    for cut in cuts where cut >= 0 && cut < size {
      let copy = disk.afterKill()
      let untouched = disk.afterKill()
      let before = try openStore(untouched.folder, disk: untouched).store
      copy.cut("spool.db-wal", to: cut)
      let opened = try openStore(copy.folder, disk: copy)
      let isNoticed = opened.findings.contains {
        if case .logCut = $0 { true } else { $0.isDatabaseLost }
      }
      #expect(isNoticed, "cut to \(cut) of \(size)")
      #expect(opened.store.epoch != before.epoch)
      #expect(opened.store.commit > before.commit)
      opened.store.database.abandon()
      before.database.abandon()
      let another = disk.afterKill()
      another.cut("spool.db-wal", to: cut)
      try check(another, model, "cut to \(cut)")
    }
  }

  @Test("one flipped bit in any file: told, salvaged, never a trap or a loop", arguments: 0..<8)
  func bitFlips(part: Int) throws {
    var random = RandomGenerator(SeededRandom(seed: UInt64(part) + 77))
    for round in 0..<25 {
      let (disk, model) = try Self.damaged(seed: UInt64(part * 25 + round), steps: 20)
      let files = ["spool.db", "spool.db-wal", "spool.mark"].filter { !disk.bytes($0).isEmpty }
      for name in files {
        let copy = disk.afterKill()
        let place = Int.random(in: 0..<copy.bytes(name).count, using: &random)
        let bit = Int.random(in: 0..<8, using: &random)
        copy.flip(bit: bit, at: place, of: name)
        try check(copy, model, "\(part * 25 + round): \(name) byte \(place) bit \(bit)")
      }
    }
  }

  @Test("a flipped bit in the kept events costs one event, exactly", arguments: 0..<10)
  func payloadFlips(seed: Int) throws {
    let disk = SimulatedDisk()
    let opened = try openStore(disk.folder, disk: disk)
    let events = request(Array(0..<200), size: 300)
    try opened.store.append([events])
    _ = try opened.store.database.checkpoint(.truncate)
    opened.store.database.abandon()
    let copy = disk.afterKill()
    // A record's filling: eight and more equal bytes.
    let bytes = copy.bytes("spool.db")
    var random = RandomGenerator(SeededRandom(seed: UInt64(seed)))
    let place = try #require(
      bytes.indices.dropFirst(20_000 + Int.random(in: 0..<20_000, using: &random)).first { place in
        place + 16 < bytes.count && bytes[place] != 0
          && bytes[place..<(place + 16)].allSatisfy { $0 == bytes[place] }
      })
    copy.flip(bit: seed % 8, at: place + 8, of: "spool.db")
    let again = try openStore(copy.folder, disk: copy)
    #expect(again.findings == [.chunksDamaged(1)])
    let remains = try Remains(again)
    #expect(remains.found.count == 199 && remains.gapEvents == 1 && !remains.hasUnknownGap)
    #expect(try again.store.database.integer("SELECT count(*) FROM quarantine") == 1)
    #expect(again.store.ledgers[0].events == 199)
  }

  @Test("a page of the database zeroed, swapped or from elsewhere is told of", arguments: 0..<6)
  func pages(part: Int) throws {
    for round in 0..<6 {
      let (disk, model) = try Self.damaged(seed: UInt64(900 + part * 6 + round), steps: 30)
      let store = try openStore(disk.folder, disk: disk)  // Everything into the main file.
      store.store.database.abandon()
      let copy = disk.afterKill()
      let pages = copy.bytes("spool.db").count / 4096
      let page = (part * 7 + round) % pages
      let other = (page + 3) % pages
      let source =
        round % 2 == 0
        ? [UInt8](repeating: 0, count: 4096)
        : Array(copy.bytes("spool.db")[(other * 4096)..<(other * 4096 + 4096)])
      try copy.write(source, to: copy.path("spool.db"), at: page * 4096)
      try check(copy, model, "page \(page) of \(pages), round \(round)")
    }
  }
}
