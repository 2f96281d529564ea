import Columns
import Compression
import Sections

/// Neighbouring objects of one head, at most 1,024, and what else of their rows somebody asks for:
/// for one thread. Columns of properties have their values side by side, so what asks for one name
/// reads nothing of the others.
final class HeadChunk {
  /// What the chunks of a thread share, since it works on one at a time.
  struct Room {
    let rows = BlockBuffer<UInt32>(repeating: 0)
    let times = BlockBuffer<Int64>(repeating: 0)
    let shared = BlockBuffer<UInt32>(repeating: 0)
    /// By row of a block.
    let ofBlock = BlockBuffer<UInt32>(repeating: 0)
    let decompressor = ZstdDecompressor()
  }

  let section: Section
  let head: Int
  private let room: Room
  private(set) var objects = 0..<0
  /// By object of the chunk, once they were asked for: its row, its time, and the `ctx` of its row.
  var rows: BlockBuffer<UInt32> { room.rows }
  var times: BlockBuffer<Int64> { room.times }
  var shared: BlockBuffer<UInt32> { room.shared }
  var decompressor: ZstdDecompressor { room.decompressor }

  private var rowCursor: HeadRowCursor
  private var timeCursor: IntegerCursor?
  private var changes: ChangeCursor?
  private var knowsRows = false
  private var knowsTimes = false
  private var knowsShared = false

  /// With fewer objects in a block their values are looked up one by one.
  private static let fewInBlock = 8
  /// With more, all rows of the block find their `ctx` at once.
  private static let manyInBlock = 64

  init(_ head: Int, of section: Section, in room: Room) throws(SectionProblem) {
    self.section = section
    self.head = head
    self.room = room
    rowCursor = try HeadRowCursor(head, of: section)
  }

  var count: Int { objects.count }

  /// The objects whose rows are among these.
  func objects(in rows: Range<Int>) throws(SectionProblem) -> Range<Int> {
    try rowCursor.objects(in: rows)
  }

  /// Goes to other objects. What was found of those before is gone.
  func load(_ objects: Range<Int>) {
    precondition(objects.count <= Section.blockRows, "\(objects.count) objects in a chunk")
    self.objects = objects
    knowsRows = false
    knowsTimes = false
    knowsShared = false
  }

  func findRows() throws(SectionProblem) {
    if knowsRows { return }
    try rowCursor.load(objects, into: rows)
    knowsRows = true
  }

  func findTimes() throws(SectionProblem) {
    if knowsTimes { return }
    try findRows()
    var cursor = if let timeCursor { timeCursor } else { try section.times() }
    try forEachBlock { (block, range) throws(SectionProblem) in
      if range.count < Self.fewInBlock {
        for index in range { times[index] = try cursor.value(at: Int(rows[index])) }
        return
      }
      try cursor.load(block)
      let values = cursor.values
      Self.gather(values.span, rows, range, into: times)
    }
    timeCursor = cursor
    knowsTimes = true
  }

  func findShared() throws(SectionProblem) {
    if knowsShared { return }
    try findRows()
    var cursor = if let changes { changes } else { try section.ctxChanges() }
    try forEachBlock { (block, range) throws(SectionProblem) in
      try cursor.load(block)
      let runs = cursor.runs
      if range.count < Self.manyInBlock {
        let starts = runs.starts
        Self.follow(starts.span, first: runs.first, rows, range, into: shared)
        return
      }
      let starts = runs.starts
      Self.expand(starts.span, first: runs.first, into: room.ofBlock)
      Self.gather(room.ofBlock, rows, range, into: shared)
    }
    changes = cursor
    knowsShared = true
  }

  /// Lends `body` each block with rows of the chunk, and which objects they are.
  private func forEachBlock(
    _ body: (Int, Range<Int>) throws(SectionProblem) -> Void
  ) throws(SectionProblem) {
    var index = 0
    while index < count {
      let block = Int(rows[index]) / Section.blockRows
      let end = Self.end(rows, index, count, below: (block + 1) * Section.blockRows)
      try body(block, index..<end)
      index = end
    }
  }

  /// Where ascending numbers are no longer below a limit.
  static func end(
    _ numbers: BlockBuffer<UInt32>, _ start: Int, _ count: Int, below limit: Int
  ) -> Int {
    precondition(start >= 0 && count <= RowList.capacity, "too many rows")
    // SAFETY: checked just now.
    let numbers = unsafe numbers.start
    var index = start
    while index < count, Int(unsafe numbers[index]) < limit { index &+= 1 }
    return index
  }

  private static func gather(
    _ values: BlockBuffer<UInt32>, _ rows: BlockBuffer<UInt32>, _ range: Range<Int>,
    into target: BlockBuffer<UInt32>
  ) {
    precondition(range.lowerBound >= 0 && range.upperBound <= RowList.capacity, "too many rows")
    // SAFETY: checked just now; a row's place is below those of a block.
    let (values, rows, target) = unsafe (values.start, rows.start, target.start)
    var index = range.lowerBound
    while index < range.upperBound {
      let place = Int(unsafe rows[index]) & (Section.blockRows &- 1)
      unsafe target[index] = values[place]
      index &+= 1
    }
  }

  private static func gather(
    _ values: Span<Int64>, _ rows: BlockBuffer<UInt32>, _ range: Range<Int>,
    into target: BlockBuffer<Int64>
  ) {
    precondition(range.lowerBound >= 0 && range.upperBound <= RowList.capacity, "too many rows")
    precondition(values.count >= Section.blockRows, "too few values")
    // SAFETY: checked just now; a row's place is below those of a block.
    let (rows, target) = unsafe (rows.start, target.start)
    var index = range.lowerBound
    while index < range.upperBound {
      let place = Int(unsafe rows[index]) & (Section.blockRows &- 1)
      unsafe target[index] = values[unchecked: place]
      index &+= 1
    }
  }

  /// The run of each row of a block: marks where runs begin, added up without a branch.
  private static func expand(
    _ starts: Span<UInt16>, first: Int, into numbers: BlockBuffer<UInt32>
  ) {
    BlockLoops.fill(numbers, Section.blockRows, with: 0)
    // SAFETY: a start is the place of a row in its block.
    let numbers = unsafe numbers.start
    var index = 0
    while index < starts.count {
      unsafe numbers[Int(starts[index]) & (Section.blockRows &- 1)] = 1
      index &+= 1
    }
    // The first row begins a run.
    var run = UInt32(truncatingIfNeeded: first) &- 1
    var row = 0
    while row < Section.blockRows {
      run &+= unsafe numbers[row]
      unsafe numbers[row] = run
      row &+= 1
    }
  }

  /// Finds for each row the run that it is in, as rows ascend.
  private static func follow(
    _ starts: Span<UInt16>, first: Int, _ rows: BlockBuffer<UInt32>, _ range: Range<Int>,
    into target: BlockBuffer<UInt32>
  ) {
    precondition(range.lowerBound >= 0 && range.upperBound <= RowList.capacity, "too many rows")
    // SAFETY: checked just now.
    let (rows, target) = unsafe (rows.start, target.start)
    var next = 1
    var index = range.lowerBound
    while index < range.upperBound {
      let place = Int(unsafe rows[index]) & (Section.blockRows &- 1)
      while next < starts.count, Int(starts[next]) <= place { next &+= 1 }
      unsafe target[index] = UInt32(truncatingIfNeeded: first &+ next &- 1)
      index &+= 1
    }
  }
}
