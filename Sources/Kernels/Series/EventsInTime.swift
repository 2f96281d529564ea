import Events
import Sections

/// Finds the events of a section that were in a stretch of time, among rows that ascend in time: those
/// of one person, or of nobody. For one thread.
struct EventsInTime {
  private let section: Section
  private var times: IntegerCursor
  private var heads: CodeCursor

  init(_ section: Section) throws(SectionProblem) {
    self.section = section
    times = try section.times()
    heads = try section.headCodes()
  }

  /// Lends `body` the head of each.
  mutating func forEach(
    in rows: Range<Int>, _ stretch: Range<Int64>, _ body: (Int) -> Void
  ) throws(SectionProblem) {
    var (low, high) = (rows.lowerBound, rows.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if try times.value(at: middle) < stretch.lowerBound {
        low = middle + 1
      } else {
        high = middle
      }
    }
    while low < rows.upperBound, try times.value(at: low) < stretch.upperBound {
      if !section.hidden.contains(low) { body(Int(try heads.value(at: low))) }
      low += 1
    }
  }

  /// How many there are, but for operations on profiles.
  mutating func count(
    in rows: Range<Int>, _ stretch: Range<Int64>
  ) throws(SectionProblem) -> UInt32 {
    let heads = section.heads
    var count: UInt32 = 0
    try forEach(in: rows, stretch) { count += heads[$0].kind.isOperation ? 0 : 1 }
    return count
  }
}
