import Testing

@testable import Query

@Suite("Property paths") struct PropertyPathTests {
  @Test("a path comes back from its text, whatever its keys are", arguments: UInt64(0)..<50)
  func roundTrip(seed: UInt64) throws {
    var random = seeded(seed)
    let scalars: [Unicode.Scalar] = ["a", ".", "\\", "é", "\u{301}", " ", "$", "\u{0}"]
    let keys = (0..<Int.random(in: 1...4, using: &random)).map { _ in
      var key = ""
      for _ in 0..<Int.random(in: 0...5, using: &random) {
        key.unicodeScalars.append(scalars.randomElement(using: &random) ?? "a")
      }
      return key
    }
    for root in PropertyPath.Root.allCases {
      let path = try PropertyPath(root, keys)
      let read = try PropertyPath(path.description)
      #expect(read == path)
      #expect(read.description == path.description)
    }
  }

  @Test("every field is a path", arguments: EventField.allCases)
  func fields(field: EventField) throws {
    #expect(try PropertyPath(field.rawValue) == PropertyPath(field))
    #expect(PropertyPath(field).description == field.rawValue)
  }

  @Test(
    "what names no place is refused",
    arguments: ["", "props", "profile", "prop.a", "Name", "name.a", ".", "props.a\\", "ctx.\\n"])
  func refused(text: String) {
    #expect(throws: QuestionProblem.path(text)) { try PropertyPath(text) }
  }

  @Test("keys are the same when their bytes are")
  func bytes() throws {
    #expect(try PropertyPath("props.é") != PropertyPath("props.e\u{301}"))
    #expect(try PropertyPath("props.a.b") != PropertyPath("props.a\\.b"))
    #expect(try PropertyPath("props.a") != PropertyPath("ctx.a"))
  }

  @Test("a path has limits")
  func limits() throws {
    let longest = String(repeating: "k", count: PropertyPath.maximumBytes)
    _ = try PropertyPath(.props, [longest])
    #expect(throws: QuestionProblem.tooMany("bytes in a path", limit: 1_024)) {
      try PropertyPath(.props, [longest + "k"])
    }
    let deepest = [String](repeating: "k", count: PropertyPath.maximumKeys)
    _ = try PropertyPath(.props, deepest)
    #expect(throws: QuestionProblem.tooMany("keys in a path", limit: 15)) {
      try PropertyPath(.props, deepest + ["k"])
    }
    #expect(throws: QuestionProblem.path("props without a key")) { try PropertyPath(.props, []) }
  }

  @Test("what visits tell has paths of its own, and no others")
  func visits() throws {
    for part in VisitPart.allCases {
      let path = try PropertyPath("visit.\(part.rawValue)")
      #expect(path == PropertyPath(visit: part))
      #expect(try PropertyPath(path.description) == path)
    }
    for text in ["visit", "visit.", "visit.country", "visit.browser.name", "visit.Browser"] {
      #expect(throws: QuestionProblem.self) { try PropertyPath(text) }
    }
  }

  @Test(
    "a referrer's host is compared as it is called",
    arguments: [
      ("https://www.Example.org/x?y#z", "example.org"), ("http://u:p@a.example:8080/", "a.example"),
      ("//x.example?q", "x.example"), ("android-app://com.example", "com.example"),
      ("https://[::1]:80/", "[::1]"), ("http://a@b@c.example/@d", "c.example"), ("x", nil),
      ("", nil), ("/", nil), ("https://", nil), ("https:///x", nil), ("https://www.", nil),
      ("https://é.example", nil), ("a b://c", nil),
    ] as [(String, String?)])
  func referrerHosts(text: String, host: String?) {
    let bytes = Array(text.utf8)
    #expect(VisitPart.referrerHost.text(from: bytes.span) == host)
  }
}
