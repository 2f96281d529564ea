/// Bytes under construction: fixed-width integers are little-endian, lengths are varints.
package struct ByteWriter: Sendable {
  package private(set) var bytes: [UInt8]

  package init(capacity: Int = 0) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  /// Goes on behind bytes that exist already.
  package init(appendingTo bytes: consuming [UInt8]) { self.bytes = bytes }

  package var count: Int { bytes.count }

  @inline(__always)
  package mutating func append(_ byte: UInt8) { bytes.append(byte) }

  @inline(__always)
  package mutating func append(_ more: some Collection<UInt8>) { bytes.append(contentsOf: more) }

  package mutating func append(_ more: Span<UInt8>) {
    // SAFETY: the pointer is used during the call only.
    unsafe more.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
  }

  @inline(__always)
  package mutating func append<Integer: FixedWidthInteger>(littleEndian value: Integer) {
    // All bytes at once: one by one each asks whether there is room.
    unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
  }

  /// LEB128: seven bits a byte, lowest first, the high bit says that more follow.
  @inline(__always)
  package mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// A signed number as a varint: 0, -1, 1, -2, 2, … become 0, 1, 2, 3, 4, …
  @inline(__always)
  package mutating func append(zigzag value: Int64) {
    append(varint: UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  /// A varint of the length, then the text's UTF-8.
  package mutating func append(text: String) {
    append(varint: UInt64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  /// Overwrites a 32-bit number written before, once its value is known.
  package mutating func patch(littleEndian value: UInt32, at offset: Int) {
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }

  /// Forgets the content and keeps the memory.
  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
}
