import Calendar
import Sections

/// The loops of series over the rows of a block.
enum SeriesLoops {
  /// Of the chosen those in `range` of the list that are somebody's (where people are known) and in a
  /// piece: their cells, and a one for each group that has some. Says how many there are.
  static func cells(
    _ list: RowList, _ range: Range<Int>, _ people: BlockBuffer<UInt32>?,
    _ groups: BlockBuffer<UInt32>, _ pieceOf: BlockBuffer<UInt32>?, pieces: Int,
    rows: RowList, cells: BlockBuffer<UInt32>, exists: inout [UInt8]
  ) -> Int {
    precondition(range.lowerBound >= 0 && range.upperBound <= RowList.capacity, "too many rows")
    // SAFETY: rows of a list are rows of a block, and no more are written than read. Groups are
    // checked by the array's own subscript.
    let (list, rows, cells) = unsafe (list.start, rows.start, cells.start)
    let (groups, people, pieceOf) = unsafe (groups.start, people?.start, pieceOf?.start)
    var exists = exists.mutableSpan
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
      exists[Int(group)] = 1
      unsafe rows[found] = row
      unsafe cells[found] = group &* UInt32(truncatingIfNeeded: pieces) &+ piece
      found &+= 1
    }
    return found
  }

  static func count(_ cells: BlockBuffer<UInt32>, _ count: Int, into counts: inout [Int]) {
    precondition(count <= RowList.capacity, "too many rows")
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

  static func list(
    _ numbers: BlockBuffer<Number>, _ rows: RowList, _ cells: BlockBuffer<UInt32>, _ count: Int,
    cells listCells: inout [UInt32], values: inout [Double]
  ) {
    precondition(count <= RowList.capacity, "too many rows")
    // SAFETY: checked just now; rows of a list are rows of a block.
    let (numbers, rows, cells) = unsafe (numbers.start, rows.start, cells.start)
    var index = 0
    while index < count {
      let number = unsafe numbers[Int(rows[index])]
      if number.kind == .integer || number.kind == .double {
        listCells.append(unsafe cells[index])
        values.append(number.asDouble)
      }
      index &+= 1
    }
  }

  static func sum(
    _ numbers: BlockBuffer<Number>, _ rows: RowList, _ cells: BlockBuffer<UInt32>, _ count: Int,
    into sums: inout [ExactSum]
  ) {
    for index in 0..<count {
      let number = numbers[Int(rows[index])]
      guard number.kind == .integer || number.kind == .double else { continue }
      sums[Int(cells[index])].add(number)
    }
  }
}
