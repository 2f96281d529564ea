/// The runs of one block: value `first + i` holds from row `starts[i]` to the next start.
package struct ChangeRuns: Sendable {
  /// Which value holds in the first row.
  package private(set) var first = 0
  /// The row where each run begins, ascending; the first one is 0.
  package private(set) var starts: [UInt16] = []
  package private(set) var rowCount = 0

  package init() { starts.reserveCapacity(Lanes.blockCount + 1) }

  /// The values that the block needs.
  package var values: Range<Int> { first..<(first + starts.count) }

  /// Whether a row of the block lies in this run.
  @inline(__always)
  package func holds(_ row: UInt16, in run: Int) -> Bool {
    guard run >= 0, run < starts.count, starts[run] <= row else { return false }
    return run &+ 1 == starts.count || row < starts[run &+ 1]
  }

  mutating func start(rows: Int) {
    rowCount = rows
    starts.removeAll(keepingCapacity: true)
  }

  @inline(__always)
  mutating func append(_ row: Int) { starts.append(UInt16(truncatingIfNeeded: row)) }

  @inline(__always)
  mutating func append(atMost count: Int, _ write: (inout OutputSpan<UInt16>) -> Void) {
    starts.append(addingCapacity: count, initializingWith: write)
  }

  var lastRow: Int { starts.last.map { Int($0) } ?? -1 }

  /// Puts the run that came into the block before the first one that begins in it. False where there
  /// is no such run.
  mutating func finish(changesBefore before: Int) -> Bool {
    if starts.first == 0 {
      first = before
      return true
    }
    guard before > 0 else { return false }
    first = before - 1
    starts.insert(0, at: 0)
    return true
  }

  /// The number of its value for each row.
  package func expandIndices(into rows: inout MutableSpan<UInt32>) {
    let first = UInt32(truncatingIfNeeded: first)
    expand(&rows) { first &+ UInt32(truncatingIfNeeded: $0) }
  }

  /// The value of each row; `values` are those of `self.values`, in turn.
  package func expand(_ values: Span<UInt32>, into rows: inout MutableSpan<UInt32>) {
    precondition(values.count == starts.count, "\(values.count) values for \(starts.count) runs")
    expand(&rows) { values[$0] }
  }

  package func expand(_ values: Span<Int64>, into rows: inout MutableSpan<Int64>) {
    precondition(values.count == starts.count, "\(values.count) values for \(starts.count) runs")
    expand(&rows) { values[$0] }
  }

  package func expand(_ values: Span<UInt64>, into rows: inout MutableSpan<UInt64>) {
    precondition(values.count == starts.count, "\(values.count) values for \(starts.count) runs")
    expand(&rows) { values[$0] }
  }

  package func expand(_ values: Span<Double>, into rows: inout MutableSpan<Double>) {
    precondition(values.count == starts.count, "\(values.count) values for \(starts.count) runs")
    expand(&rows) { values[$0] }
  }

  @inline(__always)
  private func expand<Value>(_ rows: inout MutableSpan<Value>, _ value: (Int) -> Value) {
    precondition(rows.count >= rowCount, "room for \(rows.count) rows")
    let starts = starts.span
    let rowCount = rowCount
    // SAFETY: starts are at most `rowCount`, and `rows` has that many.
    unsafe rows.withUnsafeMutableBufferPointer { rows in
      guard let target = rows.baseAddress else { return }
      var run = 0
      var row = 0
      while run < starts.count {
        let current = value(run)
        run &+= 1
        let end = run < starts.count ? Int(starts[run]) : rowCount
        if row &+ 8 <= rowCount {
          // Most runs are short: eight rows without asking, of which the next run corrects some.
          var place = row
          while place < row &+ 8 {
            unsafe target[place] = current
            place &+= 1
          }
          row = min(row &+ 8, end)
        }
        while row < end {
          unsafe target[row] = current
          row &+= 1
        }
      }
    }
  }
}
