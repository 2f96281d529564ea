// Going on behind a value that was refused.

extension JSONError.Code {
  /// Whether the brackets and quotes around the error can still be trusted: the text is written as
  /// JSON is, and only what it stands for is refused. A cut emoji is the usual case.
  package var leavesStructure: Bool {
    switch self {
    case .loneSurrogate, .numberTooLarge, .invalidUTF8, .tooDeep, .duplicateKey: true
    case .unexpectedByte, .unexpectedEnd, .unexpectedKind, .trailing, .controlCharacter,
      .badEscape, .badNumber:
      false
    }
  }
}

extension JSONCursor {
  /// Steps over the value that is due by its brackets and quotes alone, for a reader that has refused
  /// it and wants the next one. Nothing in it is checked.
  package mutating func skipStructure(_ bytes: Span<UInt8>) throws(JSONError) {
    _ = try peek(bytes)
    var index = position
    var open = 0
    while true {
      guard index < bytes.count else { throw JSONError(.unexpectedEnd, at: index) }
      switch bytes[index] {
      case UInt8(ascii: "{"), UInt8(ascii: "["): open += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        // Behind a scalar this closes what is around it.
        if open == 0 { return endValue(at: index) }
        open -= 1
      case UInt8(ascii: "\""): index = try Self.endOfString(bytes, from: index + 1)
      case UInt8(ascii: ",") where open == 0: return endValue(at: index)
      default: break
      }
      index += 1
      if open == 0, index == bytes.count || !Self.isScalar(bytes[index - 1]) {
        return endValue(at: index)
      }
    }
  }

  /// The place of the quote that ends the string.
  private static func endOfString(
    _ bytes: Span<UInt8>, from start: Int
  ) throws(JSONError) -> Int {
    var index = start
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "\"") { return index }
      index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    throw JSONError(.unexpectedEnd, at: bytes.count)
  }

  /// Whether a number or a literal may go on behind this byte.
  private static func isScalar(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: "\""): false
    default: true
    }
  }
}
