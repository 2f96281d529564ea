/// Bytes of records under construction: `ByteWriter` of this module's own, so that the compiler can
/// put it into the loops here (20 times faster).
struct RecordWriter {
  private(set) var bytes: [UInt8]

  init(capacity: Int) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  init(appendingTo bytes: consuming [UInt8]) { self.bytes = bytes }

  var count: Int { bytes.count }

  @inline(__always)
  mutating func append(_ byte: UInt8) { bytes.append(byte) }

  @inline(__always)
  mutating func append(_ range: Range<Int>, of source: Span<UInt8>) {
    let part = source.extracting(range)
    bytes.append(addingCapacity: part.count) { output in
      for index in part.indices { output.append(part[index]) }
    }
  }

  @inline(__always)
  mutating func append<Integer: FixedWidthInteger>(littleEndian value: Integer) {
    bytes.append(addingCapacity: Integer.bitWidth / 8) { output in
      var rest = value
      for _ in 0..<(Integer.bitWidth / 8) {
        output.append(UInt8(truncatingIfNeeded: rest))
        rest >>= 8
      }
    }
  }

  @inline(__always)
  mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  @inline(__always)
  mutating func append(zigzag value: Int64) {
    append(varint: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  mutating func patch(littleEndian value: UInt32, at offset: Int) {
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }
}
