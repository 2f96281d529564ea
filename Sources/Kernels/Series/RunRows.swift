import Sections

/// Whose rows are which, for rows that ascend.
struct RunRows {
  private let firstRows: Cells<UInt32>
  private let ofRun: [UInt32]
  private let people: Range<Int>
  private let end: Int
  /// The run of the row before.
  private var run: Int

  /// `runs` stand together; people outside of the range are nobody here.
  init(runs: Range<Int>, firstRows: Cells<UInt32>, ofRun: [UInt32], people: Range<Int>) {
    self.firstRows = firstRows
    self.ofRun = ofRun
    self.people = people
    end = runs.upperBound
    run = runs.lowerBound
  }

  /// Writes the person of each row, counted from the first of the range. Rows go on where those of
  /// the call before ended.
  mutating func mark(
    _ rows: BlockBuffer<UInt32>, _ count: Int, into persons: BlockBuffer<UInt32>
  ) {
    precondition(count >= 0 && count <= RowList.capacity, "too many rows")
    let first = UInt32(truncatingIfNeeded: people.lowerBound)
    let width = UInt32(truncatingIfNeeded: people.count)
    // Copies: what is lent by `self` would bar it from changing.
    let (ownStarts, ownNumbers) = (firstRows, ofRun)
    let (starts, numbers) = (ownStarts, ownNumbers.span)
    // SAFETY: checked just now; runs are checked by the arrays' own subscripts.
    let (rows, persons) = unsafe (rows.start, persons.start)
    var run = run
    var index = 0
    while index < count {
      let row = unsafe rows[index]
      while run &+ 1 < end, starts[run &+ 1] <= row { run &+= 1 }
      let person = numbers[run] &- first
      unsafe persons[index] = person < width ? person : PersonOrdinals.nobody
      index &+= 1
    }
    self.run = run
  }
}
