extension JSONCursor {
  /// Reads a string: the answer is a place, see `JSONText` for its content.
  package mutating func text(_ bytes: Span<UInt8>) throws(JSONError) -> JSONText {
    guard try startValue(bytes) == UInt8(ascii: "\"") else { throw wrongKind(bytes) }
    let text = try JSONScan.string(bytes, from: position &+ 1)
    endValue(at: text.range.upperBound &+ 1)
    return text
  }

  package mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> JSONNumber {
    let first = try startValue(bytes)
    guard first == UInt8(ascii: "-") || JSONScan.isDigit(first) else { throw wrongKind(bytes) }
    let shape = try JSONScan.shape(bytes, from: position)
    let value = try shape.value(bytes, from: position)
    endValue(at: shape.end)
    return value
  }

  package mutating func bool(_ bytes: Span<UInt8>) throws(JSONError) -> Bool {
    let first = try startValue(bytes)
    guard first == UInt8(ascii: "t") || first == UInt8(ascii: "f") else { throw wrongKind(bytes) }
    endValue(at: try JSONScan.literal(bytes, from: position))
    return first == UInt8(ascii: "t")
  }

  package mutating func null(_ bytes: Span<UInt8>) throws(JSONError) {
    guard try startValue(bytes) == UInt8(ascii: "n") else { throw wrongKind(bytes) }
    endValue(at: try JSONScan.literal(bytes, from: position))
  }
}
