// An integer column:
//
//   u8        width: bytes of the widest value after zigzag, 0 to 8
//   u8        where the planes lie, if width > 0: bit k set = plane k is in the dense region
//   planes    0 … width − 1, one byte of each value in turn; in the codes unless said otherwise

/// Whole numbers: zigzag, then one plane for each byte of the widest. Planes without a pattern go
/// where no coder looks at them; the others shrink to what their values tell.
package enum IntegerColumn {
  package static func encode(_ values: [Int64], into writer: inout ColumnWriter) {
    var union: UInt64 = 0
    let span = values.span
    for index in span.indices { union |= zigzag(span[index]) }
    let width = (64 - union.leadingZeroBitCount + 7) / 8
    writer.codes.append(UInt8(width))
    guard width > 0 else { return }
    let maskPlace = writer.codes.count
    writer.codes.append(0)
    for plane in 0..<width {
      let shift = UInt64(8 * plane)
      let bytes = [UInt8](capacity: span.count) { output in
        for index in span.indices {
          output.append(UInt8(truncatingIfNeeded: zigzag(span[index]) &>> shift))
        }
      }
      if isDense(bytes.span) {
        writer.codes[maskPlace] |= 1 << UInt8(plane)
        writer.dense.append(contentsOf: bytes)
      } else {
        writer.codes.append(contentsOf: bytes)
      }
    }
  }

  package static func decode(
    _ count: Int, from reader: inout ColumnReader, _ bytes: Span<UInt8>
  ) throws(ColumnProblem) -> [Int64] {
    let start = reader.codes.position
    let width = try reader.codes.byte(bytes)
    guard width <= 8 else { throw .unknownMode(width, at: start) }
    guard width > 0 else { return [Int64](repeating: 0, count: count) }
    let mask = try reader.codes.byte(bytes)
    guard mask >> (width - 1) <= 1 else { throw .unknownMode(mask, at: start + 1) }
    var values = [Int64](repeating: 0, count: count)
    var output = values.mutableSpan
    for plane in 0..<width {
      let range =
        mask >> plane & 1 == 1
        ? try reader.dense.take(count) : try reader.codes.take(count)
      let part = bytes.extracting(range)
      let shift = Int64(8 * plane)
      for index in part.indices { output[index] |= Int64(part[index]) &<< shift }
    }
    for index in output.indices {
      let coded = UInt64(bitPattern: output[index])
      output[index] = Int64(bitPattern: coded &>> 1) ^ -Int64(bitPattern: coded & 1)
    }
    return values
  }

  @inline(__always)
  static func zigzag(_ value: Int64) -> UInt64 {
    UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))
  }

  /// Whether a plane looks like noise. For bytes of H bits the expected sum of squared counts is
  /// n + n(n − 1) / 2^H; from 6.5 bits on a byte costs less here than in tables that codes share.
  static func isDense(_ bytes: Span<UInt8>) -> Bool {
    guard bytes.count >= 64 else { return false }
    var counts = [UInt32](repeating: 0, count: 256)
    var table = counts.mutableSpan
    for index in bytes.indices { table[Int(bytes[index])] &+= 1 }
    var squares = 0
    for index in table.indices { squares &+= Int(table[index]) &* Int(table[index]) }
    let count = bytes.count
    return squares < count &+ count &* (count &- 1) / 90
  }
}

extension IntegerColumn {
  /// Each value less the one before it, the first less `base`. Wraps, so every input is allowed.
  package static func differences(_ values: [Int64], from base: Int64 = 0) -> [Int64] {
    var previous = base
    return values.map { value in
      defer { previous = value }
      return value &- previous
    }
  }

  package static func sums(_ differences: consuming [Int64], from base: Int64 = 0) -> [Int64] {
    var sum = base
    var span = differences.mutableSpan
    for index in span.indices {
      sum &+= span[index]
      span[index] = sum
    }
    return differences
  }
}
