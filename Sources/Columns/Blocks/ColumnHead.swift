// The head of a column of blocks. Everything is little-endian.
//
//   0  u8   kind: 1 integers, 2 codes, 3 doubles, 4 bools, 5 texts, 6 changes
//   1  u8   encoding of that kind: 1
//   2  u8   parameter: bits of a code; digits behind the point that all blocks of doubles share, or
//           255; patterns of a column of texts; else 0
//   3  u8   0
//   4  u32  values (rows, for changes)
//   8  u32  limit: codes are below it; how many changes there are; else 0
//   12      what the kind adds

/// What a reader must know of a column before it reads a block; small, and kept in memory.
package struct ColumnHead: Equatable, Sendable {
  package enum Kind: UInt8, Sendable {
    case integers = 1, codes = 2, doubles = 3, bools = 4, texts = 5, changes = 6
  }
  static let byteCount = 12
  static let encoding: UInt8 = 1

  package var kind: Kind
  package var parameter: UInt8
  package var count: Int
  package var limit: Int

  init(_ kind: Kind, parameter: UInt8 = 0, count: Int, limit: Int = 0) {
    precondition(count <= UInt32.max && limit <= UInt32.max, "a column of \(count) values")
    self.kind = kind
    self.parameter = parameter
    self.count = count
    self.limit = limit
  }

  /// Which reader these bytes are for, and what all kinds have in common.
  package init(_ bytes: Span<UInt8>) throws(BlockProblem) {
    guard bytes.count >= Self.byteCount, let kind = Kind(rawValue: bytes[0]),
      bytes[1] == Self.encoding, bytes[3] == 0
    else { throw .badHead }
    let numbers = word(bytes, at: 4)
    self.init(
      kind, parameter: bytes[2], count: Int(numbers & 0xFFFF_FFFF), limit: Int(numbers >> 32))
  }

  init(_ bytes: Span<UInt8>, is kind: Kind) throws(BlockProblem) {
    try self.init(bytes)
    guard self.kind == kind else { throw .badHead }
  }

  var bytes: [UInt8] {
    var bytes = [kind.rawValue, Self.encoding, parameter, 0]
    bytes.append(littleEndian: UInt32(count))
    bytes.append(littleEndian: UInt32(limit))
    return bytes
  }

  /// Blocks of 1,024 values; the last one may have fewer.
  package var blockCount: Int { (count + Lanes.blockCount - 1) / Lanes.blockCount }

  package func valueCount(ofBlock block: Int) -> Int {
    min(Lanes.blockCount, count - block * Lanes.blockCount)
  }
}

extension Array where Element == UInt8 {
  mutating func append<Number: FixedWidthInteger>(littleEndian number: Number) {
    for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: number >> Number(shift)))
    }
  }
}
