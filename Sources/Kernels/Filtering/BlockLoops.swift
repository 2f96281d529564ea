// The loops over the rows of a block, or over values of a column that rows have. Masks have a zero or
// a one for each. `start` says from where on the results go; a buffer's own limits are checked once,
// before the loop.
enum BlockLoops {
  @inline(__always)
  private static func check(_ count: Int, at start: Int = 0) {
    precondition(count >= 0 && start >= 0 && count <= Mask.capacity - start, "too many rows")
  }

  /// The places of the ones, ascending, without a branch; says how many there are.
  static func compact(_ mask: Mask, _ count: Int, into rows: RowList) -> Int {
    check(count)
    // SAFETY: `row` is below the capacity of both, and `found` is at most `row`.
    let (mask, rows) = unsafe (mask.start, rows.start)
    var found = 0
    var row = 0
    while row < count {
      unsafe rows[found] = UInt16(truncatingIfNeeded: row)
      found &+= Int(unsafe mask[row])
      row &+= 1
    }
    return found
  }

  /// The places of one code, from `start` on, where those of other codes of the block end.
  static func compact(
    _ codes: Span<UInt32>, equalTo code: UInt32, into rows: RowList, at start: Int
  ) -> Int {
    check(codes.count)
    precondition(start >= 0 && start <= RowList.capacity, "too many rows")
    // SAFETY: the caller has no more rows of all its codes than a block has, and the buffer has a place
    // behind them; `row` is below the count.
    let rows = unsafe rows.start
    var found = start
    var row = 0
    while row < codes.count {
      unsafe rows[found] = UInt16(truncatingIfNeeded: row)
      found &+= unsafe codes[unchecked: row] == code ? 1 : 0
      row &+= 1
    }
    return found &- start
  }

  /// What a table by code says of each.
  static func look(up table: Span<UInt8>, _ codes: Span<UInt32>, into mask: Mask, at start: Int = 0)
  {
    check(codes.count, at: start)
    // SAFETY: checked just now; codes are checked by the table's own subscript.
    let target = unsafe mask.start + start
    var row = 0
    while row < codes.count {
      unsafe target[row] = table[Int(codes[row])]
      row &+= 1
    }
  }

  /// The same for slots of a byte.
  static func look(up table: [UInt8], _ slots: Mask, _ count: Int, into mask: Mask) {
    check(count)
    let table = table.span
    // SAFETY: checked just now; slots are checked by the table's own subscript.
    let (slots, mask) = unsafe (slots.start, mask.start)
    var index = 0
    while index < count {
      unsafe mask[index] = table[Int(slots[index])]
      index &+= 1
    }
  }

  static func isInside(
    _ values: Span<Int64>, _ bounds: ClosedRange<Int64>, into mask: Mask, at start: Int = 0
  ) {
    check(values.count, at: start)
    let (low, high) = (bounds.lowerBound, bounds.upperBound)
    // SAFETY: checked just now, and `row` is below the count of values.
    let target = unsafe mask.start + start
    var row = 0
    while row < values.count {
      let value = unsafe values[unchecked: row]
      unsafe target[row] = (value >= low ? 1 : 0) & (value <= high ? 1 : 0)
      row &+= 1
    }
  }

  /// Whether any is inside.
  static func anyIsInside(_ values: Span<Int64>, _ bounds: ClosedRange<Int64>) -> Bool {
    let (low, high) = (bounds.lowerBound, bounds.upperBound)
    var found: UInt64 = 0
    var row = 0
    while row < values.count {
      // SAFETY: below the count.
      let value = unsafe values[unchecked: row]
      found |= (value >= low ? 1 : 0) & (value <= high ? 1 : 0)
      row &+= 1
    }
    return found != 0
  }

  static func isInside(
    _ values: Span<Double>, _ bounds: ClosedRange<Double>, into mask: Mask, at start: Int = 0
  ) {
    check(values.count, at: start)
    let (low, high) = (bounds.lowerBound, bounds.upperBound)
    // SAFETY: checked just now, and `row` is below the count of values.
    let target = unsafe mask.start + start
    var row = 0
    while row < values.count {
      let value = unsafe values[unchecked: row]
      unsafe target[row] = (value >= low ? 1 : 0) & (value <= high ? 1 : 0)
      row &+= 1
    }
  }

  /// Leaves ones where both have one; says whether any is left.
  @discardableResult
  static func and(_ mask: Mask, _ other: Mask, _ count: Int) -> Bool {
    check(count)
    // SAFETY: checked just now.
    let (mask, other) = unsafe (mask.start, other.start)
    var union: UInt8 = 0
    var row = 0
    while row < count {
      let both = unsafe mask[row] & other[row]
      unsafe mask[row] = both
      union |= both
      row &+= 1
    }
    return union != 0
  }

  static func or(_ mask: Mask, _ other: Mask, _ count: Int) {
    check(count)
    // SAFETY: checked just now.
    let (mask, other) = unsafe (mask.start, other.start)
    var row = 0
    while row < count {
      unsafe mask[row] |= other[row]
      row &+= 1
    }
  }

  static func flip(_ mask: Mask, _ count: Int, at start: Int = 0) {
    check(count, at: start)
    // SAFETY: checked just now.
    let mask = unsafe mask.start + start
    var row = 0
    while row < count {
      unsafe mask[row] ^= 1
      row &+= 1
    }
  }

  static func fill(_ mask: Mask, _ count: Int, with verdict: Bool, at start: Int = 0) {
    check(count, at: start)
    // SAFETY: checked just now.
    unsafe (mask.start + start).update(repeating: verdict ? 1 : 0, count: count)
  }

  static func fill(_ values: BlockBuffer<UInt32>, _ count: Int, with value: UInt32) {
    check(count)
    // SAFETY: checked just now.
    unsafe values.start.update(repeating: value, count: count)
  }

  /// Gives each of these rows its verdict.
  static func scatter(_ verdicts: Mask, to rows: Span<UInt16>, into mask: Mask) {
    check(rows.count)
    // SAFETY: checked just now; a row of a list is a row of a block.
    let (verdicts, mask) = unsafe (verdicts.start, mask.start)
    var index = 0
    while index < rows.count {
      let row = Int(rows[index]) & (Mask.capacity &- 1)
      unsafe mask[row] = verdicts[index]
      index &+= 1
    }
  }

  /// The verdict of each run for its rows; a run ends where the next one starts.
  static func expand(_ verdicts: Mask, _ starts: Span<UInt16>, rows count: Int, into mask: Mask) {
    check(count)
    check(starts.count)
    // SAFETY: checked just now; ends are at most the count of rows.
    let (verdicts, mask) = unsafe (verdicts.start, mask.start)
    var run = 0
    var row = 0
    while run < starts.count {
      let verdict = unsafe verdicts[run]
      run &+= 1
      let end = min(count, run < starts.count ? Int(starts[run]) : count)
      while row < end {
        unsafe mask[row] = verdict
        row &+= 1
      }
    }
  }

  /// What values say for the objects that have them: those in this slot, in their order.
  static func merge(_ dense: Mask, _ slots: Mask, _ slot: UInt8, _ count: Int, into mask: Mask) {
    check(count)
    // SAFETY: checked just now; there are no more values than objects.
    let (dense, slots, mask) = unsafe (dense.start, slots.start, mask.start)
    var next = 0
    var index = 0
    while index < count {
      let isHere: UInt8 = unsafe slots[index] == slot ? 1 : 0
      unsafe mask[index] = isHere == 1 ? dense[next] : mask[index]
      next &+= Int(isHere)
      index &+= 1
    }
  }
}
