/// Base64 (RFC 4648) with exactly one text for each value: what `encode` would not write, `decode`
/// does not read. White space, missing padding, padding too many and stray trailing bits are refused.
package struct Base64: Sendable {
  /// Section 4: `+`, `/`, padded with `=` to whole groups.
  package static let standard = Base64("+/", isPadded: true)
  /// Section 5 without padding, as URLs and JOSE have it: `-`, `_`.
  package static let url = Base64("-_", isPadded: false)

  private let alphabet: [UInt8]
  // The value of each character; `none` for those outside the alphabet.
  private let values: [UInt8]
  private let isPadded: Bool
  private static let none: UInt8 = 0xFF
  private static let padding = UInt8(ascii: "=")

  private init(_ lastTwo: String, isPadded: Bool) {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    alphabet = Array((letters + lastTwo).utf8)
    var values = [UInt8](repeating: Self.none, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    self.values = values
    self.isPadded = isPadded
  }

  package func encode(_ bytes: Span<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = min(3, bytes.count - start)
      var group: UInt32 = 0
      for index in 0..<3 {
        group = group << 8 | (index < count ? UInt32(bytes[start + index]) : 0)
      }
      for index in 0...count { text.append(alphabet[Int(group >> UInt32(18 - 6 * index)) & 63]) }
      if isPadded { for _ in count..<3 { text.append(Self.padding) } }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of a text in its only spelling, nil for everything else.
  package func decode(_ text: String) -> [UInt8]? {
    var characters = Array(text.utf8)
    if isPadded {
      guard characters.count.isMultiple(of: 4) else { return nil }
      for _ in 0..<2 where characters.last == Self.padding { characters.removeLast() }
    }
    // Six bits alone hold no byte.
    guard characters.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count / 4 * 3 + 2)
    var group: UInt32 = 0
    var bits: UInt32 = 0
    for character in characters {
      let value = values[Int(character)]
      guard value != Self.none else { return nil }
      group = group << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: group >> bits))
        group &= (1 << bits) - 1
      }
    }
    return group == 0 ? bytes : nil
  }
}
