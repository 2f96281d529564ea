import Testing

@testable import JSON

@Suite("JSON cursor") struct JSONCursorTests {
  @Test("a document is walked key by key, and what nobody read is stepped over")
  func walk() throws {
    let bytes = Array(
      #" { "a" : 1, "\u0062" : [true, null, {"x": []}], "c": "\n", "d": 2.5 } "#.utf8)
    let span = bytes.span
    var cursor = JSONCursor()
    try cursor.enterObject(span)
    var keys: [String] = []
    var numbers: [JSONNumber] = []
    var kinds: [JSONKind] = []
    while let key = try cursor.nextKey(span) {
      keys.append(key.string(in: span))
      kinds.append(try cursor.peek(span))
      if key.equals("a", in: span) || key.equals("d", in: span) {
        numbers.append(try cursor.number(span))
      } else if key.equals("b", in: span) {
        try cursor.enterArray(span)
        var elements = 0
        while try cursor.nextElement(span) { elements += 1 }
        #expect(elements == 3)
      }
    }
    try cursor.finish(span)
    #expect(keys == ["a", "b", "c", "d"])
    #expect(kinds == [.number, .array, .string, .number])
    #expect(numbers == [.integer(1), .double(2.5)])
  }

  @Test("values come out as they are, and a kind that was not expected is refused")
  func values() throws {
    let bytes = Array(#"[true,false,null,-7,"ü\ud83d\ude00"]"#.utf8)
    let span = bytes.span
    var cursor = JSONCursor()
    try cursor.enterArray(span)
    _ = try cursor.nextElement(span)
    let yes = try cursor.bool(span)
    _ = try cursor.nextElement(span)
    let no = try cursor.bool(span)
    _ = try cursor.nextElement(span)
    try cursor.null(span)
    _ = try cursor.nextElement(span)
    let number = try cursor.number(span)
    _ = try cursor.nextElement(span)
    var early = cursor
    let text = try cursor.text(span)
    let more = try cursor.nextElement(span)
    try cursor.finish(span)
    #expect(yes && !no && !more)
    #expect(number == .integer(-7))
    let string = text.string(in: span)
    let count = text.utf8Count(in: span)
    #expect(string == "ü😀")
    #expect(count == 6)
    #expect(throws: JSONError(.unexpectedKind, at: 20)) { try early.number(bytes.span) }
  }

  @Test("the depth has a bound, and brackets beyond it cost nothing")
  func depth() {
    for (depth, isFine) in [(1, true), (32, true), (33, false), (1_000_000, false)] {
      for (open, close) in [("[", "]"), (#"{"":"#, "}")] {
        let inner = open == "[" ? "" : "1"
        let text = String(repeating: open, count: depth) + inner
        let bytes = Array((text + String(repeating: close, count: depth)).utf8)
        #expect((verdict(of: bytes) == nil) == isFine)
      }
    }
  }
}

/// What is wrong with a document, if anything.
func verdict(of bytes: [UInt8]) -> JSONError? {
  var cursor = JSONCursor()
  do throws(JSONError) {
    try cursor.finish(bytes.span)
    return nil
  } catch { return error }
}
