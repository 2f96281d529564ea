import Testing

@testable import JSON

@Suite("JSON5") struct JSON5Tests {
  @Test("a configuration with everything JSON5 allows is read, and every node knows its place")
  func everything() throws {
    let text = """
      // a comment
      {
        listeners: [
          { address: '127.0.0.1', port: 0x1F90, },  /* the first
             and only */
        ],
        'single "quoted"': "it's\\
       long",
        $ümlaut_1: +.5, half: 5., minus: -12, "json": [1e3, true, false, null,],
        \\u0061bc: '\\x41\\v\\0\\'\\q\\u00e9',
      }
      """
    let node = try JSON5Parser.parse(text)
    #expect(
      node.value == [
        "listeners": [["address": "127.0.0.1", "port": 8080]],
        "single \"quoted\"": "it's long", "$ümlaut_1": 0.5, "half": 5.0, "minus": -12,
        "json": [1000.0, true, false, nil], "abc": "A\u{B}\0'qé",
      ])
    #expect(node.position == TextPosition(line: 2, column: 1))
    #expect(node.path.isEmpty)
    guard case .array(let listeners) = node["listeners"]?.content else {
      Issue.record("no listeners")
      return
    }
    let port = try #require(listeners.first?["port"])
    #expect(port.position == TextPosition(line: 4, column: 35))
    #expect(port.path == "listeners[0].port")
    guard case .object(let members) = node.content else { return }
    #expect(members.map(\.position.line) == [3, 7, 9, 9, 9, 9, 10])
    #expect(members[3].position.column == 19)
  }

  @Test(
    "an error says where and what",
    arguments: [
      ("", "1:1: the text is empty"),
      ("{\n  a: 1,\n  b: tru\n}", "3:6: text wants quotes: \"tru\""),
      ("{\r\n  a: 1\r\n  b: 2\r\n}", "3:3: a comma or \"}\" is missing"),
      ("{a: 1, 'ü': {\n\ta: 1, a: 2}}", "2:8: the key \"a\" stands twice in one object"),
      ("{a 1}", "1:4: a colon is missing behind the key \"a\""),
      ("{a:\n", "2:1: a value is missing: the text ends"),
      ("{a:1", "1:1: this object is never closed"),
      ("[1,\n [2,", "2:2: this array is never closed"),
      ("[,]", "1:2: a value is missing before the comma"),
      ("[1,,]", "1:4: a value is missing before the comma"),
      ("{,}", "1:2: a comma with nothing before it"),
      ("{a-b: 1}", "1:3: a colon is missing behind the key \"a\""),
      ("{1a: 1}", "1:2: a key is expected here: a name, or anything in quotes"),
      ("'ab\ncd'", "1:4: the line ends inside a string: close it, or end the line with \\"),
      ("'abc", "1:1: this string is never closed"), ("/* x", "1:1: this comment is never closed"),
      ("1 / 2", "1:3: a single \"/\" begins nothing: comments are // and /* */"),
      ("{a: Infinity}", "1:5: Infinity is no value for a setting"),
      ("{a: -Infinity}", "1:5: Infinity is no value for a setting"),
      ("{a: NaN}", "1:5: NaN is no value for a setting"), ("012", "1:1: not a number"),
      ("1.2.3", "1:1: not a number"), (".", "1:1: not a number"), ("+", "1:1: not a number"),
      ("12ab", "1:1: not a number"), ("1e999", "1:1: a number too large for a double"),
      ("0x", "1:1: not a hexadecimal number of 64 bits"),
      ("0x8000000000000000", "1:1: not a hexadecimal number of 64 bits"),
      ("'\\x4'", "1:2: \\x wants two hexadecimal digits"),
      ("'\\01'", "1:2: \\ before a digit: only \\0 exists, with no digit behind it"),
      ("'\\ud800'", "1:2: half of a surrogate pair"),
      ("1 2", "1:3: something follows the value that the text is"),
      (String(repeating: "[", count: 40), "1:33: nested more than 32 deep"),
    ])
  func errors(text: String, message: String) {
    let error = #expect(throws: JSON5Error.self) { try JSON5Parser.parse(text) }
    #expect(error?.description == message)
  }

  @Test("text that is not UTF-8 is refused where it stops being it")
  func notUTF8() {
    let bytes = Array("{a: 'ü',\n b: '".utf8) + [0xED, 0xA0, 0x80]
    let error = #expect(throws: JSON5Error.self) { try JSON5Parser.parse(bytes.span) }
    #expect(error?.description == "2:6: not UTF-8")
  }

  @Test(
    "numbers are integers where they are written as such and fit",
    arguments: [
      ("+1", JSONValue.integer(1)), ("-0x10", .integer(-16)), ("0XfF", .integer(255)),
      ("-0x8000000000000000", .integer(.min)), ("1.", .double(1)), (".5e1", .double(5)),
      ("5.e1", .double(50)), ("1E+2", .double(100)), ("-.5", .double(-0.5)),
      ("9223372036854775808", .double(0x1p63)), ("0", .integer(0)), ("-0.", .double(-0.0)),
    ])
  func numbers(text: String, value: JSONValue) throws {
    #expect(try JSON5Parser.parse(text).value == value)
  }

  @Test("every JSON document is JSON5 and means the same", arguments: UInt64(0)..<60)
  func includesJSON(seed: UInt64) {
    var documents = RandomDocument(seed: seed)
    for _ in 0..<20 {
      let bytes = documents.bytes()
      guard let expected = try? JSONValue(parsing: bytes.span) else { continue }
      let value = (try? JSON5Parser.parse(bytes.span))?.value
      #expect(value == expected)
    }
  }

  @Test("damaged text is refused or read, and never more than that", arguments: UInt64(0)..<60)
  func damaged(seed: UInt64) {
    var documents = RandomDocument(seed: seed)
    let text = "{a:'b\\\n',/* c */ d: [+.5, 0xF, 5.,], // e\n 'f': \"\\x41\u{2028}\", $: 1,\u{A0}}"
    for _ in 0..<100 {
      let bytes = documents.mutation(of: Array(text.utf8))
      if let value = (try? JSON5Parser.parse(bytes.span))?.value {
        let again = try? JSONValue(parsing: value.bytes.span)
        #expect(again == value)
      }
    }
    for end in 0..<text.utf8.count {
      let bytes = Array(text.utf8.prefix(end))
      let node = try? JSON5Parser.parse(bytes.span)
      #expect(node == nil)
    }
  }
}
