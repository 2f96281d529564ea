import JSON
import Platform
import Testing

@testable import Events

@Suite("Properties") struct PropertiesTests {
  @Test(
    "the encoding from JSON is the one of the definition, and checks", arguments: UInt64(0)..<300)
  func agreesWithModel(seed: UInt64) throws {
    var random = seeded(seed)
    let model = Model.object(&random, depth: 6)
    let encoded = try encode(model.json(&random))
    #expect(encoded == model.encoded)
    let end = try Properties.endOfObject(checking: encoded.span, from: 0)
    #expect(end == encoded.count)
  }

  @Test("an encoding that is cut anywhere is refused", arguments: UInt64(0)..<40)
  func cut(seed: UInt64) throws {
    var random = seeded(seed)
    let encoded = Model.object(&random, depth: 4).encoded
    for end in 0..<encoded.count {
      let piece = Array(encoded[..<end])
      #expect(throws: Properties.Problem.self) {
        try Properties.endOfObject(checking: piece.span, from: 0)
      }
    }
  }

  @Test("a changed byte is refused, or the encoding is another value's", arguments: UInt64(0)..<60)
  func mutation(seed: UInt64) {
    var random = seeded(seed)
    let encoded = Model.object(&random, depth: 4).encoded
    for _ in 0..<200 {
      var changed = encoded
      let index = Int.random(in: 0..<changed.count, using: &random)
      changed[index] = UInt8(truncatingIfNeeded: random.next())
      let end = try? Properties.endOfObject(checking: changed.span, from: 0)
      if let end { #expect(end <= changed.count) }
    }
  }

  @Test(
    "what is not the shortest, sorted, finite form is refused",
    arguments: [
      ([7, 4, 0, 0, 0, 1, 97, 0], Properties.Problem.truncated(at: 0)),
      ([7, 6, 0, 0, 0, 1, 98, 0, 1, 97, 0], .keyOrder(at: 8)),
      ([7, 6, 0, 0, 0, 1, 97, 0, 1, 97, 0], .keyOrder(at: 8)),
      ([7, 5, 0, 0, 0, 1, 97, 3, 0x80, 0], .number(at: 8)),
      ([7, 4, 0, 0, 0, 1, 97, 5, 1], .truncated(at: 8)),
      ([7, 5, 0, 0, 0, 1, 97, 5, 1, 0xFF], .text(at: 8)),
      ([7, 3, 0, 0, 0, 1, 97, 9], .tag(9, at: 7)),
      ([7, 3, 0, 0, 0, 1, 0xC3, 0], .text(at: 5)),
      ([7, 11, 0, 0, 0, 1, 97, 4, 0, 0, 0, 0, 0, 0, 0xF0, 0x7F], .number(at: 8)),
      ([6, 0, 0, 0, 0], .notAnObject(at: 0)),
      ([], .truncated(at: 0)),
    ])
  func illegal(bytes: [UInt8], problem: Properties.Problem) {
    #expect(throws: problem) { try Properties.endOfObject(checking: bytes.span, from: 0) }
  }

  @Test("a key that appears twice is refused at every level, however it is written")
  func duplicates() {
    #expect(throws: EventProblem.duplicateKey("a")) { try encode(#"{"a":1,"b":2,"a":3}"#) }
    #expect(throws: EventProblem.duplicateKey("a")) { try encode(#"{"a":1,"\u0061":3}"#) }
    #expect(throws: EventProblem.duplicateKey("long_long_key")) {
      try encode(#"{"x":{"y":[{"long_long_key":1,"long_long_kez":0,"long_long_key":3}]}}"#)
    }
    #expect(throws: EventProblem.duplicateKey("")) { try encode(#"{"":1,"":3}"#) }
    let many = (0..<100).map { "\"k\($0)\":1" } + ["\"k7\":2"]
    #expect(throws: EventProblem.duplicateKey("k7")) {
      try encode("{" + many.joined(separator: ",") + "}")
    }
  }

  @Test("keys that differ behind their eighth byte, or by a zero, are two keys")
  func nearlyEqualKeys() throws {
    let members: [(String, Model)] = [
      ("abcdefgh2", .integer(1)), ("abcdefgh1", .integer(2)), ("abcdefgh", .integer(3)),
      ("a\u{0}", .integer(4)), ("a", .integer(5)), ("", .null),
    ]
    var random = seeded(1)
    #expect(try encode(Model.object(members).json(&random)) == Model.object(members).encoded)
  }

  @Test("depth is allowed to its limit and not beyond")
  func depth() throws {
    func nested(_ levels: Int) -> String {
      String(repeating: "{\"a\":", count: levels - 1) + "{}"
        + String(repeating: "}", count: levels - 1)
    }
    let deepest = try encode(nested(EventLimits.propertiesDepth))
    let end = try Properties.endOfObject(checking: deepest.span, from: 0)
    #expect(end == deepest.count)
    #expect(throws: EventProblem.tooDeep) { try encode(nested(EventLimits.propertiesDepth + 1)) }
    var model = Model.object([])
    for _ in 0..<EventLimits.propertiesDepth { model = .object([("a", model)]) }
    let tooDeep = model.encoded
    #expect(throws: Properties.Problem.self) {
      try Properties.endOfObject(checking: tooDeep.span, from: 0)
    }
    let arrays = String(repeating: "[", count: EventLimits.propertiesDepth)
    #expect(throws: EventProblem.tooDeep) { try encode("{\"a\":" + arrays) }
  }

  @Test("properties are counted at every level, to their limit and not beyond")
  func count() throws {
    func members(_ count: Int) -> String {
      (0..<count).map { "\"k\($0)\":{}" }.joined(separator: ",")
    }
    let limit = EventLimits.properties
    _ = try encode("{" + members(limit) + "}")
    _ = try encode("{\"a\":[{" + members(limit - 1) + "}]}")
    #expect(throws: EventProblem.tooManyProperties) { try encode("{" + members(limit + 1) + "}") }
    #expect(throws: EventProblem.tooManyProperties) {
      try encode("{\"a\":[{" + members(limit) + "}]}")
    }
    let most = limit + EventLimits.filledProperties
    let model = Model.object((0..<most).map { ("k\($0)", .null) })
    let legal = model.encoded
    _ = try Properties.endOfObject(checking: legal.span, from: 0)
    let illegal = Model.object((0...most).map { ("k\($0)", .null) }).encoded
    #expect(throws: Properties.Problem.self) {
      try Properties.endOfObject(checking: illegal.span, from: 0)
    }
  }

  @Test("integers are exact to 64 bits, and a number with a point is a double")
  func numbers() throws {
    let model = Model.object([
      ("a", .integer(.max)), ("b", .integer(.min)), ("c", .double(1)),
      ("d", .double(9.223372036854775808e18)),
    ])
    let json =
      #"{"a":9223372036854775807,"b":-9223372036854775808,"c":1.0,"d":9223372036854775808}"#
    #expect(try encode(json) == model.encoded)
    #expect(throws: EventProblem.self) { try encode(#"{"a":1e999}"#) }
  }

  @Test("bytes of any kind are refused or read, and never trap", arguments: UInt64(0)..<50)
  func noise(seed: UInt64) {
    var random = seeded(seed)
    for _ in 0..<300 {
      let count = Int.random(in: 0..<40, using: &random)
      let bytes =
        [7, UInt8(max(count - 5, 0)), 0, 0, 0]
        + (0..<count).map { _ in
          UInt8.random(in: 0..<10, using: &random)
        }
      if let end = try? Properties.endOfObject(checking: bytes.span, from: 0) {
        #expect(end <= bytes.count)
      }
    }
  }
}
