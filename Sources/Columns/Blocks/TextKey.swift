/// A number for each text, 64 bits made with a secret, to be compared in its place: two texts of a
/// question share one about never, and nobody can make that happen. A text has the same key in
/// whatever column it stands. Hexadecimal digits at its end count as the numbers that columns pack them
/// into, so that these need not be spelled.
package struct TextKey: Sendable {
  private static let groupDigits = 16
  private static let uuidMark: UInt64 = 1 << 32

  private let start: UInt64
  private let factor: UInt64

  /// Another secret each time.
  package init() {
    start = .random(in: .min ... .max)
    factor = .random(in: .min ... .max) | 1
  }

  /// 0 of an empty text, and of no other.
  package func key(of text: Span<UInt8>) -> UInt64 {
    if text.isEmpty { return 0 }
    if let (high, low) = Self.uuid(endOf: text) {
      let state = state(of: text.extracting(droppingLast: TextPattern.uuidLength))
      return finish(mix(mix(state, high), low), 2 | Self.uuidMark)
    }
    return finish(state(of: text), UInt64(Self.groups(endOf: text)))
  }

  /// Of texts that are a prefix and digits: what the prefix comes to. Nil where the digits are to be
  /// spelled first.
  func prefix(of pattern: TextPattern) -> Prefix? {
    let prefix = pattern.prefix.span
    switch pattern.kind {
    case .lowerHex where pattern.digits % Self.groupDigits == 0:
      let words = pattern.digits / Self.groupDigits
      return Prefix(
        state: state(of: prefix), words: words,
        end: UInt64(Self.groups(endOf: prefix) + words))
    case .lowerUUID: return Prefix(state: state(of: prefix), words: 2, end: 2 | Self.uuidMark)
    default: return nil
    }
  }

  struct Prefix {
    static let none = Prefix(state: 0, words: 0, end: 0)

    fileprivate let state: UInt64
    /// Of eight bytes of packed digits each.
    let words: Int
    fileprivate let end: UInt64
  }

  /// Of a text whose packed digits are at this place.
  @inline(__always)
  func key(behind prefix: Prefix, _ bytes: Span<UInt8>, at place: Int) -> UInt64 {
    var state = prefix.state
    var index = 0
    while index < prefix.words {
      state = mix(state, word(bytes, at: place &+ 8 &* index))
      index &+= 1
    }
    return finish(state, prefix.end)
  }

  // MARK: Texts

  /// What comes before the groups of digits, then these.
  private func state(of text: Span<UInt8>) -> UInt64 {
    let head = text.count - Self.groupDigits * Self.groups(endOf: text)
    var state = start ^ UInt64(truncatingIfNeeded: head)
    var place = 0
    while place < head {
      var part: UInt64 = 0
      let end = min(head, place &+ 8)
      while place < end {
        part = part &<< 8 | UInt64(text[place])
        place &+= 1
      }
      state = mix(state, part)
    }
    while place < text.count {
      state = mix(state, Self.number(text, at: place) ?? 0)
      place &+= Self.groupDigits
    }
    return state
  }

  /// How many times sixteen digits the text ends with.
  private static func groups(endOf text: Span<UInt8>) -> Int {
    var groups = 0
    while text.count >= (groups + 1) * groupDigits,
      number(text, at: text.count - (groups + 1) * groupDigits) != nil
    {
      groups += 1
    }
    return groups
  }

  /// Sixteen digits as they are packed.
  private static func number(_ text: Span<UInt8>, at place: Int) -> UInt64? {
    guard let low = TextSpelling.packed(word(text, at: place)),
      let high = TextSpelling.packed(word(text, at: place + 8))
    else { return nil }
    return low | high << 32
  }

  private static func uuid(endOf text: Span<UInt8>) -> (UInt64, UInt64)? {
    guard text.count >= TextPattern.uuidLength, text[text.count - 13] == 0x2D else { return nil }
    let uuid = text.extracting(last: TextPattern.uuidLength)
    guard TextPattern.isUUID(uuid, isUpper: false) else { return nil }
    var digits: [UInt8] = []
    for index in uuid.indices where uuid[index] != 0x2D { digits.append(uuid[index]) }
    guard let high = number(digits.span, at: 0), let low = number(digits.span, at: groupDigits)
    else { return nil }
    return (high, low)
  }

  // MARK: Numbers

  @inline(__always)
  private func mix(_ state: UInt64, _ part: UInt64) -> UInt64 {
    let product = (state ^ part).multipliedFullWidth(by: factor)
    return (product.high ^ product.low) &+ start
  }

  @inline(__always)
  private func finish(_ state: UInt64, _ end: UInt64) -> UInt64 {
    let product = (state ^ end &* factor).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return max(1, product.high ^ product.low)
  }
}
