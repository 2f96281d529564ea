/// A place in each of the three regions of a body (`ColumnWriter` says what they are). It is lent the
/// body's bytes on each call, and nothing it reads, however hostile, goes past a region's end.
package struct ColumnReader: Sendable {
  /// A part of the body that is read front to back.
  package struct Region: Sendable {
    package var position: Int
    package let end: Int

    package init(_ range: Range<Int>) {
      position = range.lowerBound
      end = range.upperBound
    }

    /// The place of the next `count` bytes, which are stepped over.
    @inline(__always)
    package mutating func take(_ count: Int) throws(ColumnProblem) -> Range<Int> {
      guard count >= 0, count <= end &- position else { throw .truncated(at: position) }
      let start = position
      position &+= count
      return start..<position
    }

    @inline(__always)
    package mutating func byte(_ bytes: Span<UInt8>) throws(ColumnProblem) -> UInt8 {
      guard position < end else { throw .truncated(at: position) }
      defer { position &+= 1 }
      return bytes[position]
    }

    package func finish() throws(ColumnProblem) {
      guard position == end else { throw .unread(at: position) }
    }
  }

  package var dense: Region
  package var codes: Region
  package var texts: Region

  /// The regions must lie inside the bytes that are lent later.
  package init(dense: Range<Int>, codes: Range<Int>, texts: Range<Int>) {
    self.dense = Region(dense)
    self.codes = Region(codes)
    self.texts = Region(texts)
  }

  /// A LEB128 number from the codes, in its shortest spelling and at most `limit`.
  package mutating func varint(
    _ bytes: Span<UInt8>, atMost limit: UInt64 = .max
  ) throws(ColumnProblem) -> UInt64 {
    let start = codes.position
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try codes.byte(bytes)
      guard shift < 63 || next <= 1 else { throw .badNumber(at: start) }
      value |= UInt64(next & 0x7F) << shift
      if next < 0x80 {
        guard next != 0 || shift == 0, value <= limit else { throw .badNumber(at: start) }
        return value
      }
      shift &+= 7
      guard shift < 64 else { throw .badNumber(at: start) }
    }
  }

  /// A count of things that are bounded by `limit`: safe to allocate by.
  package mutating func count(
    _ bytes: Span<UInt8>, atMost limit: Int
  ) throws(ColumnProblem) -> Int {
    try Int(varint(bytes, atMost: UInt64(limit)))
  }

  /// All three regions are read to their last byte.
  package func finish() throws(ColumnProblem) {
    try dense.finish()
    try codes.finish()
    try texts.finish()
  }
}
