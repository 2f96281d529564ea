/// The eight bytes at `offset`, lowest first.
@inline(__always)
func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
  // SAFETY: any eight bytes are a UInt64, and the load is checked against the span's end.
  unsafe UInt64(
    littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
}

/// The four bytes at `offset`, lowest first.
@inline(__always)
func halfWord(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
  // SAFETY: any four bytes are a UInt32, and the load is checked against the span's end.
  unsafe UInt32(
    littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
}

/// Whether two places hold the same `count` bytes.
@inline(__always)
func isSame(_ bytes: Span<UInt8>, _ left: Int, _ right: Int, count: Int) -> Bool {
  var offset = 0
  while offset &+ 8 <= count {
    if word(bytes, at: left &+ offset) != word(bytes, at: right &+ offset) { return false }
    offset &+= 8
  }
  while offset < count {
    if bytes[left &+ offset] != bytes[right &+ offset] { return false }
    offset &+= 1
  }
  return true
}

/// A LEB128 number in its shortest spelling, nil where there is none.
@inline(__always)
func varint(_ bytes: Span<UInt8>, _ position: inout Int, end: Int) -> UInt64? {
  guard position < end else { return nil }
  let first = bytes[position]
  position &+= 1
  if first < 0x80 { return UInt64(first) }
  var value = UInt64(first & 0x7F)
  var shift: UInt64 = 7
  while position < end {
    let next = bytes[position]
    position &+= 1
    if shift == 63, next > 1 { return nil }
    value |= UInt64(next & 0x7F) &<< shift
    if next < 0x80 { return next == 0 ? nil : value }
    shift &+= 7
    if shift > 63 { return nil }
  }
  return nil
}
