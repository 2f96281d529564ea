import Testing

@testable import JSON

@Suite("Going on behind a refused value") struct RecoveryTests {
  @Test(
    "a value is stepped over by its structure, whatever is in it",
    arguments: [
      "{}", "[]", "{\"a\":[{\"b\":\"}]\"}]}", "\"\\ud800\"", "\"\\\"\"", "1e999", "{\"a\":1e999}",
      "[\"\\ud83d\",[[]]]", "true", "-0.5", "\"\"",
    ])
  func steps(value: String) throws {
    for (before, behind) in [("[", "]"), ("[", " , 7]"), ("[", ",7]")] {
      let bytes = Array((before + value + behind).utf8)
      var cursor = JSONCursor()
      try cursor.enterArray(bytes.span)
      let has = try cursor.nextElement(bytes.span)
      #expect(has)
      try cursor.skipStructure(bytes.span)
      #expect(cursor.position <= before.utf8.count + value.utf8.count + 1)
      let more = try cursor.nextElement(bytes.span)
      #expect(more == behind.contains("7"))
      if more {
        let seven = try cursor.number(bytes.span)
        #expect(seven == .integer(7))
        _ = try cursor.nextElement(bytes.span)
      }
      try cursor.finish(bytes.span)
    }
  }

  @Test("a value that does not end is an early end, at every cut")
  func cut() {
    let text = Array(#"{"a":[{"b":"}]\""},"\ud800"]}"#.utf8)
    for end in 0..<text.count {
      let bytes = Array(text[..<end])
      #expect(throws: JSONError.self) {
        var cursor = JSONCursor()
        try cursor.skipStructure(bytes.span)
      }
    }
  }
}
