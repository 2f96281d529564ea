import Calendar
import Sections

/// The loops of series over the rows of a block.
enum SeriesLoops {
  /// Of the chosen those in `range` of the list that are somebody's (where people are known) and in a
  /// piece, and their cells. Says how many there are.
  static func cells(
    _ list: RowList, _ range: Range<Int>, _ people: BlockBuffer<UInt32>?,
    _ groups: BlockBuffer<UInt32>, _ pieceOf: BlockBuffer<UInt32>?, pieces: Int,
    rows: RowList, cells: BlockBuffer<UInt32>
  ) -> Int {
    precondition(range.lowerBound >= 0 && range.upperBound <= RowList.capacity, "too many rows")
    // SAFETY: rows of a list are rows of a block, and no more are written than read.
    let (list, rows, cells) = unsafe (list.start, rows.start, cells.start)
    let (groups, people, pieceOf) = unsafe (groups.start, people?.start, pieceOf?.start)
    var found = 0
    var index = range.lowerBound
    while index < range.upperBound {
      let row = unsafe list[index]
      index &+= 1
      if let people = unsafe people, unsafe people[Int(row)] == PersonOrdinals.nobody { continue }
      var piece: UInt32 = 0
      if let pieceOf = unsafe pieceOf {
        piece = unsafe pieceOf[Int(row)]
        if piece == BucketTable.outside { continue }
      }
      let group = unsafe groups[Int(row)]
      unsafe rows[found] = row
      unsafe cells[found] = group &* UInt32(truncatingIfNeeded: pieces) &+ piece
      found &+= 1
    }
    return found
  }

  /// A one for each group of these rows.
  static func mark(
    _ groups: BlockBuffer<UInt32>, _ rows: RowList, _ count: Int, in exists: inout [UInt8]
  ) {
    precondition(count <= RowList.capacity, "too many rows")
    // SAFETY: checked just now; groups are checked by the array's own subscript.
    let (groups, rows) = unsafe (groups.start, rows.start)
    var exists = exists.mutableSpan
    var index = 0
    while index < count {
      exists[Int(unsafe groups[Int(rows[index])])] = 1
      index &+= 1
    }
  }

  /// Whether all of these cells are the same, as where a name is the group.
  static func isConstant(_ cells: BlockBuffer<UInt32>, _ count: Int) -> Bool {
    precondition(count <= RowList.capacity, "too many rows")
    // SAFETY: checked just now.
    let cells = unsafe cells.start
    let first = unsafe cells[0]
    var difference: UInt32 = 0
    var index = 0
    while index < count {
      difference |= unsafe cells[index] ^ first
      index &+= 1
    }
    return difference == 0
  }

  static func count(_ cells: BlockBuffer<UInt32>, _ count: Int, into counts: inout [Int]) {
    // One counter is slower than many: each step waits for the one before.
    if isConstant(cells, count) {
      counts[Int(cells[0])] &+= count
      return
    }
    // SAFETY: checked just now; cells are checked by the array's own subscript.
    let cells = unsafe cells.start
    var target = counts.mutableSpan
    var index = 0
    while index < count {
      target[Int(unsafe cells[index])] &+= 1
      index &+= 1
    }
  }

  /// Adds numbers to cells.
  static func add(
    _ numbers: BlockBuffer<UInt32>, _ cells: BlockBuffer<UInt32>, _ count: Int,
    into counts: inout [Int]
  ) {
    precondition(count <= RowList.capacity, "too many rows")
    // SAFETY: checked just now; cells are checked by the array's own subscript.
    let (numbers, cells) = unsafe (numbers.start, cells.start)
    var target = counts.mutableSpan
    var index = 0
    while index < count {
      target[Int(unsafe cells[index])] &+= Int(unsafe numbers[index])
      index &+= 1
    }
  }

  static func sum(
    _ numbers: BlockBuffer<Number>, _ rows: RowList, _ cells: BlockBuffer<UInt32>, _ count: Int,
    into sums: inout [ExactSum]
  ) {
    for index in 0..<count {
      let number = numbers[Int(rows[index])]
      guard number.isNumber else { continue }
      sums[Int(cells[index])].add(number)
    }
  }
}
