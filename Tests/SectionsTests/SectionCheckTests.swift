import Compression
import Events
import Platform
import Testing

@testable import Sections

@Suite("Checks of sections") struct SectionCheckTests {
  private func check(
    _ directory: SectionDirectory, _ extents: [Extent]
  ) throws(SectionProblem) -> Int {
    let section = try Section(
      directory, source: EncodedSection(directory: directory, extents: extents))
    return try SectionCheck(section, of: secret, ZstdDecompressor()).run()
  }

  @Test("a section as it was written is right, also a merged one", arguments: 0..<24)
  func sound(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let count = [1, 2, 40, 1_023, 1_024, 1_025, 3_000][seed % 7]
    let left = try sections(of: randomEvents(count, &random))
    let right = try sections(of: randomEvents(60, &random))
    var rows = 0
    for encoded in left { rows += try check(encoded.directory, encoded.extents) }
    #expect(rows == count)
    let windows = Set((left + right).map(\.directory.window))
    for window in windows {
      var merge = SectionMerge(window: window, secret: secret, seed: 3)
      for encoded in left + right where encoded.directory.window == window {
        try merge.add(try Section(encoded), ZstdDecompressor())
      }
      let merged = try merge.finish(project: "acme")
      #expect(try check(merged.directory, merged.extents) == merged.directory.rowCount)
    }
  }

  @Test("what a section says twice and not alike is found", arguments: 0..<14)
  func lies(kind: Int) throws {
    var random = SeededGenerator(seed: 5)
    let all = try sections(of: randomEvents(3_000, &random))
    let encoded = try #require(all.max { $0.directory.rowCount < $1.directory.rowCount })
    let other = try #require(
      try sections(of: randomEvents(3_000, &random)).max {
        $0.directory.rowCount < $1.directory.rowCount
      })
    var directory = encoded.directory
    let extents = encoded.extents
    let times = directory.times
    let idTimes = directory.idTimes
    switch kind {
    case 0: directory.times = (times.lowerBound - 1)...times.upperBound
    case 1: directory.times = times.lowerBound...(times.upperBound + 1)
    // Wider may be right: ids of strays outlive their rows.
    case 2: directory.idTimes = idTimes.lowerBound...(idTimes.upperBound - 1)
    case 3: directory.headRows.swapAt(0, directory.headRows.count - 1)
    case 4: directory[.rollupCounts] = directory[.rollupCells]
    case 5: directory[.times] = directory[.receipts]
    case 6: directory.identities.swapAt(0, 3)
    case 7: directory.ctxCount -= 1
    case 8: directory.personCount -= 1
    case 9: directory.window = .month(3)
    case 10: directory.identities[0].texts = directory.identities[3].texts
    case 11: directory.idRoot = other.directory.idRoot
    case 12: directory[.ctxRows] = directory.identities[2].changes
    default: directory.firstIDExtent -= 1
    }
    if kind == 6 {
      // Which id is which nothing says twice: both are whole columns.
      #expect(try check(directory, extents) == directory.rowCount)
    } else {
      #expect(throws: SectionProblem.self) { try check(directory, extents) }
    }
  }

  @Test("ids out of order, or a position twice, are found", arguments: 0..<40)
  func ids(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let all = try sections(of: randomEvents(3_000, &random))
    let encoded = try #require(all.max { $0.directory.rowCount < $1.directory.rowCount })
    var extents = encoded.extents
    let root = try {
      let bytes = encoded.directory.idRoot
      return try IDSectionRoot(decoding: bytes.span)
    }()
    let ids = try IDSection(
      root, source: MemoryExtents(Array(extents[encoded.directory.firstIDExtent...])),
      mix: secret.ids)
    // A bit in the head of a page or among the positions, under a checksum that is right.
    let count = seed % 2 == 0 ? 0 : ids.firstPermutationExtent
    let number = encoded.directory.firstIDExtent + count
    let head = [8, 9, 10, 15]
    var bytes = extents[number].withBytes { span in span.indices.map { span[$0] } }
    let place =
      seed % 2 == 0 ? head[seed / 2 % head.count] : Int.random(in: 400..<1_000, using: &random)
    bytes[place] ^= 1 << UInt8(seed % 8)
    extents[number] = Extent(bytes.span)
    #expect(throws: SectionProblem.self) { try check(encoded.directory, extents) }
  }
}
