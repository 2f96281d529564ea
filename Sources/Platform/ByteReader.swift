/// A place in bytes that somebody else owns: it is lent them on every call, so it can be stored, and
/// nothing it reads, however hostile, goes past their end.
package struct ByteReader: Sendable {
  package enum Problem: Error, Equatable {
    /// Fewer bytes are left than the value needs.
    case truncated(at: Int)
    /// A varint of more than 64 bits.
    case overlong(at: Int)
    case invalidText(at: Int)
  }

  package private(set) var position: Int

  package init(at position: Int = 0) { self.position = position }

  @inline(__always)
  package func isAtEnd(of bytes: Span<UInt8>) -> Bool { position >= bytes.count }

  @inline(__always)
  package mutating func byte(_ bytes: Span<UInt8>) throws(Problem) -> UInt8 {
    guard position < bytes.count else { throw .truncated(at: position) }
    defer { position &+= 1 }
    return bytes[position]
  }

  @inline(__always)
  package mutating func integer<Integer: FixedWidthInteger>(
    _ type: Integer.Type = Integer.self, _ bytes: Span<UInt8>
  ) throws(Problem) -> Integer {
    let width = Integer.bitWidth / 8
    guard bytes.count - position >= width else { throw .truncated(at: position) }
    var value: Integer = 0
    for index in 0..<width {
      value |= Integer(truncatingIfNeeded: bytes[position &+ index]) << (8 &* index)
    }
    position &+= width
    return value
  }

  @inline(__always)
  package mutating func varint(_ bytes: Span<UInt8>) throws(Problem) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte(bytes)
      // The tenth byte holds the 64th bit and nothing else.
      guard shift < 63 || next <= 1 else { throw .overlong(at: start) }
      value |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return value }
      shift &+= 7
      guard shift < 64 else { throw .overlong(at: start) }
    }
  }

  @inline(__always)
  package mutating func zigzag(_ bytes: Span<UInt8>) throws(Problem) -> Int64 {
    let coded = try varint(bytes)
    return Int64(bitPattern: coded >> 1) ^ -Int64(bitPattern: coded & 1)
  }

  /// A length that is no more than what is left: safe to allocate and to slice by.
  @inline(__always)
  package mutating func length(_ bytes: Span<UInt8>) throws(Problem) -> Int {
    let start = position
    let length = try varint(bytes)
    guard length <= UInt64(bytes.count - position) else { throw .truncated(at: start) }
    return Int(length)
  }

  /// The place of the next `count` bytes, which are stepped over.
  @inline(__always)
  package mutating func range(
    of count: Int, _ bytes: Span<UInt8>
  ) throws(Problem) -> Range<Int> {
    guard count >= 0, count <= bytes.count - position else { throw .truncated(at: position) }
    let range = position..<(position + count)
    position += count
    return range
  }

  /// Text behind its length, checked to be UTF-8.
  package mutating func text(_ bytes: Span<UInt8>) throws(Problem) -> String {
    let start = position
    let range = try range(of: length(bytes), bytes)
    guard let text = String(validating: bytes.extracting(range)) else {
      throw .invalidText(at: start)
    }
    return text
  }
}

extension String {
  /// The text of these bytes, or nil where they are not UTF-8.
  package init?(validating bytes: Span<UInt8>) {
    guard let text = try? UTF8Span(validating: bytes) else { return nil }  // Nil says it all.
    self.init(copying: text)
  }
}

extension Array where Element == UInt8 {
  package init(_ bytes: Span<UInt8>) {
    unsafe self.init(unsafeUninitializedCapacity: bytes.count) { buffer, count in
      for index in bytes.indices { unsafe buffer[index] = bytes[index] }
      count = bytes.count
    }
  }
}
