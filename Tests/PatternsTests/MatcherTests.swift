import TestSupport
import Testing

@testable import Patterns

@Suite("Matching") struct MatcherTests {
  static let evil = [
    "(a*)*b", "(a|aa)+$", "(a?){30}a{30}b", "a{0,30}a{30}b", "(.*)(.*)(.*)(.*)(.*)x", "(a|a|a|b)*c",
    "[ab]*a[ab]{15}c", "(x+x+)+y", "\\b(\\w*a)*\\b!", "a.*b.*c.*d.*é", "(?i)aaaaaaaaaaaaaaaaaaab",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "baaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "(^|a)*b",
    "(a{0,20}b?){5}!",
  ]

  @Test("costs a bounded number of steps for each byte, whatever the pattern", arguments: evil)
  func isLinear(text: String) throws {
    let pattern = try CompiledPattern(regularExpression: text)
    for letters in ["a", "aab", "é", "any"] {
      func steps(_ count: Int) -> Int {
        let part = Array(letters.utf8)
        var random = SeededGenerator(seed: 1)
        let bytes = (0..<count).map { index in
          letters == "any"
            ? UInt8.random(in: 0x61...0x62, using: &random) : part[index % part.count]
        }
        var matcher = Matcher(pattern)
        _ = matcher.matches(bytes.span)
        return matcher.steps
      }
      let small = steps(1 << 16)
      let large = steps(1 << 20)
      let nodes = pattern.automaton.nodes.count
      #expect(large <= 17 * small + (1 << 18), "\(letters): \(small) \(large)")
      // A byte is walked at most once with the table and once without it.
      #expect(large <= (1 << 20) * (2 * nodes + 8), "\(letters)")
    }
  }

  @Test("is the same whether the table has room or not", arguments: UInt64(0)..<20)
  func simulationAgrees(seed: UInt64) throws {
    // 2^15 states where the table has room for a thousand.
    let pattern = try CompiledPattern(regularExpression: "[ab]*a[ab]{14}c")
    var random = SeededGenerator(seed: seed)
    var matcher = Matcher(pattern)
    for _ in 0..<8 {
      var bytes = (0..<4_000).map { _ in UInt8.random(in: 0x61...0x62, using: &random) }
      let place = Int.random(in: 20..<4_000, using: &random)
      bytes[place] = UInt8(ascii: "c")
      let expected = bytes[place - 15] == UInt8(ascii: "a")
      let wasFound = matcher.matches(bytes.span)
      #expect(wasFound == expected)
    }
    #expect(matcher.stateCount <= StateCache.mostStates)
  }

  static let invalid: [[UInt8]] = [
    [0x80], [0xC3], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF0, 0x9F, 0x98],
    [0xF4, 0x90, 0x80, 0x80], [0xFF, 0xFE], [0xE0, 0x80, 0xAF], [0xC1, 0xA1],
  ]

  @Test("finds no scalar in bytes that are none", arguments: invalid)
  func invalidBytes(bytes: [UInt8]) throws {
    for text in [".", "[^a]", "\\W", "\\S", "(?i)[^k]", "\u{FFFD}", "[\u{80}-\u{10FFFF}]"] {
      let pattern = try CompiledPattern(regularExpression: text)
      #expect(!found(pattern, in: bytes), "\(text)")
    }
    #expect(!found(try CompiledPattern(glob: "?"), in: bytes))
    #expect(!found(try CompiledPattern(regularExpression: "^a.*b$"), in: [0x61] + bytes + [0x62]))
    #expect(found(try CompiledPattern(regularExpression: "b$"), in: bytes + [0x62]))
    #expect(found(try CompiledPattern(glob: "a*b"), in: [0x61] + bytes + [0x62]))
    #expect(found(try CompiledPattern(regularExpression: "^"), in: bytes))
  }

  @Test("never traps on bytes of any kind", arguments: UInt64(0)..<40)
  func randomBytes(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let model = ModelExpression.random(4, &random)
    guard let pattern = try? CompiledPattern(regularExpression: model.pattern) else { return }
    var matcher = Matcher(pattern)
    for _ in 0..<200 {
      let count = Int.random(in: 0...30, using: &random)
      let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      let once = matcher.matches(bytes.span)
      let again = found(pattern, in: bytes)
      #expect(once == again)
    }
  }

  @Test("of many texts is the matching of each")
  func bulk() throws {
    let texts = ["/a", "/blog/x", "", "blog", "/blog/é"].map { Array($0.utf8) }
    let bytes = texts.flatMap { $0 }
    let offsets = texts.reduce(into: [UInt32(0)]) { $0.append($0.last! + UInt32($1.count)) }
    for text in ["^/blog/", "blog", "b?lo", "g$", "[é/]."] {
      let pattern = try CompiledPattern(regularExpression: text)
      var matcher = Matcher(pattern)
      var hits = [Bool](repeating: false, count: texts.count)
      var span = hits.mutableSpan
      matcher.match(bytes.span, offsets: offsets.span, into: &span)
      #expect(hits == texts.map { found(pattern, in: $0) })
    }
  }

  @Test("finds texts as slow comparing does", arguments: UInt64(0)..<60)
  func literals(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<30 {
      func letters(_ range: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: range, using: &random)).map { _ in
          "abz".utf8.randomElement(using: &random)!
        }
      }
      let literal = letters(1...4)
      let text = letters(0...40)
      let search = LiteralSearch(literal)
      var steps = 0
      let expected = (0...text.count).first { text.dropFirst($0).starts(with: literal) }
      let finding = search.find(in: text.span, from: 0, steps: &steps)
      #expect(finding == (expected.map { .at($0) } ?? .absent))
      let name = String(decoding: literal, as: UTF8.self)
      for (pattern, holds) in [
        (name, expected != nil), ("^\(name)", text.starts(with: literal)),
        ("\(name)$", text.reversed().starts(with: literal.reversed())),
        ("^\(name)$", text == literal),
      ] {
        #expect(found(try CompiledPattern(regularExpression: pattern), in: text) == holds)
      }
    }
  }
}
