/// The identity of an event: a UUIDv7 (RFC 9562), so it carries the time at which it was made, and
/// where a duplicate of it can be is a function of the id alone.
package struct EventID: Hashable, Sendable {
  /// 48 bits of milliseconds, the version, 12 bits of chance or counter.
  package let high: UInt64
  /// The variant and 62 bits of chance.
  package let low: UInt64

  /// The last millisecond that 48 bits hold: a day in the year 10889.
  package static let maximumMilliseconds: Int64 = 1 << 48 - 1
  package static let textByteCount = 36

  /// Nil unless the words carry version 7 and the variant of RFC 9562.
  @inlinable
  package init?(high: UInt64, low: UInt64) {
    guard high & 0xF000 == 0x7000, low >> 62 == 0b10 else { return nil }
    self.high = high
    self.low = low
  }

  /// An id of this time; of `chance` the 12 low bits of the first word and the 62 of the second.
  package init(milliseconds: Int64, chance: (high: UInt64, low: UInt64)) {
    let clamped = UInt64(min(max(milliseconds, 0), Self.maximumMilliseconds))
    high = clamped << 16 | 0x7000 | chance.high & 0xFFF
    low = 0b10 << 62 | chance.low & (1 << 62 - 1)
  }

  /// When the id was made, in milliseconds since 1970.
  @inlinable package var milliseconds: Int64 { Int64(high >> 16) }
}

extension EventID: Comparable {
  /// The order of the bytes, and so of the text, and so of the time.
  @inlinable
  package static func < (left: Self, right: Self) -> Bool {
    left.high != right.high ? left.high < right.high : left.low < right.low
  }
}

// The text form: 8-4-4-4-12 hexadecimal digits.
extension EventID: CustomStringConvertible, LosslessStringConvertible {
  /// Reads exactly the 36 bytes of a UUIDv7's text, in any case. Nil for everything else, so also for
  /// UUIDs of other versions, which are foreign keys to us.
  package init?(text: Span<UInt8>) {
    guard text.count == Self.textByteCount else { return nil }
    guard
      text[8] == UInt8(ascii: "-"), text[13] == UInt8(ascii: "-"), text[18] == UInt8(ascii: "-"),
      text[23] == UInt8(ascii: "-")
    else { return nil }
    var wrong: UInt8 = 0
    var high: UInt64 = 0
    var low: UInt64 = 0
    for index in 0..<8 { high = high << 4 | Self.digit(text[index], &wrong) }
    for index in 9..<13 { high = high << 4 | Self.digit(text[index], &wrong) }
    for index in 14..<18 { high = high << 4 | Self.digit(text[index], &wrong) }
    for index in 19..<23 { low = low << 4 | Self.digit(text[index], &wrong) }
    for index in 24..<36 { low = low << 4 | Self.digit(text[index], &wrong) }
    guard wrong == 0 else { return nil }
    self.init(high: high, low: low)
  }

  package init?(_ description: String) {
    let bytes = Array(description.utf8)
    self.init(text: bytes.span)
  }

  /// The value of a hexadecimal digit, found without a branch; `wrong` keeps a bit if it is none.
  @inline(__always)
  private static func digit(_ byte: UInt8, _ wrong: inout UInt8) -> UInt64 {
    let decimal = byte &- UInt8(ascii: "0")
    let letter = (byte | 0x20) &- UInt8(ascii: "a")
    wrong |= decimal < 10 || letter < 6 ? 0 : 1
    return UInt64(decimal < 10 ? decimal : letter &+ 10)
  }

  package var description: String {
    var bytes: [UInt8] = []
    appendText(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the 36 bytes of the text, in lower case.
  package func appendText(to bytes: inout [UInt8]) {
    var nibbles = (high, low)
    for position in 0..<Self.textByteCount {
      if position == 8 || position == 13 || position == 18 || position == 23 {
        bytes.append(UInt8(ascii: "-"))
        continue
      }
      let nibble = UInt8(truncatingIfNeeded: nibbles.0 >> 60)
      bytes.append(nibble < 10 ? nibble &+ UInt8(ascii: "0") : nibble &+ (UInt8(ascii: "a") - 10))
      nibbles = (nibbles.0 << 4 | nibbles.1 >> 60, nibbles.1 << 4)
    }
  }
}
