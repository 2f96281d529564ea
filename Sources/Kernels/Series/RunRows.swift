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
    precondition(runs.upperBound < firstRows.count, "no such runs")
    self.firstRows = firstRows
    self.ofRun = ofRun
    self.people = people
    end = runs.upperBound
    run = runs.lowerBound
  }

  /// Writes the person of each of the chosen, counted from the first of the range, to its place. Rows
  /// go on where those of the call before ended.
  mutating func mark(
    _ rows: BlockBuffer<UInt32>, _ chosen: ChosenObjects, into persons: BlockBuffer<UInt32>
  ) {
    precondition(chosen.count <= RowList.capacity, "too many rows")
    let first = UInt32(truncatingIfNeeded: people.lowerBound)
    let width = UInt32(truncatingIfNeeded: people.count)
    // A copy: what is lent by `self` would bar it from changing.
    let ownNumbers = ofRun
    let numbers = ownNumbers.span
    // SAFETY: checked just now, and places are below every buffer's capacity; the runs up to the last
    // one, and the end of it, were checked to be there. Numbers are checked by the span's subscript.
    let (starts, places) = unsafe (firstRows.start, chosen.places.start)
    let (rows, persons) = unsafe (rows.start, persons.start)
    var run = run
    var next = run &+ 1 < end ? unsafe starts[run &+ 1] : .max
    var index = 0
    while index < chosen.count {
      let place = Int(unsafe places[index])
      let row = unsafe rows[place]
      while next <= row {
        run &+= 1
        next = run &+ 1 < end ? unsafe starts[run &+ 1] : .max
      }
      let person = numbers[run] &- first
      unsafe persons[place] = person < width ? person : PersonOrdinals.nobody
      index &+= 1
    }
    self.run = run
    extendLifetime(firstRows)
  }
}
