/// A SHA-256 as a value: four words, no allocation, fit for a dictionary's key. Digests order as
/// their bytes do. Comparing two is not constant in time: secrets go through `isEqual(inConstantTimeTo:)`.
package struct Digest: Hashable, Sendable {
  package static let byteCount = 32

  // The bytes read as big-endian words, so that comparing words compares bytes.
  private let first: UInt64
  private let second: UInt64
  private let third: UInt64
  private let fourth: UInt64

  package init(words first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
    self.first = first
    self.second = second
    self.third = third
    self.fourth = fourth
  }

  /// The digest in 32 bytes; nil for any other count.
  package init?(_ bytes: Span<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    self.init(
      words: Self.word(bytes, at: 0), Self.word(bytes, at: 8), Self.word(bytes, at: 16),
      Self.word(bytes, at: 24))
  }

  /// The digest in 64 lower-case hexadecimal digits; nil for any other text.
  package init?(hex: String) {
    guard let bytes = Hex.decode(hex) else { return nil }
    self.init(bytes.span)
  }

  package var words: (UInt64, UInt64, UInt64, UInt64) { (first, second, third, fourth) }

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount)
    append(to: &bytes)
    return bytes
  }

  package func append(to bytes: inout [UInt8]) {
    for word in [first, second, third, fourth] {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
      }
    }
  }

  package var hex: String {
    let bytes = self.bytes
    return Hex.encode(bytes.span)
  }

  /// Equality that takes the same time wherever the two differ.
  package func isEqual(inConstantTimeTo other: Digest) -> Bool {
    let difference =
      (first ^ other.first) | (second ^ other.second) | (third ^ other.third)
      | (fourth ^ other.fourth)
    return difference == 0
  }

  private static func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
    var word: UInt64 = 0
    for index in offset..<(offset + 8) { word = word << 8 | UInt64(bytes[index]) }
    return word
  }
}

extension Digest: Comparable {
  package static func < (left: Digest, right: Digest) -> Bool { left.words < right.words }
}

extension Digest: CustomStringConvertible {
  package var description: String { hex }
}
