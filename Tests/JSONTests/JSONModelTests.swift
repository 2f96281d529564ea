import Testing

@testable import JSON

@Suite("JSON against the grammar") struct JSONModelTests {
  @Test("whole or damaged, a document is read as the grammar reads it", arguments: UInt64(0)..<200)
  func agreesWithModel(seed: UInt64) throws {
    var documents = RandomDocument(seed: seed)
    for _ in 0..<20 {
      let document = documents.bytes()
      check(document)
      for _ in 0..<10 { check(documents.mutation(of: document)) }
    }
  }

  private func check(_ bytes: [UInt8]) {
    let expected = ReferenceParser.parse(bytes)
    let value = try? JSONValue(parsing: bytes.span)
    #expect(value == expected, "\(String(decoding: bytes, as: UTF8.self))")
    let withDuplicates = ReferenceParser.parse(bytes, refusesDuplicates: false)
    #expect((verdict(of: bytes) == nil) == (withDuplicates != nil))
    if let value {
      let again = try? JSONValue(parsing: value.bytes.span)
      #expect(again == value)
    }
  }

  @Test("skipping accepts what walking accepts, at any depth bound", arguments: 0..<6)
  func depthBounds(maximumDepth: Int) {
    var documents = RandomDocument(seed: UInt64(maximumDepth))
    for _ in 0..<300 {
      let bytes = documents.bytes(depth: 6)
      let model = ReferenceParser.parse(
        bytes, maximumDepth: maximumDepth, refusesDuplicates: false)
      var skipping = JSONCursor(maximumDepth: maximumDepth)
      var walking = JSONCursor(maximumDepth: maximumDepth)
      let skipped = (try? skipping.finish(bytes.span)) != nil
      let walked = (try? walk(&walking, bytes.span)) != nil
      #expect(skipped == (model != nil))
      #expect(walked == (model != nil))
    }
  }

  /// Reads some of the values and leaves the others to the cursor.
  private func walk(_ cursor: inout JSONCursor, _ bytes: Span<UInt8>) throws {
    var read = 0
    func value(_ cursor: inout JSONCursor) throws {
      read += 1
      guard read % 3 != 0 else { return }
      switch try cursor.peek(bytes) {
      case .object:
        try cursor.enterObject(bytes)
        while try cursor.nextKey(bytes) != nil { try value(&cursor) }
      case .array:
        try cursor.enterArray(bytes)
        while try cursor.nextElement(bytes) { try value(&cursor) }
      case .string: _ = try cursor.text(bytes)
      case .number: _ = try cursor.number(bytes)
      case .true, .false: _ = try cursor.bool(bytes)
      case .null: try cursor.null(bytes)
      }
    }
    try value(&cursor)
    try cursor.finish(bytes)
  }

  @Test("a document cut anywhere ends too early, at the cut", arguments: UInt64(0)..<50)
  func cutAnywhere(seed: UInt64) throws {
    var documents = RandomDocument(seed: seed)
    let document = [UInt8(ascii: "[")] + documents.bytes() + [UInt8(ascii: "]")]
    // Some have a key twice or a number too large; those are refused for that.
    guard ReferenceParser.parse(document) != nil else { return }
    for end in document.indices {
      let cut = Array(document[..<end])
      #expect(verdict(of: cut) == JSONError(.unexpectedEnd, at: end))
      #expect(throws: JSONError(.unexpectedEnd, at: end)) { try JSONValue(parsing: cut.span) }
    }
  }

  @Test(
    "the position behind a skipped value is where the value ends, and nothing before it is read")
  func skippedRange() throws {
    let bytes = Array(#"garbage  {"a":[1,2]}  ,"#.utf8)
    var cursor = JSONCursor(at: 7)
    let range = try cursor.skip(bytes.span)
    #expect(String(decoding: bytes[range], as: UTF8.self) == #"{"a":[1,2]}"#)
    #expect(cursor.position == range.upperBound)
  }

  @Test("a key written with escapes equals its plain form, in length too")
  func escapedKeys() throws {
    let bytes = Array(#"["\u0061bc","abc","abd","ab",""]"#.utf8)
    let span = bytes.span
    var cursor = JSONCursor()
    try cursor.enterArray(span)
    var equal: [Bool] = []
    var empty: [Bool] = []
    while try cursor.nextElement(span) {
      let text = try cursor.text(span)
      equal.append(text.equals("abc", in: span))
      empty.append(text.equals("", in: span))
    }
    #expect(equal == [true, true, false, false, false])
    #expect(empty == [false, false, false, false, true])
  }

  @Test("keys are the same when their bytes are, escaped or not, in small objects and large")
  func duplicateKeys() throws {
    let many = (0..<40).map { #""k\#($0)":\#($0)"# }.joined(separator: ",")
    for text in [
      #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"{"x":{"":1,"":2}}"#, "{\(many),\"k3\":0}",
    ] {
      let bytes = Array(text.utf8)
      let error = #expect(throws: JSONError.self) { try JSONValue(parsing: bytes.span) }
      #expect(error?.code == .duplicateKey)
    }
    let fine = try JSONValue(parsing: "{\(many),\"é\":1,\"e\u{301}\":2}")
    #expect(fine.object?.count == 42)
    #expect(fine["k39"] == 39)
    #expect(fine["e\u{301}"] == 2)
  }
}
