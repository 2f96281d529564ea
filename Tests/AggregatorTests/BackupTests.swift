import Batches
import Crypto
import Platform
import TestSupport
import Testing

@testable import Aggregator

@Suite("Backups") struct BackupTests {
  private static func manifest(_ name: String = "20261121T040000.000Z") -> BackupManifest {
    func file(_ name: String) -> BackupManifest.File {
      BackupManifest.File(name: name, bytes: name.utf8.count, digest: sha256(name))
    }
    return BackupManifest(
      name: name, store: StoreID(high: 7, low: 8), incarnation: 1_800_000_000, generation: 9,
      events: 12, began: 1_795_000_000_000, made: 1_795_000_000_500, version: "0.1.0",
      files: [file("store.db"), file("aggregator.key")],
      packs: [BackupManifest.Pack(number: 3, file: file("3-00ff.pack"))], missingPacks: [5])
  }

  @Test("a manifest comes back as it was, and neither cut nor changed anywhere")
  func manifestIsItsOwnChecksum() throws {
    let manifest = Self.manifest()
    let bytes = manifest.encode()
    #expect(try BackupManifest(decoding: bytes) == manifest)
    for end in bytes.indices { #expect(try BackupManifest(decoding: Array(bytes[..<end])) == nil) }
    for place in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[place] ^= 1 << bit
        // The checksum's own digits may change their case, and then say the same.
        let found = try BackupManifest(decoding: damaged)
        #expect(found == nil || found == manifest && place < 80)
      }
    }
  }

  @Test(
    "names lead nowhere else",
    arguments: [
      "", ".", "..", "../x", "a/b", ".hidden", "a\u{0}", "ä", String(repeating: "a", count: 129),
    ])
  func names(name: String) { #expect(!BackupManifest.File.isPlain(name)) }

  @Test("a backup is named by its moment, and names are in the order of time")
  func moments() {
    #expect(BackupShelf.name(at: 1_795_233_618_007) == "20261121T040018.007Z")
    for name in ["20261121T040018.007Z", BackupShelf.name(at: 0)] {
      #expect(BackupShelf.isName(name))
    }
    for name in ["20261121T040018.007Z.partial", "20261121T040018007Z", "packs", "x"] {
      #expect(!BackupShelf.isName(name))
    }
    var last = ""
    for step in Int64(0)..<2_000 {
      let name = BackupShelf.name(at: 1_795_233_618_007 + step * 997)
      #expect(last < name)
      last = name
    }
  }

  @Test("of old backups the manifest goes first, and packs with the last that needs them")
  func retention() throws {
    let scratch = Scratch()
    let shelf = BackupShelf(scratch.path)
    try shelf.packs.create()
    func put(_ name: String, packs: [String], isWhole: Bool = true) throws {
      var manifest = Self.manifest(name)
      manifest = BackupManifest(
        name: name, store: manifest.store, incarnation: 1, generation: 1, events: 0, began: 0,
        made: 0, version: "", files: [],
        packs: packs.map {
          BackupManifest.Pack(
            number: 1, file: BackupManifest.File(name: $0, bytes: 0, digest: sha256("")))
        }, missingPacks: [])
      let folder = shelf.directory.directory(name)
      try folder.create()
      let bytes = manifest.encode()
      if isWhole { try folder.replace(BackupManifest.fileName, with: bytes.span) }
      for pack in packs { try shelf.packs.replace(pack, with: [UInt8]().span) }
    }
    try put("20260101T000000.000Z", packs: ["1-a.pack", "2-b.pack"])
    try put("20260102T000000.000Z", packs: ["2-b.pack", "3-c.pack"])
    try put("20260103T000000.000Z", packs: ["3-c.pack", "4-d.pack"], isWhole: false)
    try put("20260104T000000.000Z", packs: ["3-c.pack"])
    #expect(try shelf.backups().map(\.name).count == 3)
    #expect(try shelf.removeOld(keep: 2) == 1)
    #expect(try shelf.packs.names() == ["2-b.pack", "3-c.pack"])
    #expect(try shelf.removeOld(keep: 1) == 1)
    #expect(try shelf.packs.names() == ["3-c.pack"])
    #expect(try shelf.removeOld(keep: 1) == 0)
    #expect(try BackupVerifier(scratch.path).manifest.name == "20260104T000000.000Z")
  }

  @Test("the schedule waits its time, tries again soon after a failure, and names what it has")
  func schedule() {
    let clock = ManualClock()
    let board = BackupBoard(isScheduled: true, every: .seconds(3_600), clock: clock)
    #expect(board.untilDue == .zero && board.age == nil)
    let number = board.begin()
    #expect(number == 1 && board.begin() == nil)
    board.failed(1, .full("no room"))
    #expect(board.untilDue == .seconds(300))
    clock.advance(milliseconds: 300_000)
    #expect(board.untilDue == .zero && board.begin() == 2)
    let manifest = Self.manifest()
    let now = clock.wallMilliseconds
    board.finished(
      2,
      BackupBoard.Good(
        BackupMaker.Made(
          manifest: BackupManifest(
            name: manifest.name, store: manifest.store, incarnation: 1, generation: 1, events: 0,
            began: now, made: now, version: "", files: [], packs: [], missingPacks: []),
          copiedBytes: 0, removed: 0), path: "/b", nanoseconds: 5))
    #expect(board.untilDue == .seconds(3_600) && board.age == 0)
    #expect(board.current.failure == nil && board.current.failures == 1)
    clock.advance(milliseconds: 3_600_000)
    #expect(board.untilDue == .zero)
  }
}
