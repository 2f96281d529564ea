/// Texts that are numbers in disguise: a prefix, then digits that pack to half their size or less.
struct TextShape: Equatable {
  enum Kind: UInt8 {
    /// `digits` lower-case hexadecimal digits, an even number.
    case hex = 1
    /// 8-4-4-4-12 lower-case hexadecimal digits.
    case uuid = 2
    /// Four decimal bytes with dots between, no prefix.
    case address = 3
    /// Decimal digits: `digits` of them, or as many as the number needs where that is zero.
    case decimal = 4
  }
  var kind: Kind
  var prefix: TextPlace
  var digits: UInt8

  static let longestPrefix = 32
  static let mostDigits = 18
  static let mostHexDigits = 128
  static let uuidLength = 36

  /// The dense bytes of one entry; decimals are an integer column instead.
  var packedCount: Int {
    switch kind {
    case .hex: Int(digits) / 2
    case .uuid: 16
    case .address: 4
    case .decimal: 0
    }
  }

  /// The longest text that an entry may unfold to.
  var longestText: Int {
    let digits =
      switch kind {
      case .hex: Int(digits)
      case .uuid: Self.uuidLength
      case .address: 15
      case .decimal: Self.mostDigits
      }
    return Int(prefix.count) + digits
  }
}

extension TextShape {
  /// The shape of a text, if it has one that gives back exactly these bytes.
  init?(of place: TextPlace, in source: Span<UInt8>) {
    let text = source.extracting(place.range)
    guard let last = text.indices.last else { return nil }
    let end = Self.nibble(text[last])
    guard end < 16 else { return nil }
    if Self.isAddress(text) {
      self.init(kind: .address, prefix: TextPlace(offset: 0, count: 0), digits: 0)
      return
    }
    if text.count >= Self.uuidLength, Self.isUUID(text.extracting(last: Self.uuidLength)) {
      self.init(kind: .uuid, place, text.count - Self.uuidLength, 0)
    } else {
      var hexDigits = 0
      var decimalDigits = 0
      var onlyDecimal = true
      while hexDigits < text.count, Self.nibble(text[last &- hexDigits]) < 16 {
        onlyDecimal = onlyDecimal && Self.nibble(text[last &- hexDigits]) < 10
        hexDigits &+= 1
        if onlyDecimal { decimalDigits = hexDigits }
      }
      if decimalDigits == hexDigits, decimalDigits <= Self.mostDigits {
        let leadingZero = text[text.count - decimalDigits] == 0x30 && decimalDigits > 1
        self.init(
          kind: .decimal, place, text.count - decimalDigits,
          leadingZero ? UInt8(decimalDigits) : 0)
      } else if hexDigits >= 8, hexDigits & 1 == 0, hexDigits <= Self.mostHexDigits {
        self.init(kind: .hex, place, text.count - hexDigits, UInt8(hexDigits))
      } else {
        return nil
      }
    }
    guard prefix.count <= Self.longestPrefix else { return nil }
  }

  private init(kind: Kind, _ place: TextPlace, _ prefixCount: Int, _ digits: UInt8) {
    self.init(
      kind: kind, prefix: TextPlace(offset: Int(place.offset), count: prefixCount), digits: digits)
  }

  /// Whether texts of this shape unfold in the same way, wherever the two prefixes lie.
  func isSame(as other: TextShape, in source: Span<UInt8>) -> Bool {
    guard kind == other.kind, digits == other.digits, prefix.count == other.prefix.count
    else { return false }
    let ours = source.extracting(prefix.range)
    let theirs = source.extracting(other.prefix.range)
    for index in ours.indices where ours[index] != theirs[index] { return false }
    return true
  }

  /// 0 … 15 for a lower-case hexadecimal digit, 16 for anything else.
  @inline(__always)
  static func nibble(_ byte: UInt8) -> UInt8 {
    if byte &- 0x30 < 10 { return byte &- 0x30 }
    if byte &- 0x61 < 6 { return byte &- 0x57 }
    return 16
  }

  static func isUUID(_ text: Span<UInt8>) -> Bool {
    for index in text.indices {
      switch index {
      case 8, 13, 18, 23: guard text[index] == 0x2D else { return false }
      default: guard nibble(text[index]) < 16 else { return false }
      }
    }
    return true
  }

  /// Dotted quads in their only spelling without leading zeros.
  static func isAddress(_ text: Span<UInt8>) -> Bool {
    guard 7...15 ~= text.count else { return false }
    var value: UInt16 = 0
    var digits = 0
    var dots = 0
    for index in text.indices {
      let byte = text[index]
      if byte == 0x2E {
        guard digits > 0 else { return false }
        dots &+= 1
        digits = 0
        value = 0
      } else {
        guard byte &- 0x30 < 10, !(digits > 0 && value == 0) else { return false }
        value = value &* 10 &+ UInt16(byte &- 0x30)
        digits &+= 1
        guard value <= 255, digits <= 3 else { return false }
      }
    }
    return dots == 3 && digits > 0
  }
}
