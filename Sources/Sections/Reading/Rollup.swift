/// How many rows of each head each quarter of an hour has: what counts over time read instead of rows.
package struct Rollup: Sendable {
  package static let cellMilliseconds: Int64 = 15 * 60_000

  /// Quarters of an hour since 1970, ascending within each head.
  package private(set) var quarters: [Int64]
  package private(set) var counts: [Int64]
  /// Where the cells of each head begin, and one more for the end.
  package private(set) var firstCells: [Int]

  /// The first and last millisecond of a quarter; times that no event has are as good as any.
  package static func times(ofQuarter quarter: Int64) -> ClosedRange<Int64> {
    let (start, underflow) = quarter.multipliedReportingOverflow(by: cellMilliseconds)
    if underflow { return quarter < 0 ? .min ... .min : .max ... .max }
    let (end, overflow) = start.addingReportingOverflow(cellMilliseconds - 1)
    return start...(overflow ? .max : end)
  }

  package func cells(ofHead head: Int) -> Range<Int> { firstCells[head]..<firstCells[head + 1] }

  /// Takes a row out that was counted. A cell may come to nothing: `removeEmptyCells` is next.
  mutating func remove(head: Int, at time: Int64) {
    let (quotient, rest) = time.quotientAndRemainder(dividingBy: Self.cellMilliseconds)
    let quarter = rest < 0 ? quotient - 1 : quotient
    var cells = cells(ofHead: head)
    while !cells.isEmpty {
      let middle = (cells.lowerBound + cells.upperBound) / 2
      if quarters[middle] == quarter {
        counts[middle] -= counts[middle] > 0 ? 1 : 0
        return
      }
      cells =
        quarters[middle] < quarter
        ? (middle + 1)..<cells.upperBound : cells.lowerBound..<middle
    }
  }

  /// A cell without rows would make a group that nobody is in.
  mutating func removeEmptyCells() {
    var (keptQuarters, keptCounts, starts): ([Int64], [Int64], [Int]) = ([], [], [0])
    for head in 0..<(firstCells.count - 1) {
      for cell in cells(ofHead: head) where counts[cell] > 0 {
        keptQuarters.append(quarters[cell])
        keptCounts.append(counts[cell])
      }
      starts.append(keptCounts.count)
    }
    (quarters, counts, firstCells) = (keptQuarters, keptCounts, starts)
  }

  /// A cell is the number of its quarter; the heads follow each other, and the counts of a head add up
  /// to its rows.
  init(
    cells: [Int64], counts: [Int64], heads: [Int]
  ) throws(SectionProblem) {
    guard cells.count == counts.count else { throw .column("rollup: counts differ") }
    var firstCells = [0]
    var cell = 0
    for rows in heads {
      var left = Int64(rows)
      let first = cell
      while left > 0 {
        guard cell < cells.count, counts[cell] > 0, counts[cell] <= left,
          cell == first || cells[cell - 1] < cells[cell]
        else { throw .column("rollup: counts of a head") }
        left -= counts[cell]
        cell += 1
      }
      firstCells.append(cell)
    }
    guard cell == cells.count else { throw .column("rollup: cells too many") }
    quarters = cells
    self.counts = counts
    self.firstCells = firstCells
  }
}
