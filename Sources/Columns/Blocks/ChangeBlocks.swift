// A block of changes says in which of its rows (1,024, the last block of a column fewer) a new value
// begins:
//
//   0  u32  changes before the block
//   4  u16  changes in it, c
//   6       if 10 × c bits are fewer than the rows: their rows, 10 bits each (`BackToBack`);
//           else one bit a row, lowest first, the last byte filled with zeros
//
// The first row of a column is always a change. The values stand in a column of their own, one for
// each change.

/// Where a value that stays the same over many rows gives way to the next.
package struct ChangeBlocks: Sendable {
  static let headByteCount = 6
  static let rowWidth = 10

  package let head: ColumnHead
  /// How many values the column beside it has.
  package var changeCount: Int { head.limit }

  package init(head bytes: Span<UInt8>) throws(BlockProblem) {
    head = try ColumnHead(bytes, is: .changes)
    guard head.limit <= head.count, head.limit > 0 || head.count == 0 else { throw .badHead }
  }

  /// The changes of a block, in place of what `runs` had before.
  package func decode(
    _ block: Int, of piece: Span<UInt8>, into runs: inout ChangeRuns
  ) throws(BlockProblem) {
    let (before, count, range) = try parts(ofBlock: block, of: piece)
    let packed = piece.extracting(range)
    let rows = head.valueCount(ofBlock: block)
    runs.start(rows: rows)
    let isGood =
      Self.hasRows(count, of: rows)
      ? Self.decodeRows(packed, count, into: &runs) : Self.decodeBits(packed, count, into: &runs)
    guard isGood, runs.finish(changesBefore: before) else { throw .badBlock(block) }
  }

  /// How many changes come before a block, how many are in it, and where their rows are stored.
  func parts(
    ofBlock block: Int, of piece: Span<UInt8>
  ) throws(BlockProblem) -> (before: Int, count: Int, range: Range<Int>) {
    precondition(0..<head.blockCount ~= block, "no block \(block)")
    let range = try Piece.range(ofBlock: block, in: piece)
    let bytes = piece.extracting(range)
    guard bytes.count >= Self.headByteCount else { throw .badBlock(block) }
    let before = halfWord(bytes, at: 0)
    let count = Int(bytes[4]) | Int(bytes[5]) << 8
    guard count <= head.valueCount(ofBlock: block), before + count <= head.limit else {
      throw .badBlock(block)
    }
    return (before, count, range.dropFirst(Self.headByteCount))
  }

  /// Whether the rows of so many changes take less than a bit for each row.
  static func hasRows(_ count: Int, of rows: Int) -> Bool { count * rowWidth < rows }

  private static func decodeRows(
    _ packed: Span<UInt8>, _ count: Int, into runs: inout ChangeRuns
  ) -> Bool {
    guard packed.count >= BackToBack.byteCount(of: count, width: rowWidth) else { return false }
    var last = -1
    for index in 0..<count {
      let row = Int(BackToBack.value(at: index, width: rowWidth, of: packed))
      guard row > last, row < runs.rowCount else { return false }
      runs.append(row)
      last = row
    }
    return true
  }

  private static func decodeBits(
    _ packed: Span<UInt8>, _ count: Int, into runs: inout ChangeRuns
  ) -> Bool {
    let byteCount = (runs.rowCount + 7) / 8
    guard packed.count >= byteCount else { return false }
    var isGood = true
    runs.append(atMost: count) { output in
      var place = 0
      while place < byteCount {
        let isWord = place &+ 8 <= byteCount
        var bits = isWord ? word(packed, at: place) : UInt64(packed[place])
        guard bits.nonzeroBitCount <= output.freeCapacity else {
          isGood = false
          return
        }
        while bits != 0 {
          output.append(UInt16(truncatingIfNeeded: place &* 8 &+ bits.trailingZeroBitCount))
          bits &= bits &- 1
        }
        place &+= isWord ? 8 : 1
      }
    }
    return isGood && runs.starts.count == count && runs.lastRow < runs.rowCount
  }
}

extension ChangeBlocks {
  /// `isChange` says for each row whether a new value begins there; of the first it is not asked.
  package static func encode(_ isChange: Span<Bool>) -> EncodedColumn {
    var encoder = Encoder()
    for row in isChange.indices { encoder.append(isChange: isChange[row]) }
    return encoder.finish()
  }

  /// Takes rows as they come, and gives away pieces as soon as they are complete.
  package struct Encoder: Sendable {
    private var writer = PieceWriter(hasDirectory: true)
    private var changes: [UInt64] = []
    private var rows = 0
    private var count = 0
    package private(set) var changeCount = 0

    package init() {}

    package mutating func append(isChange: Bool) {
      if isChange || count + rows == 0 { changes.append(UInt64(rows)) }
      rows += 1
      if rows == Lanes.blockCount { finishBlock() }
    }

    package mutating func takePieces() -> [Piece] { writer.takePieces() }

    /// The head, and the pieces that were not taken.
    package mutating func finish() -> EncodedColumn {
      if rows > 0 { finishBlock() }
      let head = ColumnHead(.changes, count: count, limit: changeCount)
      return EncodedColumn(head: head.bytes, pieces: writer.finish())
    }

    private mutating func finishBlock() {
      var block: [UInt8] = []
      block.append(littleEndian: UInt32(changeCount))
      block.append(littleEndian: UInt16(changes.count))
      if hasRows(changes.count, of: rows) {
        BackToBack.pack(changes.span, width: rowWidth, appendingTo: &block)
      } else {
        var bits = [UInt8](repeating: 0, count: (rows + 7) / 8)
        for row in changes { bits[Int(row / 8)] |= 1 << UInt8(row % 8) }
        block.append(contentsOf: bits)
      }
      writer.append(block)
      changeCount += changes.count
      count += rows
      rows = 0
      changes.removeAll(keepingCapacity: true)
    }
  }
}
