import Columns
import Query
import Sections

/// Where a thread is in a section, in plain memory for loops over people: the rows of the block that
/// was loaded last, and what is known of the section's runs.
@unsafe struct FlowLane {
  /// The first row of the block that is loaded, and how many there are; none at first.
  var firstRow = 0
  var count = 0
  /// Of each row of the block.
  let times: UnsafeMutablePointer<Int64>
  let marks: UnsafeMutablePointer<UInt64>
  /// The key of each row's session, where somebody asks for it; 0 for none.
  let sessions: UnsafeMutablePointer<UInt64>
  /// One number for each value that the question reads: those of the first value, then of the next.
  let numbers: UnsafeMutablePointer<UInt32>
  /// Of each run.
  let masks: UnsafePointer<UInt64>
  let firstRows: UnsafePointer<UInt32>
  let firstVisits: UnsafePointer<UInt32>
  /// Of each visit.
  let starts: UnsafePointer<Int64>
  let ends: UnsafePointer<Int64>
  let eventCounts: UnsafePointer<UInt32>
  let viewCounts: UnsafePointer<UInt32>
  let actCounts: UnsafePointer<UInt32>
  /// A run whose mask has none of these bits has no event of interest; none if no run has.
  var wanted: UInt64 = 0
  /// Whether all of the section's rows are in the question's time.
  var isInside = false

  /// Rows of the block, from one on.
  @inline(__always)
  func stretch(from offset: Int, _ count: Int) -> Stretch {
    unsafe Stretch(
      times: UnsafePointer(times + offset), marks: UnsafePointer(marks + offset),
      numbers: UnsafePointer(numbers + offset), sessions: UnsafePointer(sessions + offset),
      count: count)
  }
}

/// Decodes and marks the blocks of one section for one thread.
final class FlowBlocks {
  private let reader: BlockReader
  private let table: [UInt64]
  private let bounds: ClosedRange<Int64>?
  /// Nil where the table says it.
  private let scope: BlockFilter?
  private let selectors: [(bit: UInt64, filter: BlockFilter)]
  private var values: [RowValues<GroupColumn>]
  private var sessions: SessionKeys?
  private let inside = Mask()
  private var block = -1

  init(
    _ source: FlowSource, section number: Int, _ section: Section
  ) throws(SectionProblem) {
    let marks = source.marks
    reader = try BlockReader(section)
    let table = marks.table(section.heads)
    self.table = table
    let times = marks.scope.times
    let known = section.directory.times
    bounds =
      times.lowerBound <= known.lowerBound && times.upperBound > known.upperBound
      ? nil : times.lowerBound...(max(times.lowerBound, times.upperBound &- 1))
    scope =
      marks.scope.isPlain && section.hidden.isEmpty
      ? nil : try BlockFilter(marks.scope, section: number, reader)
    var selectors: [(bit: UInt64, filter: BlockFilter)] = []
    for (bit, filter) in marks.selectors.enumerated() where !filter.isPlain {
      let rows = try BlockFilter(filter, section: number, reader)
      if !rows.isEmpty { selectors.append((1 << UInt64(bit), rows)) }
    }
    self.selectors = selectors
    let heads = table.indices.filter { table[$0] != 0 }
    var values: [RowValues<GroupColumn>] = []
    for path in source.paths {
      values.append(
        try PathValues.groups(
          at: path, heads: heads, of: reader, source.numbers, section: number, marks.profiles))
    }
    self.values = values
    if let key = source.sessions { sessions = try SessionKeys(key, of: reader) }
  }

  /// Brings the block of a row into the lane.
  func load(row: Int, into lane: inout FlowLane) throws(SectionProblem) {
    let block = row / Section.blockRows
    if block == self.block { return }
    self.block = -1
    unsafe lane.count = 0
    try reader.load(block)
    let count = reader.count
    let heads = reader.heads.values
    let stamps = reader.times.values
    let table = self.table
    // SAFETY: lanes have room for a block of each.
    unsafe Self.copy(stamps.span.extracting(first: count), to: lane.times)
    unsafe Self.mark(table.span, heads.span.extracting(first: count), lane.marks)
    if let bounds { unsafe Self.keep(bounds, lane.times, lane.marks, count) }
    if let scope { unsafe keep(scope, try scope.load(reader), lane.marks, count) }
    for (bit, filter) in selectors {
      let found = try filter.load(reader)
      unsafe Self.add(bit, filter.rows, found, lane.marks)
    }
    for place in values.indices {
      try values[place].load(reader)
      unsafe Self.copy(values[place].values, to: lane.numbers + place * Section.blockRows, count)
    }
    try unsafe sessions?.load(reader, into: lane.sessions)
    unsafe lane.firstRow = reader.firstRow
    unsafe lane.count = count
    self.block = block
  }
}

// The loops. SAFETY, for all of them: lanes and buffers have room for the rows of a block, counts are
// those of a block, and rows of a list are rows of a block.
extension FlowBlocks {
  private static func copy(_ values: Span<Int64>, to target: UnsafeMutablePointer<Int64>) {
    precondition(values.count <= Section.blockRows, "too many rows")
    unsafe values.withUnsafeBufferPointer { values in
      guard let first = values.baseAddress else { return }
      unsafe target.update(from: first, count: values.count)
    }
  }

  private static func copy(
    _ values: BlockBuffer<GroupNumber>, to target: UnsafeMutablePointer<UInt32>, _ count: Int
  ) {
    var row = 0
    while row < count {
      let number = unsafe values.start[row].number
      unsafe target[row] = number == GroupNumber.absent.number ? ValueNumbers.none : number
      row &+= 1
    }
  }

  private static func mark(
    _ table: Span<UInt64>, _ heads: Span<UInt32>, _ marks: UnsafeMutablePointer<UInt64>
  ) {
    precondition(heads.count <= Section.blockRows, "too many rows")
    var row = 0
    while row < heads.count {
      // The table's own subscript checks the code.
      unsafe marks[row] = table[Int(heads[unchecked: row])]
      row &+= 1
    }
  }

  private static func keep(
    _ bounds: ClosedRange<Int64>, _ times: UnsafeMutablePointer<Int64>,
    _ marks: UnsafeMutablePointer<UInt64>, _ count: Int
  ) {
    let (low, high) = (bounds.lowerBound, bounds.upperBound)
    var row = 0
    while row < count {
      let time = unsafe times[row]
      unsafe marks[row] &= time >= low && time <= high ? .max : 0
      row &+= 1
    }
  }

  private func keep(
    _ filter: BlockFilter, _ found: Int, _ marks: UnsafeMutablePointer<UInt64>, _ count: Int
  ) {
    BlockLoops.fill(inside, count, with: false)
    let (inside, rows) = unsafe (inside.start, filter.rows.start)
    var index = 0
    while index < found {
      unsafe inside[Int(rows[index])] = 1
      index &+= 1
    }
    var row = 0
    while row < count {
      unsafe marks[row] &= 0 &- UInt64(inside[row])
      row &+= 1
    }
  }

  private static func add(
    _ bit: UInt64, _ rows: RowList, _ found: Int, _ marks: UnsafeMutablePointer<UInt64>
  ) {
    let rows = unsafe rows.start
    var index = 0
    while index < found {
      let row = unsafe Int(rows[index])
      // Only what is an event of the scope has other bits.
      unsafe marks[row] |= bit & (0 &- (marks[row] >> 63))
      index &+= 1
    }
  }
}
