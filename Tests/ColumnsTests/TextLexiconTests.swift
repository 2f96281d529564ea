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
    var encoder = SectionTextEncoder(ZstdCompressor())
    return encode(texts, &encoder)
  }

  static func encode(_ texts: [String], _ encoder: inout SectionTextEncoder) -> SectionTexts {
    var numberOfText: [String: UInt32] = [:]
    var bytes: [UInt8] = []
    var ends: [Int] = []
    let numbers = texts.map { text in
      if let number = numberOfText[text] { return number }
      numberOfText[text] = UInt32(ends.count)
      bytes += text.utf8
      ends.append(bytes.count)
      return UInt32(ends.count - 1)
    }
    return encoder.encode(numbers.span, ends: ends.span, in: bytes.span)
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

  @Test("columns of one table leave nothing behind for the next") func columnsOfOneTable() throws {
    var encoder = SectionTextEncoder(ZstdCompressor())
    for texts in [["a", "b", "a", "b"], ["b", "c", "d"], ["d", "b", "b", "d", "d", "b"]] {
      guard case .dictionary(let codes, let lexicon) = Self.encode(texts, &encoder) else {
        #expect(texts.count == 3)
        continue
      }
      let sorted = Set(texts).sorted()
      let read = try Self.load(lexicon)
      #expect((0..<read.count).map { read.texts.string(at: $0) } == sorted)
      #expect(try CodeBlockTests.read(codes).map { sorted[Int($0)] } == texts)
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
