/// The texts of one pattern, spelled out one after another, digits eight at a time.
struct TextSpelling {
  /// How many texts there were.
  private(set) var index = 0
  let isDecimal: Bool
  private var place: Int
  private let isUUID: Bool
  private let digits: Int
  private let packedCount: Int
  private let prefixCount: Int
  /// The prefix, filled with zeros.
  private let prefix: (UInt64, UInt64, UInt64, UInt64)
  /// What the digit ten is above the character behind nine.
  private let letter: UInt64

  /// Packed digits lie at `place`.
  init(_ pattern: TextPattern, at place: Int) {
    self.place = place
    isDecimal = pattern.kind == .decimal
    isUUID = pattern.kind == .lowerUUID || pattern.kind == .upperUUID
    digits = pattern.digits
    packedCount = pattern.packedCount
    letter = pattern.isUpper ? 0x07 : 0x27
    prefixCount = pattern.prefix.count
    let padding = TextPattern.longestPrefix - prefixCount
    let padded = pattern.prefix + [UInt8](repeating: 0, count: padding)
    let bytes = padded.span
    prefix = (word(bytes, at: 0), word(bytes, at: 8), word(bytes, at: 16), word(bytes, at: 24))
  }

  /// Writes the next text, and says how long it is. Decimals are told their number, other patterns
  /// find their digits in the bytes of their block.
  ///
  /// SAFETY: the target has room for the text, and for 32 bytes.
  @inline(__always)
  mutating func next(
    _ bytes: Span<UInt8>, _ number: Int64, to target: UnsafeMutablePointer<UInt8>
  ) -> Int {
    let start = UnsafeMutableRawPointer(target)
    if prefixCount > 0 { unsafe Self.store(prefix.0, start) }
    if prefixCount > 8 {
      unsafe Self.store(prefix.1, start + 8)
      unsafe Self.store(prefix.2, start + 16)
      unsafe Self.store(prefix.3, start + 24)
    }
    index &+= 1
    let target = unsafe target + prefixCount
    if isDecimal {
      return unsafe prefixCount &+ Self.decimal(number, digits: digits, to: target)
    }
    let packed = bytes.extracting(place..<(place &+ packedCount))
    place &+= packedCount
    if isUUID {
      unsafe Self.uuid(packed, letter, to: target)
      return prefixCount &+ TextPattern.uuidLength
    }
    unsafe Self.hex(packed, letter, to: target)
    return prefixCount &+ digits
  }

  /// 8-4-4-4-12: the bytes 0 … 3, 4 … 7, 8 … 11, 12 … 15, with dashes in between.
  private static func uuid(
    _ bytes: Span<UInt8>, _ letter: UInt64, to target: UnsafeMutablePointer<UInt8>
  ) {
    let target = UnsafeMutableRawPointer(target)
    let second = eight(bytes, at: 4, letter)
    let third = eight(bytes, at: 8, letter)
    // Each store writes over what the one before had too much.
    unsafe store(eight(bytes, at: 0, letter), target)
    unsafe store(0x2D | second &<< 8, target + 8)
    unsafe store(0x2D | second &>> 24 & ~0xFF, target + 13)
    unsafe store(0x2D | third &<< 8, target + 18)
    unsafe store(0x2D | third &>> 24 & ~0xFF, target + 23)
    unsafe store(eight(bytes, at: 12, letter), target + 28)
  }

  private static func hex(
    _ bytes: Span<UInt8>, _ letter: UInt64, to target: UnsafeMutablePointer<UInt8>
  ) {
    var index = 0
    while index &+ 4 <= bytes.count {
      unsafe store(eight(bytes, at: index, letter), UnsafeMutableRawPointer(target + index &* 2))
      index &+= 4
    }
    while index < bytes.count {
      let digits = spelled(UInt64(bytes[index]), letter)
      unsafe target[index &* 2] = UInt8(truncatingIfNeeded: digits)
      unsafe target[index &* 2 &+ 1] = UInt8(truncatingIfNeeded: digits &>> 8)
      index &+= 1
    }
  }

  @inline(__always)
  private static func store(_ digits: UInt64, _ target: UnsafeMutableRawPointer) {
    unsafe target.storeBytes(of: digits.littleEndian, as: UInt64.self)
  }

  @inline(__always)
  private static func eight(_ bytes: Span<UInt8>, at offset: Int, _ letter: UInt64) -> UInt64 {
    spelled(UInt64(truncatingIfNeeded: halfWord(bytes, at: offset)), letter)
  }

  /// The eight digits of four bytes, the first one lowest.
  @inline(__always)
  private static func spelled(_ four: UInt64, _ letter: UInt64) -> UInt64 {
    var bytes = (four | four &<< 16) & 0x0000_FFFF_0000_FFFF
    bytes = (bytes | bytes &<< 8) & 0x00FF_00FF_00FF_00FF
    let nibbles = bytes &>> 4 & 0x000F_000F_000F_000F | (bytes & 0x000F_000F_000F_000F) &<< 8
    let isLetter = (nibbles &+ 0x0606_0606_0606_0606) &>> 4 & 0x0101_0101_0101_0101
    return nibbles &+ 0x3030_3030_3030_3030 &+ isLetter &* letter
  }

  /// The four bytes of eight digits in lower case, the first one lowest; nil of anything else.
  @inline(__always)
  static func packed(_ digits: UInt64) -> UInt64? {
    let letters = digits &>> 6 & 0x0101_0101_0101_0101
    let nibbles = (digits & 0x0F0F_0F0F_0F0F_0F0F) &+ letters &* 9
    let low = nibbles & 0x0F0F_0F0F_0F0F_0F0F
    let pairs = (low &<< 4 | low &>> 8) & 0x00FF_00FF_00FF_00FF
    let halves = (pairs | pairs &>> 8) & 0x0000_FFFF_0000_FFFF
    let four = (halves | halves &>> 16) & 0xFFFF_FFFF
    // Whatever is no digit does not come out again.
    return spelled(four, 0x27) == digits ? four : nil
  }

  /// At least `digits` digits, and at least one.
  private static func decimal(
    _ number: Int64, digits: Int, to target: UnsafeMutablePointer<UInt8>
  ) -> Int {
    var length = max(digits, 1)
    while length < TextPattern.mostDecimals, number >= TextPattern.powers[length] { length &+= 1 }
    var rest = UInt64(bitPattern: number)
    var place = length
    while place > 0 {
      place &-= 1
      unsafe target[place] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
      rest /= 10
    }
    return length
  }
}
