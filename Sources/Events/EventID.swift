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
    // Eight digits at a time, from words that overlap where a hyphen stands between them.
    func word(_ place: Int) -> UInt64 { EventRecordView.word(text, at: place).byteSwapped }
    let first = word(0)
    let second = word(9) & ~0xFFFF_FFFF | word(10) & 0xFFFF_FFFF
    let third = word(19) & ~0xFFFF_FFFF | word(20) & 0xFFFF_FFFF
    let fourth = word(28)
    var wrong: UInt64 = 0
    let high = Self.digits(first, &wrong) << 32 | Self.digits(second, &wrong)
    let low = Self.digits(third, &wrong) << 32 | Self.digits(fourth, &wrong)
    guard wrong == 0 else { return nil }
    self.init(high: high, low: low)
  }

  package init?(_ description: String) {
    let bytes = Array(description.utf8)
    self.init(text: bytes.span)
  }

  /// The value of eight hexadecimal digits, the first in the highest byte, found without a branch;
  /// `wrong` keeps bits if one is none.
  @inline(__always)
  private static func digits(_ text: UInt64, _ wrong: inout UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops = ones &* 0x80
    // A byte's top bit shows that it reached a bound; below 0x80 no sum runs into the next byte, and
    // what is not below is wrong by itself.
    let decimal = (text &+ ones &* 0x50) & ~(text &+ ones &* 0x46) & tops
    let lower = text | ones &* 0x20
    let letter = (lower &+ ones &* 0x1F) & ~(lower &+ ones &* 0x19) & tops
    wrong |= (decimal | letter) ^ tops | text & tops
    var value = (text & (ones &* 0x0F)) &+ (letter &>> 7) &* 9
    value = (value | value &>> 4) & 0x00FF_00FF_00FF_00FF
    value = (value | value &>> 8) & 0x0000_FFFF_0000_FFFF
    return (value | value &>> 16) & 0xFFFF_FFFF
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
