import Events
import Platform
import Testing

@testable import Sections

@Suite("Ids of many rows") struct IDCursorTests {
  /// Row by row what the section says, through one cursor.
  private static func check(
    _ built: BuiltSection, shelf: KeyShelf, share: Int, seed: UInt64
  ) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let section = try built.section
    var cursor = IDCursor(section, section: 3, shelf)
    for block in stride(from: 0, to: built.ids.count, by: 1_024) {
      let times = Array(built.times[block..<min(block + 1_024, built.times.count)])
      let rows = times.indices.filter { _ in Int.random(in: 0..<share, using: &random) == 0 }
        .map { UInt16($0) }
      try cursor.load(rows.span, ofBlock: block / 1_024, times.span)
      let found = Array(cursor.values.prefix(rows.count))
      #expect(found == rows.map { built.ids[block + Int($0)] })
    }
  }

  @Test(
    "whether few are asked for or all, with room or without, they are those of the rows",
    arguments: [0, 1, 2, 585, 1_024, 1_025, 9_500, 40_000], IDWorld.allCases)
  func agreesWithSection(count: Int, world: IDWorld) throws {
    let ids = world.ids(count, seed: UInt64(count) + 5)
    let built = try BuiltSection(ids, times: ids.map(\.milliseconds))
    for room in [0, 100_000, 1 << 24] {
      for share in [1, 50] {
        try Self.check(built, shelf: KeyShelf(room: room), share: share, seed: UInt64(share))
      }
    }
  }

  @Test("ids made before or after their row's time come back", arguments: UInt64(0)..<6)
  func gapsAreKept(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let ids = IDWorld.strong.ids(20_000, seed: seed)
    let oneIn = [1, 2, 100, 5_000, 10_000, 20_000][Int(seed)]
    let times = ids.map { id in
      guard Int.random(in: 0..<oneIn, using: &random) == 0 else { return id.milliseconds }
      return max(0, id.milliseconds + Int64.random(in: -9_000...9_000, using: &random))
    }
    try Self.check(
      try BuiltSection(ids, times: times), shelf: KeyShelf(room: 1 << 24), share: 1, seed: seed)
  }

  @Test("sections share a shelf, and each gets its own keys")
  func sharing() throws {
    let shelf = KeyShelf(room: 300_000)
    let sections = try (0..<3 as Range<UInt64>).map { seed in
      let ids = IDWorld.strong.ids(15_000, seed: seed)
      return try BuiltSection(ids, times: ids.map(\.milliseconds))
    }
    for _ in 0..<2 {
      for (number, built) in sections.enumerated() {
        let section = try built.section
        var cursor = IDCursor(section, section: number, shelf)
        for block in 0..<(built.ids.count / 1_024) {
          let rows = (0..<1_024 as Range<UInt16>).map { $0 }
          let times = Array(built.times[(block * 1_024)..<(block * 1_024 + 1_024)])
          try cursor.load(rows.span, ofBlock: block, times.span)
          #expect(cursor.values == Array(built.ids[(block * 1_024)..<(block * 1_024 + 1_024)]))
        }
        #expect(shelf.byteCount <= 300_000)
      }
    }
  }

  @Test("a flipped bit or a missing end gives an error or other ids, and never a trap")
  func damage() throws {
    var random = RandomGenerator(SeededRandom(seed: 9))
    let ids = IDWorld.strong.ids(9_000, seed: 4)
    let built = try BuiltSection(ids, times: ids.map(\.milliseconds))
    let rows = (0..<1_024 as Range<UInt16>).map { $0 }
    for _ in 0..<400 {
      var extents = built.extents.extents
      let number = Int.random(in: extents.indices, using: &random)
      var bytes = extents[number].withBytes { bytes in bytes.indices.map { bytes[$0] } }
      if Int.random(in: 0..<4, using: &random) == 0 {
        bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
      } else {
        for _ in 0..<Int.random(in: 1...6, using: &random) {
          bytes[Int.random(in: bytes.indices, using: &random)] ^=
            1 << UInt8.random(in: 0..<8, using: &random)
        }
      }
      extents[number] = Extent(bytes.span)
      let section = try IDSection(built.root, source: MemoryExtents(extents), mix: .example)
      var cursor = IDCursor(section, section: 0, KeyShelf(room: 1 << 24))
      for block in 0..<8 {
        let times = Array(built.times[(block * 1_024)..<(block * 1_024 + 1_024)])
        // Damage is an error, or not seen: the extents' checksums are their source's business.
        try? cursor.load(rows.span, ofBlock: block, times.span)
      }
    }
  }
}
