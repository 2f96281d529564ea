// Bits, eight to a byte, lowest first, the last byte filled with zeros.

/// Truths, one bit each.
package enum BitColumn {
  package static func byteCount(of count: Int) -> Int { (count &+ 7) >> 3 }

  package static func encode(_ bits: [Bool], into writer: inout ColumnWriter) {
    let bits = bits.span
    writer.codes.append(addingCapacity: byteCount(of: bits.count)) { output in
      var index = 0
      while index < bits.count {
        var byte: UInt8 = 0
        let end = min(index &+ 8, bits.count)
        var bit: UInt8 = 0
        while index < end {
          if bits[index] { byte |= 1 &<< bit }
          bit &+= 1
          index &+= 1
        }
        output.append(byte)
      }
    }
  }

  package static func decode(
    _ count: Int, from reader: inout ColumnReader, _ bytes: Span<UInt8>
  ) throws(ColumnProblem) -> [Bool] {
    let range = try reader.codes.take(byteCount(of: count))
    if count & 7 != 0, bytes[range.upperBound - 1] >> UInt8(count & 7) != 0 {
      throw .badPadding(at: range.upperBound - 1)
    }
    let packed = bytes.extracting(range)
    return [Bool](capacity: count) { output in
      for index in 0..<count {
        output.append(packed[index &>> 3] &>> UInt8(index & 7) & 1 == 1)
      }
    }
  }
}

/// Numbers of a fixed width of 1 to 32 bits, back to back in the dense region.
package enum PackedColumn {
  package static func byteCount(of count: Int, width: Int) -> Int { (count &* width &+ 7) >> 3 }

  /// Bits of a value above `width` must be zero.
  package static func encode(_ values: [UInt32], width: Int, into writer: inout ColumnWriter) {
    precondition(1...32 ~= width, "a width of \(width) bits")
    let values = values.span
    writer.dense.append(addingCapacity: byteCount(of: values.count, width: width)) { output in
      var pending: UInt64 = 0
      var filled = 0
      for index in values.indices {
        pending |= UInt64(values[index]) &<< UInt64(filled)
        filled &+= width
        while filled >= 8 {
          output.append(UInt8(truncatingIfNeeded: pending))
          pending &>>= 8
          filled &-= 8
        }
      }
      if filled > 0 { output.append(UInt8(truncatingIfNeeded: pending)) }
    }
  }

  package static func decode(
    _ count: Int, width: Int, from reader: inout ColumnReader, _ bytes: Span<UInt8>
  ) throws(ColumnProblem) -> [UInt32] {
    precondition(1...32 ~= width, "a width of \(width) bits")
    let range = try reader.dense.take(byteCount(of: count, width: width))
    let unused = count &* width & 7
    if unused != 0, bytes[range.upperBound - 1] >> UInt8(unused) != 0 {
      throw .badPadding(at: range.upperBound - 1)
    }
    let packed = bytes.extracting(range)
    let mask = (1 as UInt64) &<< UInt64(width) &- 1
    return [UInt32](capacity: count) { output in
      var pending: UInt64 = 0
      var filled = 0
      var next = 0
      for _ in 0..<count {
        while filled < width {
          pending |= UInt64(packed[next]) &<< UInt64(filled)
          filled &+= 8
          next &+= 1
        }
        output.append(UInt32(truncatingIfNeeded: pending & mask))
        pending &>>= UInt64(width)
        filled &-= width
      }
    }
  }
}
