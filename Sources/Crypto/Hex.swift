/// Bytes as lower-case hexadecimal digits. Only that spelling is read back, so equal texts and equal
/// bytes are the same thing.
package enum Hex {
  package static func encode(_ bytes: Span<UInt8>) -> String {
    let digits: StaticString = "0123456789abcdef"
    return unsafe String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
      for index in bytes.indices {
        // SAFETY: a nibble is below 16, and the buffer holds two digits for each byte.
        unsafe buffer[2 * index] = digits.utf8Start[Int(bytes[index] >> 4)]
        unsafe buffer[2 * index + 1] = digits.utf8Start[Int(bytes[index] & 15)]
      }
      return bytes.count * 2
    }
  }

  /// The bytes of an even number of lower-case digits, nil for everything else.
  package static func decode(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count / 2)
    var high: UInt8?
    for character in text.utf8 {
      guard let digit = value(of: character) else { return nil }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return high == nil ? bytes : nil
  }

  private static func value(of character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
