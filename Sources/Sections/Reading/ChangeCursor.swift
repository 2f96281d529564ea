package import Columns

/// Where the values of a column begin that stay the same over many rows, a block at a time.
package struct ChangeCursor {
  private let column: ChangeBlocks
  private var pieces: PieceCursor
  package private(set) var runs = ChangeRuns()
  /// What `find` found last.
  package private(set) var numbers: [UInt32] = []
  private var loaded = -1
  /// The run that was asked for last: a neighbour's is the same, or the next.
  private var lastRun = 0

  package var rowCount: Int { column.head.count }
  package var changeCount: Int { column.changeCount }

  package init(_ place: ColumnPlace, of source: any ExtentSource) throws(SectionProblem) {
    do { column = try ChangeBlocks(head: place.head.span) } catch { throw .column("\(error)") }
    pieces = PieceCursor(place, of: source)
  }

  /// Brings the changes of a block into `runs`.
  package mutating func load(_ block: Int) throws(SectionProblem) {
    if block == loaded { return }
    let (extent, range) = try pieces.piece(ofBlock: block)
    let column = self.column
    try extent.read(range) { piece throws(BlockProblem) in
      try column.decode(block, of: piece, into: &runs)
    }
    loaded = block
  }

  /// Which value holds in each of these rows of a block, which ascend, into `numbers`: for few of them
  /// quicker than the runs.
  package mutating func find(_ rows: Span<UInt16>, inBlock block: Int) throws(SectionProblem) {
    if numbers.isEmpty { numbers = Array(repeating: 0, count: Lanes.blockCount) }
    let (extent, range) = try pieces.piece(ofBlock: block)
    let column = self.column
    try extent.read(range) { piece throws(BlockProblem) in
      var target = numbers.mutableSpan
      try column.find(rows, inBlock: block, of: piece, into: &target)
    }
  }

  /// Which value holds in a row.
  package mutating func value(of row: Int) throws(SectionProblem) -> Int {
    try load(row / Lanes.blockCount)
    let wanted = UInt16(row % Lanes.blockCount)
    if !runs.holds(wanted, in: lastRun) {
      lastRun = runs.holds(wanted, in: lastRun + 1) ? lastRun + 1 : run(of: wanted)
    }
    return runs.first + lastRun
  }

  private func run(of wanted: UInt16) -> Int {
    var low = 0
    var high = runs.starts.count
    while low < high {
      let middle = (low + high) / 2
      if runs.starts[middle] <= wanted { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }
}
