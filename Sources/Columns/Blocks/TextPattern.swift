// A pattern in the head of a column of texts:
//
//   u8     kind: 1 hexadecimal digits in lower case, 2 in upper case, 3 a UUID in lower case, 4 in
//          upper case, 5 decimal digits
//   u8     digits: of kinds 1 and 2 an even number; of 5 up to 18, or 0: as many as the number needs,
//          without leading zeros; else 0
//   u8     bytes of the prefix, at most 32
//   bytes  the prefix

/// Texts that are numbers in disguise: a prefix that all share, and digits that pack to half their
/// size or less.
package struct TextPattern: Hashable, Sendable {
  package enum Kind: UInt8, Sendable {
    case lowerHex = 1, upperHex = 2, lowerUUID = 3, upperUUID = 4, decimal = 5
  }
  package var kind: Kind
  package var digits = 0
  package var prefix: [UInt8] = []

  static let longestPrefix = 32
  /// All numbers of so many digits are an Int64.
  static let mostDecimals = 18
  static let mostHexDigits = 128
  static let leastHexDigits = 4
  static let uuidLength = 36

  var isUpper: Bool { kind == .upperHex || kind == .upperUUID }

  /// The bytes of a text's digits; decimals are a block of integers instead.
  var packedCount: Int {
    switch kind {
    case .lowerHex, .upperHex: digits / 2
    case .lowerUUID, .upperUUID: 16
    case .decimal: 0
    }
  }

  /// The most bytes that a text of this pattern has.
  var longestText: Int {
    switch kind {
    case .lowerHex, .upperHex: prefix.count + digits
    case .lowerUUID, .upperUUID: prefix.count + Self.uuidLength
    case .decimal: prefix.count + (digits == 0 ? Self.mostDecimals : digits)
    }
  }

  /// Numbers of decimals are below this.
  var decimalLimit: Int64 { Self.powers[digits == 0 ? Self.mostDecimals : digits] }

  static let powers: [Int64] = (0...mostDecimals).map { exponent in
    (0..<exponent).reduce(1) { power, _ in power * 10 }
  }

  /// Whether the packed digits give back exactly this text.
  func fits(_ text: Span<UInt8>) -> Bool {
    let start = prefix.count
    guard text.count > start, text.count <= longestText,
      kind == .decimal && digits == 0 || text.count == longestText
    else { return false }
    let prefix = prefix.span
    for index in prefix.indices where text[index] != prefix[index] { return false }
    switch kind {
    case .lowerUUID, .upperUUID:
      return Self.isUUID(text.extracting(droppingFirst: start), isUpper: isUpper)
    case .lowerHex, .upperHex:
      // By signs, without a branch a digit: which ones are letters cannot be predicted.
      let ten = isUpper ? 0x41 : 0x61
      var strangers = 0
      for index in start..<text.count {
        let number = Int(text[index]) &- 0x30
        let letter = Int(text[index]) &- ten
        strangers |= (number | (9 &- number)) & (letter | (5 &- letter))
      }
      return strangers >= 0
    case .decimal:
      for index in start..<text.count where text[index] &- 0x30 > 9 { return false }
      return digits > 0 || text[start] != 0x30 || text.count == start + 1
    }
  }

  static func isHex(_ byte: UInt8, isUpper: Bool) -> Bool {
    byte &- 0x30 < 10 || byte &- (isUpper ? 0x41 : 0x61) < 6
  }

  /// The value of a hexadecimal digit, which it has to be.
  @inline(__always)
  static func digit(_ byte: UInt8) -> UInt8 { byte & 15 &+ byte &>> 6 &* 9 }

  static func isUUID(_ text: Span<UInt8>, isUpper: Bool) -> Bool {
    guard text.count == uuidLength else { return false }
    for index in text.indices {
      switch index {
      case 8, 13, 18, 23: guard text[index] == 0x2D else { return false }
      default: guard isHex(text[index], isUpper: isUpper) else { return false }
      }
    }
    return true
  }
}

extension TextPattern {
  func append(to head: inout [UInt8]) {
    head.append(kind.rawValue)
    head.append(UInt8(digits))
    head.append(UInt8(prefix.count))
    head.append(contentsOf: prefix)
  }

  /// Reads a pattern at `place`, and steps over it.
  init(_ head: Span<UInt8>, at place: inout Int) throws(BlockProblem) {
    guard place + 3 <= head.count, let kind = Kind(rawValue: head[place]) else { throw .badHead }
    self.init(kind: kind, digits: Int(head[place + 1]))
    let prefixCount = Int(head[place + 2])
    place += 3
    guard prefixCount <= Self.longestPrefix, place + prefixCount <= head.count
    else { throw .badHead }
    prefix.append(place..<(place + prefixCount), of: head)
    place += prefixCount
    switch kind {
    case .lowerHex, .upperHex:
      guard digits > 0, digits & 1 == 0, digits <= Self.mostHexDigits else { throw .badHead }
    case .lowerUUID, .upperUUID: guard digits == 0 else { throw .badHead }
    case .decimal: guard digits <= Self.mostDecimals else { throw .badHead }
    }
  }
}
