/// 64 bits of a text, the same in every file and every process, by which dictionaries are united. It
/// has no key: strangers can make two texts that share a hash, so equal hashes are a hint, and equal
/// bytes decide.
package enum TextHash {
  @inline(__always)
  package static func hash(_ bytes: Span<UInt8>) -> UInt64 { hash(bytes, in: bytes.indices) }

  @inline(__always)
  static func hash(_ bytes: Span<UInt8>, in range: Range<Int>) -> UInt64 {
    let text = bytes.extracting(range)
    let count = text.count
    var state = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: count)
    var offset = 0
    while count &- offset > 8 {
      state = fold(state ^ word(text, at: offset), 0xD6E8_FEB8_6659_FD93)
      offset &+= 8
    }
    // The last eight bytes, which may overlap those before; shorter texts byte by byte.
    var last: UInt64 = 0
    if count >= 8 {
      last = word(text, at: count &- 8)
    } else {
      while offset < count {
        last = last &<< 8 | UInt64(text[offset])
        offset &+= 1
      }
    }
    return fold(fold(state ^ last, 0xA0B4_28DB_7F4A_7C15), 0xC2B2_AE3D_27D4_EB4F)
  }

  @inline(__always)
  private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }
}
