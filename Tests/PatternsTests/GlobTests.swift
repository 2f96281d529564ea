import TestSupport
import Testing

@testable import Patterns

@Suite("Globs") struct GlobTests {
  static let cases: [(String, [String], [String])] = [
    ("", [""], ["a"]),
    ("*", ["", "a", "a\nb", "é"], []),
    ("/blog/*", ["/blog/", "/blog/a/b"], ["/blog", "x/blog/"]),
    ("*.pdf", [".pdf", "a.pdf"], ["a.pdfs", "apdf"]),
    ("*shop*", ["shop", "a shop.", "shopshop"], ["sho p"]),
    ("a?c", ["abc", "aéc", "a😀c", "a\nc"], ["ac", "abbc"]),
    ("[a-c]*[!x]", ["ay", "bxz"], ["ax", "a", "dy"]),
    ("[^a]", ["b", "é"], ["a", ""]),
    ("\\*\\[\\]\\\\", ["*[]\\"], ["a"]),
    ("a*b*c", ["abc", "aabbcc", "a-b-c"], ["acb", "ab"]),
    ("e\u{301}", ["e\u{301}"], ["é"]),
    ("a.b", ["a.b"], ["axb"]),
    ("**a**", ["a", "bab"], ["b"]),
  ]

  @Test("fit whole texts", arguments: cases.indices)
  func fit(index: Int) throws {
    let (glob, fitting, others) = Self.cases[index]
    let pattern = try CompiledPattern(glob: glob)
    for text in fitting { #expect(found(pattern, in: Array(text.utf8)), "\(text)") }
    for text in others { #expect(!found(pattern, in: Array(text.utf8)), "\(text)") }
  }

  @Test("say what trying everything says", arguments: UInt64(0)..<100)
  func agreeWithModel(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let alphabet = Array("**??abBéÉ😀".unicodeScalars)
    for _ in 0..<40 {
      let glob = (0..<Int.random(in: 0...7, using: &random)).map { _ in
        alphabet.randomElement(using: &random)!
      }
      let ignoresCase = Bool.random(using: &random)
      let pattern = try CompiledPattern(
        glob: String(String.UnicodeScalarView(glob)), ignoringCase: ignoresCase)
      var matcher = Matcher(pattern)
      for _ in 0..<20 {
        let text = (0..<Int.random(in: 0...7, using: &random)).map { _ in
          alphabet.randomElement(using: &random)!
        }
        let bytes = Array(String(String.UnicodeScalarView(text)).utf8)
        let expected = fits(folded(glob, ignoresCase)[...], folded(text, ignoresCase)[...])
        let wasFound = matcher.matches(bytes.span)
        #expect(wasFound == expected, "\(glob) \(text)")
      }
    }
  }

  private func folded(_ scalars: [Unicode.Scalar], _ ignoresCase: Bool) -> [Unicode.Scalar] {
    ignoresCase ? scalars.map { $0.properties.lowercaseMapping.unicodeScalars.first! } : scalars
  }

  private func fits(
    _ glob: ArraySlice<Unicode.Scalar>, _ text: ArraySlice<Unicode.Scalar>
  ) -> Bool {
    guard let first = glob.first else { return text.isEmpty }
    switch first {
    case "*": return (0...text.count).contains { fits(glob.dropFirst(), text.dropFirst($0)) }
    case "?": return !text.isEmpty && fits(glob.dropFirst(), text.dropFirst())
    default: return text.first == first && fits(glob.dropFirst(), text.dropFirst())
    }
  }

  @Test("are refused where the mistake is")
  func refused() {
    for (glob, mistake, column) in [
      ("a[", .unclosedClass, 2), ("[]", .emptyClass, 2), ("\\", .nothingEscaped, 1),
      ("\\d", .unknownEscape("d"), 1), ("[b-a]", .reversedRange, 2),
    ] as [(String, PatternProblem.Mistake, Int)] {
      #expect(throws: PatternProblem.mistake(mistake, column: column)) {
        try CompiledPattern(glob: glob)
      }
    }
  }
}
