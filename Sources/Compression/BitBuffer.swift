/// Bits taken from the input and not used yet, lowest first. What surrounds a deflate stream (gzip,
/// zlib) reads its bytes through the same buffer, so nothing that was taken too early is lost.
struct BitBuffer {
  var bits: UInt64 = 0
  var count = 0

  /// Takes whole bytes while there is room for one more. True when at least `wanted` bits are there.
  @inline(__always)
  mutating func fill(_ wanted: Int, _ input: Span<UInt8>, _ position: inout Int) -> Bool {
    while count <= 56 && position < input.count {
      bits |= UInt64(input[position]) &<< UInt64(truncatingIfNeeded: count)
      count &+= 8
      position &+= 1
    }
    return count >= wanted
  }

  @inline(__always)
  mutating func drop(_ width: Int) {
    bits &>>= UInt64(truncatingIfNeeded: width)
    count &-= width
  }

  /// The next `width` bits, at most 32. The caller has made sure that they are there.
  @inline(__always)
  mutating func take(_ width: Int) -> Int {
    let value = Int(bits & (1 &<< UInt64(truncatingIfNeeded: width) &- 1))
    drop(width)
    return value
  }

  mutating func dropToByte() { drop(count & 7) }

  /// The next byte behind a byte boundary, or nil when the input is used up.
  mutating func byte(_ input: Span<UInt8>, _ position: inout Int) -> UInt8? {
    if count >= 8 { return UInt8(truncatingIfNeeded: take(8)) }
    guard position < input.count else { return nil }
    defer { position += 1 }
    return input[position]
  }
}
