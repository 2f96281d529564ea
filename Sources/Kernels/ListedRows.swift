import Columns
import Events
import Query
import Sections

/// One section's rows for a list: for one thread.
struct ListedRows {
  private let number: Int
  private let reader: BlockReader
  private let filter: BlockFilter
  private let cursor: EventPosition?
  private let ids: IDSection

  /// `after`: where the page before ended.
  init(
    of section: Section, _ number: Int, _ filter: EventFilter, after cursor: EventPosition?,
    _ secret: ProjectSecret
  ) throws(SectionProblem) {
    self.number = number
    self.cursor = cursor
    reader = try BlockReader(section)
    self.filter = try BlockFilter(filter, section: number, reader)
    ids = try section.ids(secret.ids)
  }

  /// Takes the rows of a block, which are in the order of people; `times` are those that are meant.
  mutating func look(
    at block: Int, _ times: ClosedRange<Int64>, _ found: inout FirstEvents
  ) throws(SectionProblem) {
    guard !filter.isEmpty, let open = found.open(of: times) else { return }
    try reader.load(block)
    let stamps = reader.times.values
    // Most blocks have nothing that is early enough, whatever else is asked of it.
    guard BlockLoops.anyIsInside(stamps.span.extracting(first: reader.count), open) else { return }
    let count = try filter.load(reader)
    for index in 0..<count {
      let place = Int(filter.rows[index])
      if open.contains(stamps[place]) {
        try take(reader.firstRow + place, at: stamps[place], &found)
      }
    }
  }

  /// Those of a person's rows that can be among the first.
  func rows(
    _ rows: Range<Int>, in times: ClosedRange<Int64>, _ found: FirstEvents
  ) throws(SectionProblem) -> Range<Int> {
    guard !filter.isEmpty, let open = found.open(of: times) else { return 0..<0 }
    let first = try firstRow(of: rows) { $0 >= open.lowerBound }
    return first..<(try firstRow(of: first..<rows.upperBound) { $0 > open.upperBound })
  }

  /// Takes a person's first rows in a block, as many as are `left`: they are in the order of (cts, id).
  mutating func look(
    at block: Int, of rows: Range<Int>, _ found: inout FirstEvents, _ left: inout Int
  ) throws(SectionProblem) {
    try reader.load(block)
    let count = try filter.load(reader)
    let stamps = reader.times.values
    for index in 0..<count where left > 0 {
      let place = Int(filter.rows[found.isAscending ? index : count - 1 - index])
      let row = reader.firstRow + place
      if rows.contains(row), try take(row, at: stamps[place], &found) { left -= 1 }
    }
  }

  /// The first of a person's rows of which this holds, as of all behind it.
  private func firstRow(
    of rows: Range<Int>, where isBehind: (Int64) -> Bool
  ) throws(SectionProblem) -> Int {
    var times = reader.times
    var (low, high) = (rows.lowerBound, rows.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(try times.value(at: middle)) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Whether a row of this time comes behind the cursor.
  @discardableResult
  private func take(
    _ row: Int, at time: Int64, _ found: inout FirstEvents
  ) throws(SectionProblem) -> Bool {
    if let cursor, time == cursor.cts {
      // Of this very time: the id tells on which side of the cursor it is.
      let id = try ids.id(ofRow: row, time: time)
      guard found.isAscending ? cursor.id < id : id < cursor.id else { return false }
    }
    found.add(FirstEvents.Place(section: number, row: row, cts: time))
    return true
  }
}
