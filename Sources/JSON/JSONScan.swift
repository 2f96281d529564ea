private import CScan

/// The lexical rules of RFC 8259 as functions from a place to the place behind: strict, without
/// memory of their own, and the same for reading a value and for stepping over it.
enum JSONScan {
  /// The first place from `start` on that holds no white space; the end where there is none.
  @inline(__always)
  static func contentStart(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else {
        break
      }
      index &+= 1
    }
    return index
  }

  @inline(__always)
  static func byte(_ bytes: Span<UInt8>, at index: Int) throws(JSONError) -> UInt8 {
    guard index < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
    return bytes[index]
  }

  /// Reads a string's content from behind its opening quote, and answers where the closing one is.
  @inline(__always)
  static func string(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> JSONText {
    let index = plainEnd(bytes, from: start)
    if index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
      return JSONText(range: start..<index, hasEscapes: false)
    }
    return try unusualString(bytes, start, from: index)
  }

  /// Goes on where plain text stopped at something else than the closing quote.
  @inline(never)
  private static func unusualString(
    _ bytes: Span<UInt8>, _ start: Int, from stop: Int
  ) throws(JSONError) -> JSONText {
    var index = stop
    var hasEscapes = false
    while true {
      let byte = try byte(bytes, at: index)
      switch byte {
      case UInt8(ascii: "\""): return JSONText(range: start..<index, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        index = try escape(bytes, at: index).end
      case 0x80...:
        repeat {
          index = try scalarEnd(bytes, from: index)
        } while index < bytes.count
          && bytes[index] >= 0x80
      case 0x00..<0x20: throw JSONError(.controlCharacter, at: index)
      default: break
      }
      index = plainEnd(bytes, from: index)
    }
  }

  @inline(__always)
  private static func plainEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress, start < buffer.count else { return start }
      // SAFETY: `start` is inside the buffer and the scan is told how much is left of it.
      return unsafe start &+ cscan_plain(base + start, buffer.count &- start)
    }
  }

  /// The place behind the scalar whose first byte, 0x80 or above, is at `start`. The bounds of the
  /// second byte are what refuses overlong forms, surrogates and what lies beyond U+10FFFF.
  static func scalarEnd(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> Int {
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch bytes[start] {
    case 0xC2...0xDF: length = 2
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: length = 3
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: length = 4
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: throw JSONError(.invalidUTF8, at: start)
    }
    guard second.contains(try byte(bytes, at: start &+ 1)) else {
      throw JSONError(.invalidUTF8, at: start)
    }
    for index in (start &+ 2)..<(start &+ max(length, 2)) {
      guard try byte(bytes, at: index) & 0xC0 == 0x80 else {
        throw JSONError(.invalidUTF8, at: start)
      }
    }
    return start &+ length
  }

  /// What the escape whose backslash is at `start` stands for, and the place behind it.
  static func escape(
    _ bytes: Span<UInt8>, at start: Int
  ) throws(JSONError) -> (scalar: Unicode.Scalar, end: Int) {
    let simple: Unicode.Scalar
    switch try byte(bytes, at: start &+ 1) {
    case UInt8(ascii: "\""): simple = "\""
    case UInt8(ascii: "\\"): simple = "\\"
    case UInt8(ascii: "/"): simple = "/"
    case UInt8(ascii: "b"): simple = "\u{8}"
    case UInt8(ascii: "f"): simple = "\u{C}"
    case UInt8(ascii: "n"): simple = "\n"
    case UInt8(ascii: "r"): simple = "\r"
    case UInt8(ascii: "t"): simple = "\t"
    case UInt8(ascii: "u"): return try unicodeEscape(bytes, at: start)
    default: throw JSONError(.badEscape, at: start)
    }
    return (simple, start &+ 2)
  }

  private static func unicodeEscape(
    _ bytes: Span<UInt8>, at start: Int
  ) throws(JSONError) -> (scalar: Unicode.Scalar, end: Int) {
    let first = try hexadecimal(bytes, from: start &+ 2, escapeAt: start)
    if let scalar = Unicode.Scalar(first) { return (scalar, start &+ 6) }
    // Half of a pair: the other half must follow, and in this order.
    guard first < 0xDC00, try byte(bytes, at: start &+ 6) == UInt8(ascii: "\\"),
      try byte(bytes, at: start &+ 7) == UInt8(ascii: "u")
    else { throw JSONError(.loneSurrogate, at: start) }
    let second = try hexadecimal(bytes, from: start &+ 8, escapeAt: start &+ 6)
    let pair = 0x10000 &+ ((first & 0x3FF) << 10 | second & 0x3FF)
    guard (0xDC00...0xDFFF).contains(second), let scalar = Unicode.Scalar(pair) else {
      throw JSONError(.loneSurrogate, at: start)
    }
    return (scalar, start &+ 12)
  }

  private static func hexadecimal(
    _ bytes: Span<UInt8>, from start: Int, escapeAt: Int
  ) throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for index in start..<(start &+ 4) {
      let byte = try byte(bytes, at: index)
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte &- UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte &- UInt8(ascii: "a") &+ 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte &- UInt8(ascii: "A") &+ 10
      default: throw JSONError(.badEscape, at: escapeAt)
      }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}
