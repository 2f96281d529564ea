import Columns
import Platform

// How much later than its row each id was made (id time − cts), where that is not 0. An extent is
// 64 blocks of 1,024 rows, the last one as many as are left; a section without gaps has no such extent.
//
//   for each block
//     u32  offset of its gaps from the extent's start
//     u16  how many gaps that are not 0, or 65,535: all 1,024 follow
//     u8   width: bits of the largest gap after zigzag, 0 to 64
//     u8   0
//   gaps of a block, one after another
//     some    for each its row in the block, u16, ascending; then for each its zigzag in width / 8 bytes,
//             rounded up
//     all     lanes of this width

/// The times of ids relative to those of their rows.
enum IDTimeGaps {
  static let blocksPerExtent = 64
  private static let headerByteCount = 8
  private static let all = 0xFFFF

  static func extentCount(blocks: Int) -> Int { (blocks + blocksPerExtent - 1) / blocksPerExtent }

  @inline(__always)
  static func zigzag(_ value: Int64) -> UInt64 {
    UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))
  }

  /// One extent of these blocks of zigzagged gaps, each of at most 1,024.
  static func encode(_ blocks: [[UInt64]]) -> [UInt8] {
    var header = ByteWriter(capacity: blocks.count * headerByteCount)
    var payload: [UInt8] = []
    for block in blocks {
      let rows = block.indices.filter { block[$0] != 0 }
      let width = 64 - rows.reduce(0) { $0 | block[$1] }.leadingZeroBitCount
      let bytesEach = (width + 7) / 8
      let takesAll = rows.count * (2 + bytesEach) > Lanes.byteCount(width: width)
      header.append(littleEndian: UInt32(blocks.count * headerByteCount + payload.count))
      header.append(littleEndian: UInt16(takesAll ? all : rows.count))
      header.append(UInt8(width))
      header.append(0)
      if takesAll {
        Lanes.pack(wide: block.span, width: width, appendingTo: &payload)
        continue
      }
      for row in rows {
        payload.append(UInt8(truncatingIfNeeded: row))
        payload.append(UInt8(truncatingIfNeeded: row >> 8))
      }
      for row in rows {
        for byte in 0..<bytesEach {
          payload.append(UInt8(truncatingIfNeeded: block[row] >> (8 * UInt64(byte))))
        }
      }
    }
    return header.bytes + payload
  }

  /// How many gaps a block of this extent has, or more than it has rows; nil where the bytes end.
  static func count(block: Int, _ bytes: Span<UInt8>) -> Int? {
    var reader = ByteReader(at: block * headerByteCount + 4)
    // Every failure here is one: too few bytes.
    return (try? reader.integer(UInt16.self, bytes)).map { Int($0) }
  }

  /// The gap of a row of a block of this extent; nil where the bytes contradict themselves.
  static func gap(block: Int, row: Int, _ bytes: Span<UInt8>) -> Int64? {
    var reader = ByteReader(at: block * headerByteCount)
    // Every failure here is one: too few bytes.
    guard let offset = try? Int(reader.integer(UInt32.self, bytes)),
      let count = try? Int(reader.integer(UInt16.self, bytes)),
      let width = try? Int(reader.byte(bytes)), width <= 64
    else { return nil }
    if count == 0 { return 0 }
    if count == all {
      guard offset <= bytes.count, Lanes.byteCount(width: width) <= bytes.count - offset else {
        return nil
      }
      let lanes = bytes.extracting(droppingFirst: offset)
      return unzigzag(Lanes.wideValue(at: row, width: width, of: lanes))
    }
    let bytesEach = (width + 7) / 8
    guard offset <= bytes.count, count * (2 + bytesEach) <= bytes.count - offset else { return nil }
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      let place = offset + 2 * middle
      if Int(bytes[place]) | Int(bytes[place + 1]) << 8 < row {
        low = middle + 1
      } else {
        high = middle
      }
    }
    let place = offset + 2 * low
    guard low < count, Int(bytes[place]) | Int(bytes[place + 1]) << 8 == row else { return 0 }
    var value: UInt64 = 0
    let start = offset + 2 * count + low * bytesEach
    for byte in 0..<bytesEach { value |= UInt64(bytes[start + byte]) << (8 * UInt64(byte)) }
    return unzigzag(value)
  }

  private static func unzigzag(_ value: UInt64) -> Int64 {
    Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }
}
