import Columns
import Compression
import Platform
import Testing

@Suite("Dictionaries of texts") struct TextLexiconTests {
  static func load(_ column: EncodedColumn) throws -> TextLexicon {
    var loader = try TextLexicon.Loader(head: column.head.span)
    let decompressor = ZstdDecompressor()
    for piece in column.pieces { try loader.append(piece.bytes.span, decompressor) }
    return try loader.finish()
  }

  static func encode(_ texts: [String]) -> SectionTexts {
    let source = TextBlockTests.Source(texts)
    return SectionTexts.encode(source.places.span, in: source.bytes.span, ZstdCompressor())
  }

  @Test("codes of a dictionary are the texts", arguments: [2, 100, 1025, 5000, 60_000])
  func roundTrip(distinct: Int) throws {
    var random = RandomGenerator(SeededRandom(seed: UInt64(distinct)))
    let entries = (0..<distinct).map { "/\($0 % 17)/\(random.next() % 1000)/\($0)" }
    let texts = (0..<(distinct * 2)).map { entries[$0 % distinct] }
    guard case .dictionary(let codes, let encoded) = Self.encode(texts) else {
      Issue.record("\(distinct) entries make no dictionary")
      return
    }
    let lexicon = try Self.load(encoded)
    let sorted = entries.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    #expect((0..<lexicon.count).map { lexicon.texts.string(at: $0) } == sorted)
    let back = try CodeBlockTests.read(codes)
    #expect(back.map { sorted[Int($0)] } == texts)
    #expect(Set(lexicon.hashes).count == distinct)
    for (code, text) in sorted.enumerated() where code % 37 == 0 {
      let bytes = Array(text.utf8)
      #expect(lexicon.code(of: bytes.span) == UInt32(code))
      #expect(lexicon.hashes[code] == TextHash.hash(bytes.span))
      let longer = bytes + [0x21]
      #expect(lexicon.code(of: longer.span) == nil)
    }
    for prefix in ["", "/", "/1", "/1/", "/9/9", "/zzz", "0", "/1/\u{7F}"] {
      let bytes = Array(prefix.utf8)
      let range = lexicon.codes(withPrefix: bytes.span)
      #expect(range.count == sorted.count { $0.hasPrefix(prefix) })
      if let first = range.first { #expect(sorted[first].hasPrefix(prefix)) }
    }
  }

  @Test("texts that rarely come again make no dictionary")
  func limits() {
    let few = (0..<1000).map { "\($0 % 501)" }
    guard case .blocks = Self.encode(few) else {
      Issue.record("501 entries for 1,000 values")
      return
    }
    guard case .dictionary = Self.encode((0..<1000).map { "\($0 % 500)" }) else {
      Issue.record("500 entries for 1,000 values")
      return
    }
    let many = (0..<140_000).map { "\($0 % 65_537)" }
    guard case .blocks = Self.encode(many) else {
      Issue.record("65,537 entries")
      return
    }
    guard case .blocks = Self.encode([]), case .blocks = Self.encode(["a"]) else {
      Issue.record("no values")
      return
    }
  }

  @Test("entries that do not ascend are refused", arguments: [["b", "a"], ["a", "a"]])
  func order(texts: [String]) {
    let column = TextBlockTests.encode(texts)
    #expect(throws: BlockProblem.badOrder) { try Self.load(column) }
  }

  @Test("a damaged dictionary never traps") func damaged() {
    let texts = (0..<1500).map { "text number \($0 * $0)" }.sorted {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
    TextBlockTests.encode(texts).survivesDamage(seed: 12) { column in
      _ = try Self.load(column)
    }
  }
}
