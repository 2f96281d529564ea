import Platform
import Testing

@testable import Columns

@Suite("Columns of texts") struct TextTests {
  /// The texts back to back, and where each lies.
  static func lay(_ texts: [String]) -> (bytes: [UInt8], places: [TextPlace]) {
    var bytes: [UInt8] = []
    let places = texts.map { text in
      bytes.append(contentsOf: text.utf8)
      return TextPlace(offset: bytes.count - text.utf8.count, count: text.utf8.count)
    }
    return (bytes, places)
  }

  static func roundTrip(_ texts: [String]) throws -> (body: Body, back: [String]) {
    let (source, places) = lay(texts)
    let body = try Body { try TextDictionary.encode(places, in: source.span, into: &$0) }
    let back = try body.decode { reader, bytes in
      var arena = TextArena(limit: 1 << 20)
      try TextDictionary.decode(texts.count, from: &reader, bytes.span, into: &arena)
      return arena.places.indices.map(arena.string)
    }
    return (body, back)
  }

  static let lists: [[String]] = [
    [], [""], ["", "a", "ü", "\u{0}", "日本語", "👩‍👩‍👧"],
    (0..<9).map { "p_00ff00ff00ff00\($0)a" },
    (0..<9).map { "019b8b76-1585-7a30-99f2-e670175ca20\($0)" } + ["other", "x-1"],
    (0..<9).map { "usr-019b8b76-1585-7a30-99f2-e670175ca20\($0)" },
    (0..<9).map { "10.0.\($0).255" } + [
      "10.0.0.256", "01.2.3.4", "1.2.3", "1.2.3.4.5", "2001:db8::1",
    ],
    (0..<30).map { "SKU-000\($0)" }, (0..<30).map { "\($0 * $0 * 1000)" },
    ["-1", "-2", "-3", "-4", "+5", "1e5", "00", "01", "02", "03", "0"],
    (0..<9).map { "999999999999999999\($0)" }, (0..<9).map { "99999999999999999\($0)" },
    (0..<6).map { "A\($0)F" } + (0..<6).map { "ABCDEF0\($0)" },
    (0..<40).map { "shape\($0)-\($0)" },
    (0..<5).map { String(repeating: "x", count: 40) + "\($0)" },
    (0..<5).map { String(repeating: "a", count: 129) + "\($0)" },
    (0..<5).map { String(repeating: "0", count: 128) + "a\($0)" },
    (0..<9).map { "deadbeef0\($0)" } + (0..<9).map { "p_deadbeef0\($0)" } + ["p_deadbeef0"],
  ]

  @Test("texts come back", arguments: lists)
  func roundTrip(texts: [String]) throws {
    let (body, back) = try Self.roundTrip(texts)
    #expect(back == texts)
    body.survivesDamage(seed: 9) { reader, bytes in
      var arena = TextArena(limit: 1 << 16)
      try TextDictionary.decode(texts.count, from: &reader, bytes.span, into: &arena)
      for place in arena.places.indices { _ = arena.string(place) }
    }
  }

  @Test("random texts of every shape come back", arguments: UInt64(0)..<60)
  func randomTexts(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let alphabets = ["0123456789", "0123456789abcdef", "01.", "abc-_ü", "0123456789abcdef-"]
    let prefixes = ["", "p_", "user:", "f"]
    let texts = (0..<60).map { _ in
      let alphabet = Array(alphabets.randomElement(using: &random) ?? "")
      let length = [0, 1, 7, 8, 16, 18, 36].randomElement(using: &random) ?? 0
      return (prefixes.randomElement(using: &random) ?? "")
        + String((0..<length).compactMap { _ in alphabet.randomElement(using: &random) })
    }
    let (_, back) = try Self.roundTrip(texts)
    #expect(back == texts)
  }

  @Test("hexadecimal ids take half their digits, addresses four bytes")
  func sizes() throws {
    let ids = (0..<100).map { "p_00000000ffff00" + ($0 < 10 ? "0" : "") + "\($0)" }
    let (body, _) = try Self.roundTrip(ids)
    #expect(body.dense.count >= 95 * 8)  // A few look like decimals.
    let addresses = (0..<100).map { "10.1.2.\($0)" }
    let (packed, _) = try Self.roundTrip(addresses)
    #expect(packed.dense.count == 400)
    #expect(packed.texts.isEmpty)
  }

  @Test("bytes that are not UTF-8 are refused on both sides")
  func invalidText() {
    let source: [UInt8] = [0x61, 0xFF, 0x62]
    #expect(throws: ColumnProblem.invalidText(at: 0)) {
      try Body { writer in
        try TextDictionary.encode(
          [TextPlace(offset: 0, count: 3)], in: source.span, into: &writer)
      }
    }
    let body = Body { writer in
      writer.codes = [0]
      writer.texts = [0xC3, 0xFF]
    }
    #expect(throws: ColumnProblem.invalidText(at: 1)) {
      try body.decode { reader, bytes in
        var arena = TextArena(limit: 100)
        try TextDictionary.decode(1, from: &reader, bytes.span, into: &arena)
      }
    }
  }

  @Test("texts longer than the batch claims are refused before they are spelled out")
  func limit() throws {
    let (source, places) = Self.lay((0..<9).map { "10.0.\($0).255" })
    let body = try Body { try TextDictionary.encode(places, in: source.span, into: &$0) }
    #expect(throws: ColumnProblem.tooLarge) {
      try body.decode { reader, bytes in
        var arena = TextArena(limit: 40)
        try TextDictionary.decode(9, from: &reader, bytes.span, into: &arena)
      }
    }
  }

  @Test("a column comes back in each mode", arguments: UInt64(0)..<30)
  func columns(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let people = UInt32(5)
    let groups = (0..<150).map { _ in UInt32.random(in: 0..<people, using: &random) }
    let texts = groups.map { "t\($0)\(Int.random(in: 0..<2, using: &random))" }
    var codeOf: [String: UInt32] = [:]
    var distinct: [String] = []
    let codes = texts.map { text in
      if let code = codeOf[text] { return code }
      codeOf[text] = UInt32(distinct.count)
      distinct.append(text)
      return UInt32(distinct.count - 1)
    }
    var last: [UInt32: UInt32] = [:]
    let isCarried = zip(groups, codes).map { group, code in
      defer { last[group] = code }
      return last[group] == code
    }
    let (source, places) = Self.lay(distinct)
    for (mode, content) in [
      (TextColumn.Mode.codes, TextColumn.Content.texts), (.carried, .texts), (.recency, .bytes),
    ] {
      let changes = zip(codes, isCarried).filter { !$0.1 }.map(\.0)
      let body = try Body { writer in
        try TextColumn.encode(
          mode, codes: mode == .carried ? changes : codes,
          isCarried: mode == .carried ? isCarried : [], entries: places, content: content,
          in: source.span, into: &writer)
      }
      let decode = { (reader: inout ColumnReader, bytes: [UInt8]) throws -> [String] in
        var arena = TextArena(limit: 10_000)
        var carry = Carry(groups: Int(people))
        let column = try TextColumn(
          groups: groups.span, content: content, carry: &carry, from: &reader, bytes.span,
          into: &arena)
        #expect(column.dictionary == arena.places.indices)
        return column.entries.map { arena.string(Int($0)) }
      }
      let back = try body.decode(decode)
      #expect(back == texts)
      body.survivesDamage(seed: seed) { reader, bytes in _ = try decode(&reader, bytes) }
    }
  }
}
