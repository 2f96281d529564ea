// A block of integers:
//
//   0  u8   width of a value above the base, 0 to 64 bits
//   1  i64  base: the smallest value
//   9       1,024 values: lanes (`Lanes`, low halves first); fewer: `BackToBack`

/// Integers as what they have above the smallest of their block.
struct PackedBlock {
  static let headByteCount = 9

  let base: Int64
  let width: Int
  let count: Int
  /// Where the packed values lie in the bytes that were lent.
  let range: Range<Int>

  static func append(_ values: Span<Int64>, to bytes: inout [UInt8]) {
    var least = values.isEmpty ? 0 : values[0]
    var most = least
    for index in values.indices {
      least = min(least, values[index])
      most = max(most, values[index])
    }
    let width = 64 - UInt64(bitPattern: most &- least).leadingZeroBitCount
    bytes.append(UInt8(width))
    bytes.append(littleEndian: least)
    guard width > 0 else { return }
    let above = [UInt64](capacity: values.count) { output in
      for index in values.indices { output.append(UInt64(bitPattern: values[index] &- least)) }
    }
    if values.count == Lanes.blockCount {
      Lanes.pack(wide: above.span, width: width, appendingTo: &bytes)
    } else {
      BackToBack.pack(above.span, width: width, appendingTo: &bytes)
    }
  }

  /// A block of `count` values at `offset`; nil where the bytes cannot be that.
  init?(_ bytes: Span<UInt8>, at offset: Int, count: Int) {
    guard offset + Self.headByteCount <= bytes.count, bytes[offset] <= 64 else { return nil }
    width = Int(bytes[offset])
    base = Int64(bitPattern: word(bytes, at: offset + 1))
    self.count = count
    let start = offset + Self.headByteCount
    let byteCount =
      count == Lanes.blockCount
      ? Lanes.byteCount(width: width) : BackToBack.byteCount(of: count, width: width)
    guard byteCount <= bytes.count - start else { return nil }
    range = start..<(start + byteCount)
  }

  /// Writes `count` values.
  func decode(_ bytes: Span<UInt8>, into values: inout MutableSpan<Int64>) {
    let packed = bytes.extracting(range)
    if count == Lanes.blockCount {
      Lanes.unpack(packed, width: width, adding: base, into: &values)
    } else {
      for index in 0..<count {
        let above = BackToBack.value(at: index, width: width, of: packed)
        values[index] = base &+ Int64(bitPattern: above)
      }
    }
  }

  func value(at index: Int, of bytes: Span<UInt8>) -> Int64 {
    let packed = bytes.extracting(range)
    let above =
      count == Lanes.blockCount
      ? Lanes.wideValue(at: index, width: width, of: packed)
      : BackToBack.value(at: index, width: width, of: packed)
    return base &+ Int64(bitPattern: above)
  }

  /// What the values lie within; the upper bound may be more than the largest one.
  var bounds: ClosedRange<Int64> {
    let most = width == 0 ? 0 : UInt64.max &>> UInt64(64 - width)
    let room = UInt64(bitPattern: Int64.max &- base)
    return base...(most < room ? base &+ Int64(bitPattern: most) : .max)
  }
}
