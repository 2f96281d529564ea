import Events
import Platform
import Testing

@testable import Sections

@Suite("Damaged id sections") struct IDDamageTests {
  private func example(_ count: Int = 900) throws -> BuiltSection {
    let ids = IDWorld.strong.ids(count, seed: 9)
    return try BuiltSection(
      ids, times: ids.enumerated().map { $1.milliseconds + ($0 % 50 == 0 ? 1_234 : 0) })
  }

  /// Asks everything of a section; what it answers does not matter, that it does.
  private func exercise(_ section: IDSection, _ built: BuiltSection) throws(SectionProblem) {
    let hits = try section.find(IDBatch(built.ids, mix: .example))
    _ = try section.rows(at: hits.map(\.position))
    for row in stride(from: 0, to: built.ids.count, by: 97) {
      _ = try section.id(ofRow: row, time: built.times[row])
    }
  }

  private func bytes(_ extent: Extent) -> [UInt8] { extent.withBytes { Array($0) } }

  @Test("a root cut anywhere is refused, and one with flipped bits never traps")
  func roots() throws {
    let built = try example()
    var writer = ByteWriter()
    built.root.append(to: &writer)
    let bytes = writer.bytes
    let span = bytes.span
    #expect(try IDSectionRoot(decoding: span) == built.root)
    for end in bytes.indices {
      let cut = Array(bytes[..<end])
      #expect(throws: SectionProblem.self) { try IDSectionRoot(decoding: cut.span) }
    }
    for bit in 0..<(bytes.count * 8) {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      // A root that is refused is what we want; of one that is not, that nothing traps.
      guard let root = try? IDSectionRoot(decoding: flipped.span),
        let section = try? IDSection(root, source: built.extents, mix: .example)
      else { continue }
      guard root.count == built.root.count else { continue }
      try? exercise(section, built)
    }
  }

  @Test("extents cut anywhere or with flipped bits never trap")
  func extents() throws {
    let built = try example()
    for (number, extent) in built.extents.extents.enumerated() {
      let bytes = bytes(extent)
      var random = RandomGenerator(SeededRandom(seed: UInt64(number)))
      func check(_ changed: [UInt8]) throws {
        var extents = built.extents.extents
        extents[number] = Extent(changed.span)
        let section = try IDSection(built.root, source: MemoryExtents(extents), mix: .example)
        try? exercise(section, built)  // An error is as good as an answer here.
      }
      for end in stride(from: 0, to: bytes.count, by: 13) { try check(Array(bytes[..<end])) }
      for bit in 0..<512 {
        var flipped = bytes
        flipped[bit / 8 % bytes.count] ^= 1 << UInt8(bit % 8)
        try check(flipped)
      }
      for _ in 0..<300 {
        var flipped = bytes
        for _ in 0..<3 {
          flipped[Int.random(in: bytes.indices, using: &random)] = UInt8(random.next() & 0xFF)
        }
        try check(flipped)
      }
    }
  }

  @Test("a missing extent is named")
  func missing() throws {
    let built = try example(30_000)
    let section = try IDSection(built.root, source: MemoryExtents(), mix: .example)
    let batch = IDBatch([built.ids[0]], mix: .example)
    #expect(throws: SectionProblem.self) { try section.find(batch) }
    #expect(throws: SectionProblem.unreadable(extent: section.firstPermutationExtent)) {
      try section.rows(at: [5])
    }
  }

  @Test("another project's mix is refused")
  func foreign() throws {
    let built = try example(10)
    #expect(throws: SectionProblem.foreignSecret) {
      try IDSection(built.root, source: built.extents, mix: IDMix(secret: (1, 2)))
    }
  }
}
