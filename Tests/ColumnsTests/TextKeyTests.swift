import Columns
import Compression
import Platform
import Testing

@Suite("Keys of texts") struct TextKeyTests {
  private static func keys(_ column: EncodedColumn, _ key: TextKey) throws -> [UInt64] {
    let blocks = try TextBlocks(head: column.head.span)
    let decompressor = ZstdDecompressor()
    var keys: [UInt64] = []
    for block in 0..<blocks.head.blockCount {
      let piece = column.piece(ofBlock: block)
      try blocks.appendKeys(ofBlock: block, of: piece.span, decompressor, by: key, to: &keys)
    }
    return keys
  }

  private static func key(_ text: String, _ key: TextKey) -> UInt64 {
    let bytes = Array(text.utf8)
    return key.key(of: bytes.span)
  }

  /// What looks alike: digits at the end, more and fewer than columns pack, dashes out of place.
  private static func text(_ row: Int, _ random: inout RandomGenerator) -> String {
    let hex = TextBlockTests.hex(
      [4, 15, 16, 17, 31, 32, 33, 48].randomElement(using: &random)!, &random)
    switch row % 6 {
    case 0: return hex
    case 1: return "s_" + hex
    case 2: return ["", "u:", "0123456789abcdef"][row % 3] + TextBlockTests.uuid(&random)
    case 3: return hex.uppercased()
    case 4: return String(hex.dropLast()) + "g"
    default: return ["", "a", "anonymous", "-", "🙂"][row % 5]
    }
  }

  @Test("a text has one key, whatever column it is in", arguments: TextBlockTests.kinds)
  func sameInAnyColumn(kind: String) throws {
    let key = TextKey()
    for count in [1, 5, 1_023, 1_024, 2_100] {
      var random = RandomGenerator(SeededRandom(seed: UInt64(count)))
      let texts = (0..<count).map { TextBlockTests.text(kind, $0, &random) }
      let found = try Self.keys(TextBlockTests.encode(texts), key)
      #expect(found == texts.map { Self.key($0, key) })
    }
  }

  @Test("digits have the key of their texts, whatever stands before them", arguments: 0..<20)
  func digits(seed: Int) throws {
    let key = TextKey()
    var random = RandomGenerator(SeededRandom(seed: UInt64(seed)))
    let prefix = ["", "s_", "0123456789abcdef", "x0123456789abcdef", "abc", "fedcba98"][seed % 6]
    let count = [16, 32, 48, 64, 14, 18][seed % 5]
    let texts = (0..<1_500).map { _ in
      prefix + (seed % 7 == 0 ? TextBlockTests.uuid(&random) : TextBlockTests.hex(count, &random))
    }
    let found = try Self.keys(TextBlockTests.encode(texts), key)
    #expect(found == texts.map { Self.key($0, key) })
  }

  @Test("texts that differ have keys that differ, and an empty one has none")
  func different() throws {
    let key = TextKey()
    var random = RandomGenerator(SeededRandom(seed: 3))
    let texts = Array(Set((0..<20_000).map { Self.text($0, &random) }))
    let found = try Self.keys(TextBlockTests.encode(texts), key)
    #expect(found == texts.map { Self.key($0, key) })
    #expect(Set(found).count == texts.count)
    for (text, key) in zip(texts, found) { #expect((key == 0) == text.isEmpty) }
    #expect(Self.key("s_0123456789abcdef", TextKey()) != Self.key("s_0123456789abcdef", key))
  }

  @Test("keys of damaged texts never trap", arguments: ["uuid", "words", "all at once"])
  func damaged(kind: String) {
    var random = RandomGenerator(SeededRandom(seed: 11))
    let texts = (0..<1_500).map { TextBlockTests.text(kind, $0, &random) }
    let key = TextKey()
    TextBlockTests.encode(texts).survivesDamage(seed: 7) { _ = try Self.keys($0, key) }
  }
}
