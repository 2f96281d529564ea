import JSON

/// JSON as the RFC's grammar puts it, rule by rule: recursive, slow, and hard to get wrong. Nil means
/// that the bytes are not one document.
struct ReferenceParser {
  private var rest: ArraySlice<UInt8>
  private let maximumDepth: Int
  private let refusesDuplicates: Bool
  private struct Refused: Error {}

  static func parse(
    _ bytes: [UInt8], maximumDepth: Int = 32, refusesDuplicates: Bool = true
  ) -> JSONValue? {
    guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
    var parser = ReferenceParser(
      rest: bytes[...], maximumDepth: maximumDepth, refusesDuplicates: refusesDuplicates)
    guard let value = try? parser.element(depth: 0), parser.rest.isEmpty else { return nil }
    return value
  }

  private mutating func element(depth: Int) throws -> JSONValue {
    whiteSpace()
    let value = try value(depth: depth)
    whiteSpace()
    return value
  }

  private mutating func value(depth: Int) throws -> JSONValue {
    if take("true") { return .bool(true) }
    if take("false") { return .bool(false) }
    if take("null") { return .null }
    if rest.first == UInt8(ascii: "\"") { return .string(try string()) }
    if take("[") {
      guard depth < maximumDepth else { throw Refused() }
      var elements: [JSONValue] = []
      whiteSpace()
      if take("]") { return .array([]) }
      repeat { elements.append(try element(depth: depth + 1)) } while take(",")
      guard take("]") else { throw Refused() }
      return .array(elements)
    }
    if take("{") {
      guard depth < maximumDepth else { throw Refused() }
      var members: [JSONMember] = []
      whiteSpace()
      if take("}") { return .object([]) }
      repeat {
        whiteSpace()
        let key = try string()
        whiteSpace()
        guard take(":") else { throw Refused() }
        if refusesDuplicates, members.contains(where: { Array($0.key.utf8) == Array(key.utf8) }) {
          throw Refused()
        }
        members.append(JSONMember(key, try element(depth: depth + 1)))
      } while take(",")
      guard take("}") else { throw Refused() }
      return .object(members)
    }
    return try number()
  }

  private mutating func number() throws -> JSONValue {
    var text = take("-") ? "-" : ""
    let whole = digits()
    guard !whole.isEmpty, whole == "0" || !whole.hasPrefix("0") else { throw Refused() }
    text += whole
    var isInteger = true
    if take(".") {
      isInteger = false
      let fraction = digits()
      guard !fraction.isEmpty else { throw Refused() }
      text += ".\(fraction)"
    }
    if take("e") || take("E") {
      isInteger = false
      let sign = take("-") ? "-" : take("+") ? "+" : ""
      let exponent = digits()
      guard !exponent.isEmpty else { throw Refused() }
      text += "e\(sign)\(exponent)"
    }
    if isInteger, let value = Int64(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw Refused() }
    return .double(value)
  }

  private mutating func digits() -> String {
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    rest = rest.dropFirst(digits.count)
    return String(decoding: digits, as: UTF8.self)
  }

  private mutating func string() throws -> String {
    guard take("\"") else { throw Refused() }
    var units: [UInt16] = []
    while !take("\"") {
      guard let byte = rest.first, byte >= 0x20 else { throw Refused() }
      if take("\\") {
        units.append(try escape())
      } else {
        let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
        units += String(decoding: rest.prefix(length), as: UTF8.self).utf16
        rest = rest.dropFirst(length)
      }
    }
    guard let text = String(validating: units, as: UTF16.self) else { throw Refused() }
    return text
  }

  private mutating func escape() throws -> UInt16 {
    for (letter, unit) in ["\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{C}"]
    where take(letter) { return unit.utf16.first ?? 0 }
    if take("n") { return 10 }
    if take("r") { return 13 }
    if take("t") { return 9 }
    guard take("u"), rest.count >= 4 else { throw Refused() }
    let digits = String(decoding: rest.prefix(4), as: UTF8.self)
    guard digits.allSatisfy({ $0.isASCII && $0.isHexDigit }), let unit = UInt16(digits, radix: 16)
    else { throw Refused() }
    rest = rest.dropFirst(4)
    return unit
  }

  private mutating func whiteSpace() {
    rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
  }

  private mutating func take(_ text: String) -> Bool {
    guard rest.starts(with: text.utf8) else { return false }
    rest = rest.dropFirst(text.utf8.count)
    return true
  }
}
