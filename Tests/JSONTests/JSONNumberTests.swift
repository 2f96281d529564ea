import TestSupport
import Testing

@testable import JSON

@Suite("JSON numbers") struct JSONNumberTests {
  @Test(
    "integers are exact to 64 bits, everything else is the nearest double",
    arguments: [
      ("0", JSONNumber.integer(0)), ("-0", .integer(0)), ("-1", .integer(-1)),
      ("9007199254740993", .integer(9_007_199_254_740_993)),
      ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
      ("9223372036854775808", .double(0x1p63)), ("-9223372036854775809", .double(-0x1p63)),
      ("18446744073709551616", .double(0x1p64)), ("1.0", .double(1)), ("1e2", .double(100)),
      ("1E+2", .double(100)), ("-0.0", .double(-0.0)), ("0.1", .double(0.1)),
      ("1e-400", .double(0)), ("5e-324", .double(.leastNonzeroMagnitude)),
      ("0e999999999", .double(0)),
      ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)),
      ("9007199254740993.0", .double(9_007_199_254_740_992)),
      ("0.000000000000000000000000000000000000001e39", .double(1)),
      ("2.2250738585072011e-308", .double(Double(bitPattern: 0x000F_FFFF_FFFF_FFFF))),
    ])
  func reads(text: String, number: JSONNumber) throws {
    let bytes = Array(text.utf8)
    var cursor = JSONCursor()
    let read = try cursor.number(bytes.span)
    try cursor.finish(bytes.span)
    #expect(read == number)
    #expect(read.double.sign == number.double.sign)
    #expect(verdict(of: bytes) == nil)
  }

  @Test(
    "what JSON does not write as a number is none, and infinity is no number, read or stepped over",
    arguments: [
      ("01", JSONError(.badNumber, at: 1)), ("-", .init(.unexpectedEnd, at: 1)),
      ("-a", .init(.badNumber, at: 1)), ("+1", .init(.unexpectedByte, at: 0)),
      (".5", .init(.unexpectedByte, at: 0)), ("1.", .init(.unexpectedEnd, at: 2)),
      ("1.e1", .init(.badNumber, at: 2)), ("1e", .init(.unexpectedEnd, at: 2)),
      ("1e+", .init(.unexpectedEnd, at: 3)), ("1ex", .init(.badNumber, at: 2)),
      ("0x10", .init(.trailing, at: 1)), ("1e309", .init(.numberTooLarge, at: 0)),
      ("-1e99999999999999999999", .init(.numberTooLarge, at: 0)),
      ("1.7976931348623159e308", .init(.numberTooLarge, at: 0)),
      ("NaN", .init(.unexpectedByte, at: 0)), ("-Infinity", .init(.badNumber, at: 1)),
    ])
  func refuses(text: String, error: JSONError) {
    let bytes = Array(text.utf8)
    #expect(verdict(of: bytes) == error)
    #expect(throws: JSONError.self) {
      var cursor = JSONCursor()
      _ = try cursor.number(bytes.span)
      try cursor.finish(bytes.span)
    }
  }

  @Test("a million digits are read in time that grows with them")
  func long() {
    let zeros = String(repeating: "0", count: 1_000_000)
    #expect(verdict(of: Array("1\(zeros)".utf8)) == JSONError(.numberTooLarge, at: 0))
    #expect(verdict(of: Array("0.\(zeros)1".utf8)) == nil)
    #expect(verdict(of: Array("1\(zeros)e-1000000".utf8)) == nil)
    #expect(
      verdict(of: Array("0.\(zeros)1e10000000000".utf8)) == JSONError(.numberTooLarge, at: 0))
  }

  @Test("doubles of all sizes are rounded as Swift rounds them", arguments: UInt64(0)..<32)
  func rounding(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let text = randomNumberText(using: &random)
      let bytes = Array(text.utf8)
      let expected = try #require(Double(text))
      var cursor = JSONCursor()
      if expected.isFinite {
        let number = try cursor.number(bytes.span)
        if case .integer(let value) = number {
          #expect(Int64(text) == value)
        } else {
          #expect(number.double.bitPattern == expected.bitPattern, "\(text)")
        }
      } else {
        #expect(throws: JSONError.self) { try cursor.number(bytes.span) }
      }
      #expect((verdict(of: bytes) == nil) == expected.isFinite)
    }
  }
}

func randomNumberText(using random: inout SeededGenerator) -> String {
  func digits(_ count: Int) -> String {
    (0..<count).map { _ in String(Int.random(in: 0...9, using: &random)) }.joined()
  }
  if Int.random(in: 0..<4, using: &random) == 0 {
    let value = Double(bitPattern: random.next())
    if value.isFinite { return value.description }
  }
  var text = Bool.random(using: &random) ? "-" : ""
  let whole = digits(Int.random(in: 0...25, using: &random))
  let significant = String(whole.drop { $0 == "0" })
  text += significant.isEmpty ? "0" : significant
  if Bool.random(using: &random) { text += "." + digits(Int.random(in: 1...25, using: &random)) }
  if Bool.random(using: &random) { text += "e\(Int.random(in: -340...340, using: &random))" }
  return text
}
