private import CHTTP

/// The inner loops of the parser over lent bytes. Ranges are checked here, once for a run of bytes.
enum Scan {
  /// The first place in `start..<end` whose byte is not part of a token, or `end`.
  @inline(__always)
  static func tokenEnd(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    precondition(0 <= start && start <= end && end <= bytes.count)
    return unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return end }
      // SAFETY: the precondition holds start and end inside the buffer.
      return unsafe chttp_token_end(base, start, end)
    }
  }

  /// The first place of a control byte other than a tab, or `end`.
  @inline(__always)
  static func valueEnd(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    precondition(0 <= start && start <= end && end <= bytes.count)
    return unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return end }
      // SAFETY: as above.
      return unsafe chttp_value_end(base, start, end)
    }
  }

  /// The first place of `?`, `#` or a byte outside printable ASCII, or `end`.
  @inline(__always)
  static func targetEnd(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    precondition(0 <= start && start <= end && end <= bytes.count)
    return unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return end }
      // SAFETY: as above.
      return unsafe chttp_target_end(base, start, end)
    }
  }

  static func lineFeed(in bytes: Span<UInt8>, from start: Int) -> Int? {
    precondition(0 <= start && start <= bytes.count)
    let found = unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return 0 }
      // SAFETY: as above.
      return unsafe chttp_line_feed(base, start, buffer.count)
    }
    return found < bytes.count ? found : nil
  }

  /// The place behind the CR LF at `position`; nil where the bytes end before it is whole.
  @inline(__always)
  static func lineEnd(
    in bytes: Span<UInt8>, at position: Int, to end: Int, otherwise problem: HTTPProblem
  ) throws(HTTPProblem) -> Int? {
    guard position < end else { return nil }
    guard bytes[position] == Byte.carriageReturn else {
      throw bytes[position] == Byte.lineFeed ? .bareLineFeed : problem
    }
    guard position &+ 1 < end else { return nil }
    guard bytes[position &+ 1] == Byte.lineFeed else { throw .bareCarriageReturn }
    return position &+ 2
  }

  /// Which of the fields that frame a message the token at `range` names.
  @inline(__always)
  static func framingField(named range: Range<Int>, in bytes: Span<UInt8>) -> FramingField {
    precondition(0 <= range.lowerBound && range.upperBound <= bytes.count)
    let known = unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return CInt(0) }
      // SAFETY: as above; the callee reads no more than `range.count` bytes.
      return unsafe chttp_known_name(base + range.lowerBound, range.count)
    }
    return FramingField(rawValue: UInt8(truncatingIfNeeded: known)) ?? .other
  }

  /// Whether the bytes at `range` are `text`, ASCII letters compared without their case.
  @inline(__always)
  static func equals(
    _ text: StaticString, ignoringCaseAt range: Range<Int>, in bytes: Span<UInt8>
  ) -> Bool {
    precondition(0 <= range.lowerBound && range.upperBound <= bytes.count)
    guard text.utf8CodeUnitCount == range.count else { return false }
    return unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return true }
      // SAFETY: the range is inside the buffer, and as long as the text.
      return unsafe chttp_equal_folded(base + range.lowerBound, text.utf8Start, range.count) != 0
    }
  }

  /// Whether the bytes at `range` are exactly `text`.
  @inline(__always)
  static func equals(_ text: StaticString, at range: Range<Int>, in bytes: Span<UInt8>) -> Bool {
    precondition(0 <= range.lowerBound && range.upperBound <= bytes.count)
    guard text.utf8CodeUnitCount == range.count else { return false }
    return unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return true }
      // SAFETY: as above.
      return unsafe chttp_equal(base + range.lowerBound, text.utf8Start, range.count) != 0
    }
  }

  @inline(__always)
  static func isToken(_ byte: UInt8) -> Bool {
    unsafe withUnsafePointer(to: byte) { unsafe chttp_token_end($0, 0, 1) == 1 }
  }
}

/// The fields that decide how a message is framed and where it goes; the numbers of `CHTTP.h`.
enum FramingField: UInt8 {
  case other = 0
  case host = 1
  case contentLength = 2
  case transferEncoding = 3
  case connection = 4
  case expect = 5
}

/// The bytes that the grammar names.
enum Byte {
  static let tab: UInt8 = 0x09
  static let lineFeed: UInt8 = 0x0A
  static let carriageReturn: UInt8 = 0x0D
  static let space: UInt8 = 0x20
  static let quote: UInt8 = 0x22
  static let comma: UInt8 = 0x2C
  static let slash: UInt8 = 0x2F
  static let zero: UInt8 = 0x30
  static let colon: UInt8 = 0x3A
  static let semicolon: UInt8 = 0x3B
  static let equals: UInt8 = 0x3D
  static let question: UInt8 = 0x3F
  static let backslash: UInt8 = 0x5C

  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }
  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- zero < 10 }
  @inline(__always)
  static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

  @inline(__always)
  static func hexValue(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte &- zero }
    let letter = (byte | 0x20) &- 0x61
    return letter < 6 ? letter &+ 10 : nil
  }
}
