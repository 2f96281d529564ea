import Columns
import Compression
import Platform
import Testing

@Suite("Blocks of texts") struct TextBlockTests {
  struct Source {
    var bytes: [UInt8] = []
    var places: [TextPlace] = []

    init(_ texts: [String]) {
      for text in texts {
        places.append(TextPlace(offset: bytes.count, count: text.utf8.count))
        bytes.append(contentsOf: text.utf8)
      }
    }
  }

  static func encode(_ texts: [String]) -> EncodedColumn {
    let source = Source(texts)
    return TextBlocks.encode(source.places.span, in: source.bytes.span, ZstdCompressor())
  }

  static func read(_ column: EncodedColumn) throws -> [String] {
    let blocks = try TextBlocks(head: column.head.span)
    let decompressor = ZstdDecompressor()
    var rows = TextRows()
    for block in 0..<blocks.head.blockCount {
      let piece = column.piece(ofBlock: block)
      try blocks.decode(block, of: piece.span, decompressor, into: &rows)
    }
    return (0..<rows.count).map { rows.string(at: $0) }
  }

  static func hex(_ digits: Int, _ random: inout RandomGenerator) -> String {
    (0..<digits).map { _ in
      String(UInt8.random(in: 0...15, using: &random), radix: 16)
    }.joined()
  }

  static func uuid(_ random: inout RandomGenerator) -> String {
    [8, 4, 4, 4, 12].map { hex($0, &random) }.joined(separator: "-")
  }

  static let kinds = [
    "hex", "HEX", "prefixed hex", "uuid", "UUID", "integers", "padded", "prefixed", "large",
    "words",
    "empty", "mixed case", "all at once",
  ]

  static func text(_ kind: String, _ row: Int, _ random: inout RandomGenerator) -> String {
    switch kind {
    case "hex": hex(32, &random)
    case "HEX": hex(10, &random).uppercased()
    case "prefixed hex": "s_" + hex(14, &random)
    case "uuid": uuid(&random)
    case "UUID": "urn:uuid:" + uuid(&random).uppercased()
    case "integers": "\(row * 7919 % 1_000_003)"
    case "padded": String("00000\(row % 1_000_000)".suffix(6))
    case "prefixed": "page\(row)"
    case "large": "\(random.next())"
    case "words": "\(["/home", "/shop/", "/äöü?q=", ""][row % 4])\(random.next() % 1000)x"
    case "empty": ""
    case "mixed case": row % 2 == 0 ? "aB12cD34" : "Ab12Cd34"
    default:
      switch row % 7 {
      case 0: hex(16, &random)
      case 1: "u-\(row)"
      case 2: uuid(&random)
      case 3: uuid(&random).uppercased()
      case 4: "anonymous"
      case 5: "0\(row)"
      default: "🙂 \(row)"
      }
    }
  }

  @Test("texts come back byte by byte", arguments: kinds)
  func roundTrip(kind: String) throws {
    for count in borderCounts where count <= 5000 {
      var random = RandomGenerator(SeededRandom(seed: UInt64(count)))
      let texts = (0..<count).map { Self.text(kind, $0, &random) }
      let column = Self.encode(texts)
      column.checkPieces()
      let back = try Self.read(column)
      #expect(back == texts)
    }
  }

  @Test("what looks almost like a number comes back too")
  func almost() throws {
    let odd = [
      "0", "00", "007", "7", "-7", "+7", "999999999999999999", "1000000000000000000", "abc", "abcd",
      "ABCD", "aBcd", "g", "123e4567-e89b-12d3-a456-426614174000",
      "123e4567-e89b-12d3-a456-42661417400", "123E4567-e89b-12d3-a456-426614174000",
      "123e4567-e89b-12d3-a456_426614174000", String(repeating: "p", count: 40) + "12", "", "\0",
      String(repeating: "ab", count: 70), "user_1", "user_01", "user_", "user_1 ", "1.5",
    ]
    var random = RandomGenerator(SeededRandom(seed: 8))
    let texts = (0..<3000).map { _ in odd.randomElement(using: &random) ?? "" }
    let back = try Self.read(Self.encode(texts))
    #expect(back == texts)
  }

  @Test("numbers in disguise cost their bits") func sizes() {
    var random = RandomGenerator(SeededRandom(seed: 9))
    let hexes = (0..<10_240).map { _ in "s_" + Self.hex(16, &random) }
    #expect(Self.encode(hexes).byteCount < 10_240 * 8 + 300)
    let uuids = (0..<10_240).map { _ in Self.uuid(&random).uppercased() }
    #expect(Self.encode(uuids).byteCount < 10_240 * 16 + 300)
    let numbers = (0..<10_240).map { _ in "user_\(UInt16.random(in: 1...65_535, using: &random))" }
    #expect(Self.encode(numbers).byteCount < 10_240 * 2 + 400)
  }

  @Test("texts larger than a piece make a piece of one block") func large() throws {
    var random = RandomGenerator(SeededRandom(seed: 10))
    let texts = (0..<2100).map { "\($0) " + Self.hex(401, &random) }
    let column = Self.encode(texts)
    column.checkPieces()
    #expect(column.pieces.count > 1)
    let back = try Self.read(column)
    #expect(back == texts)
  }

  @Test("damaged texts never trap", arguments: ["uuid", "words", "all at once"])
  func damaged(kind: String) {
    var random = RandomGenerator(SeededRandom(seed: 11))
    let texts = (0..<1500).map { Self.text(kind, $0, &random) }
    Self.encode(texts).survivesDamage(seed: 7) { column in _ = try Self.read(column) }
  }
}
