/// A place in the bytes of a date, for parsers whose fields have fixed widths. Nil is "not that".
struct FieldReader {
  private(set) var position = 0

  @inline(__always)
  func peek(_ bytes: Span<UInt8>) -> UInt8? {
    position < bytes.count ? bytes[position] : nil
  }

  func isAtEnd(of bytes: Span<UInt8>) -> Bool { position == bytes.count }

  /// A number of exactly so many digits.
  @inline(__always)
  mutating func number(digits: Int, _ bytes: Span<UInt8>) -> Int? {
    guard bytes.count - position >= digits else { return nil }
    var value = 0
    for index in position..<(position + digits) {
      let digit = bytes[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value * 10 + Int(digit)
    }
    position += digits
    return value
  }

  /// A number of one to so many digits.
  mutating func number(upTo digits: Int, _ bytes: Span<UInt8>) -> Int? {
    guard var value = number(digits: 1, bytes) else { return nil }
    var rest = digits - 1
    while rest > 0, let digit = number(digits: 1, bytes) {
      value = value * 10 + digit
      rest -= 1
    }
    return value
  }

  @inline(__always)
  mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
    guard peek(bytes) == byte else { return false }
    position += 1
    return true
  }

  mutating func take(_ text: StaticString, _ bytes: Span<UInt8>) -> Bool {
    let count = text.utf8CodeUnitCount
    guard bytes.count - position >= count else { return false }
    // SAFETY: a static string lives for ever, and `index` is below its count.
    for index in 0..<count where unsafe text.utf8Start[index] != bytes[position + index] {
      return false
    }
    position += count
    return true
  }

  /// The index of the one of these texts that comes next.
  mutating func oneOf(_ texts: [StaticString], _ bytes: Span<UInt8>) -> Int? {
    for (index, text) in texts.enumerated() where take(text, bytes) { return index }
    return nil
  }
}
