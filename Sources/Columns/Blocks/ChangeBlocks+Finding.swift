/// Which values hold in some rows of a block, without a look at its other rows.
extension ChangeBlocks {
  /// `rows` ascend; the number of each one's value goes to the same place of `numbers`.
  package func find(
    _ rows: Span<UInt16>, inBlock block: Int, of piece: Span<UInt8>,
    into numbers: inout MutableSpan<UInt32>
  ) throws(BlockProblem) {
    precondition(numbers.count >= rows.count, "room for \(numbers.count) numbers")
    let rowCount = head.valueCount(ofBlock: block)
    guard let last = rows.indices.last.map({ rows[$0] }) else { return }
    precondition(last < rowCount, "row \(last) of \(rowCount)")
    let (before, count, range) = try parts(ofBlock: block, of: piece)
    let packed = piece.extracting(range)
    let isGood =
      Self.hasRows(count, of: rowCount)
      ? Self.find(rows, amongRows: packed, count, &numbers)
      : Self.find(rows, amongBits: packed, rowCount, &numbers)
    // What was written is how many changes come up to each row. The first row of a column is one.
    guard isGood, numbers[rows.count - 1] <= count, before > 0 || numbers[0] > 0 else {
      throw .badBlock(block)
    }
    let first = UInt32(truncatingIfNeeded: before) &- 1
    var index = 0
    while index < rows.count {
      numbers[index] &+= first
      index &+= 1
    }
  }

  private static func find(
    _ rows: Span<UInt16>, amongRows packed: Span<UInt8>, _ count: Int,
    _ numbers: inout MutableSpan<UInt32>
  ) -> Bool {
    guard packed.count >= BackToBack.byteCount(of: count, width: rowWidth) else { return false }
    var change = 0
    var index = 0
    while index < rows.count {
      let row = UInt64(rows[index])
      while change < count,
        BackToBack.value(at: change, width: rowWidth, of: packed) <= row
      {
        change &+= 1
      }
      numbers[index] = UInt32(truncatingIfNeeded: change)
      index &+= 1
    }
    return true
  }

  private static func find(
    _ rows: Span<UInt16>, amongBits packed: Span<UInt8>, _ rowCount: Int,
    _ numbers: inout MutableSpan<UInt32>
  ) -> Bool {
    guard packed.count >= (rowCount + 7) / 8 else { return false }
    var place = 0
    var bits = word(of: packed, at: 0)
    /// Changes before the word.
    var sum = 0
    var index = 0
    while index < rows.count {
      let row = Int(rows[index])
      while row &>> 3 >= place &+ 8 {
        sum &+= bits.nonzeroBitCount
        place &+= 8
        bits = word(of: packed, at: place)
      }
      // The bits of the word up to the row's own.
      let own = bits &<< UInt64(truncatingIfNeeded: 63 &- (row & 63))
      numbers[index] = UInt32(truncatingIfNeeded: sum &+ own.nonzeroBitCount)
      index &+= 1
    }
    return true
  }

  /// Eight bytes, or as many as there are.
  @inline(__always)
  private static func word(of packed: Span<UInt8>, at place: Int) -> UInt64 {
    if place &+ 8 <= packed.count { return Columns.word(packed, at: place) }
    var bits: UInt64 = 0
    var byte = place
    while byte < packed.count {
      bits |= UInt64(packed[byte]) &<< UInt64(8 &* (byte &- place))
      byte &+= 1
    }
    return bits
  }
}
