/// The people of a section in the order of their hashes, and where the rows of each begin.
package struct PersonRuns: Sendable {
  package let highs: [UInt64]
  package let lows: [UInt32]
  /// One more than there are people: the last is the first row that nobody is known to have made.
  package let firstRows: Cells<UInt32>

  package var count: Int { highs.count }

  package func person(_ run: Int) -> PersonHash { PersonHash(high: highs[run], low: lows[run]) }

  package func rows(of run: Int) -> Range<Int> { Int(firstRows[run])..<Int(firstRows[run + 1]) }

  /// The run of this person, if the section has one.
  package func run(of person: PersonHash) -> Int? {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self.person(middle) < person { low = middle + 1 } else { high = middle }
    }
    return low < count && self.person(low) == person ? low : nil
  }

  /// Checks what was read: people ascend, and each has a row at least.
  package init(
    highs: [UInt64], lows: [UInt32], rowCounts: [Int64], rows: Int
  ) throws(SectionProblem) {
    guard highs.count == lows.count, highs.count == rowCounts.count else {
      throw .column("people: counts differ")
    }
    var firstRows: [UInt32] = []
    firstRows.reserveCapacity(highs.count + 1)
    var first = 0
    for run in rowCounts.indices {
      if run > 0 {
        let isBehind =
          highs[run - 1] != highs[run] ? highs[run - 1] < highs[run] : lows[run - 1] < lows[run]
        guard isBehind else { throw .column("people: out of order") }
      }
      firstRows.append(UInt32(truncatingIfNeeded: first))
      guard rowCounts[run] > 0, rowCounts[run] <= rows - first else {
        throw .column("people: rows")
      }
      first += Int(rowCounts[run])
    }
    guard first == rows else { throw .column("people: rows") }
    firstRows.append(UInt32(truncatingIfNeeded: first))
    self.highs = highs
    self.lows = lows
    self.firstRows = Cells(firstRows)
  }
}
