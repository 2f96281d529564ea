import Crypto
package import Platform

/// 128 bits that name one thing for ever. What they name is part of the type, so a store is never
/// taken for a collector.
package struct ID128<Named>: Hashable, Sendable {
  package static var byteCount: Int { 16 }
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  package static func random(from source: any RandomSource) -> Self {
    Self(high: source.next(), low: source.next())
  }
}

package enum StoreTag {}
package enum CollectorTag {}
package enum EpochTag {}
package enum BootTag {}
package enum KeyTag {}

/// One aggregator's store, which outlives its machine.
package typealias StoreID = ID128<StoreTag>
package typealias CollectorID = ID128<CollectorTag>
/// One life of a spool: sequences count inside it.
package typealias Epoch = ID128<EpochTag>
/// One boot of the collector's machine: monotonic times compare inside it.
package typealias BootID = ID128<BootTag>
/// Which of a collector's or an aggregator's keys: the first half of the SHA-256 of its public bytes.
package typealias KeyID = ID128<KeyTag>

// The text form: 8-4-4-4-12 lower-case hexadecimal digits.
extension ID128: CustomStringConvertible, LosslessStringConvertible {
  package init?(_ description: String) {
    let bytes = Array(description.utf8)
    guard bytes.count == 36 else { return nil }
    var words: (high: UInt64, low: UInt64) = (0, 0)
    for (index, byte) in bytes.enumerated() {
      if [8, 13, 18, 23].contains(index) {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      default: return nil
      }
      words = (words.high << 4 | words.low >> 60, words.low << 4 | UInt64(digit))
    }
    self.init(high: words.high, low: words.low)
  }

  package var description: String {
    var bytes: [UInt8] = []
    append(to: &bytes)
    let hex = Array(Hex.encode(bytes.span).utf8)
    let parts = [hex[0..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20..<32]]
    return parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "-")
  }
}

// The bytes: big-endian, in the order of the text.
extension ID128 {
  /// Nil unless there are 16 bytes.
  package init?(_ bytes: Span<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    self.init(
      high: word(bytes, at: 0).byteSwapped, low: word(bytes, at: 8).byteSwapped)
  }

  package func append(to bytes: inout [UInt8]) {
    for word in [high, low] {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
      }
    }
  }
}
