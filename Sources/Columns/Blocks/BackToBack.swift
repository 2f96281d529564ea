// Numbers of `width` bits, 0 to 64, one behind the other, the first one in the lowest bits of the first
// byte; the last byte is filled with zeros.

/// Bit packing for a column's last values: lanes would fill a block for a handful of them.
enum BackToBack {
  @inline(__always)
  static func byteCount(of count: Int, width: Int) -> Int { (count &* width &+ 7) &>> 3 }

  /// Bits of a value above `width` must be zero.
  static func pack(_ values: Span<UInt64>, width: Int, appendingTo bytes: inout [UInt8]) {
    let start = bytes.count
    let count = byteCount(of: values.count, width: width)
    bytes.append(contentsOf: repeatElement(0, count: count))
    var target = bytes.mutableSpan
    var bit = start * 8
    for index in values.indices {
      var rest = values[index]
      var left = width
      while left > 0 {
        let shift = bit & 7
        target[bit &>> 3] |= UInt8(truncatingIfNeeded: rest &<< UInt64(shift))
        let taken = min(left, 8 - shift)
        rest = rest >> UInt64(taken)
        bit += taken
        left -= taken
      }
    }
  }

  /// Value `index`; all of its bytes must be there.
  @inline(__always)
  static func value(at index: Int, width: Int, of bytes: Span<UInt8>) -> UInt64 {
    guard width > 0 else { return 0 }
    let bit = index &* width
    let first = bit &>> 3
    let shift = UInt64(bit & 7)
    var value: UInt64 = 0
    if first &+ 8 <= bytes.count {
      value = word(bytes, at: first) &>> shift
      if Int(shift) &+ width > 64 { value |= UInt64(bytes[first &+ 8]) &<< (64 &- shift) }
    } else {
      // The last bytes: at most seven are left, and the value ends in them.
      var place = first
      while place < bytes.count {
        value |= UInt64(bytes[place]) &<< UInt64(8 &* (place &- first))
        place &+= 1
      }
      value &>>= shift
    }
    return value & (UInt64.max &>> UInt64(64 &- width))
  }
}
