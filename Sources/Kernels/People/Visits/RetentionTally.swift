import Calendar
import Query

/// Cohorts and who of them came back when, of one group.
struct RetentionTally: Sendable {
  let count: Int
  /// Row by row: a cohort and how many intervals later.
  var cells: [UInt32]
  /// For on-or-after: in which column members were seen last.
  var lasts: [UInt32]

  init(intervals: Int, countsLast: Bool) {
    count = intervals
    cells = Array(repeating: 0, count: intervals * intervals)
    lasts = countsLast ? cells : []
  }

  mutating func add(_ other: RetentionTally) {
    for index in cells.indices { cells[index] += other.cells[index] }
    for index in lasts.indices { lasts[index] += other.lasts[index] }
  }

  var members: Int { (0..<count).reduce(0) { $0 + Int(cells[$1 * count]) } }

  /// The triangle of an answer.
  var rows: [[Int]] {
    (0..<count).map { cohort in
      var row = (0..<(count - cohort)).map { Int(cells[cohort * count + $0]) }
      guard !lasts.isEmpty else { return row }
      var later = 0
      for column in stride(from: row.count - 1, to: 0, by: -1) {
        later += Int(lasts[cohort * count + column])
        row[column] += later
      }
      return row
    }
  }

  func row(
    _ group: Group, _ question: RetentionQuestion, _ pieces: PieceTable, asOf now: Int64
  ) -> RetentionQuestion.Content.Row {
    let cells = rows
    let (now, end) = (Instant(milliseconds: now), Instant(milliseconds: pieces.to))
    let mean = RetentionQuestion.mean(of: cells) { cohort, column in
      question.hasBegun(column, of: cohort, by: now, pieces.starts, end: end)
    }
    return RetentionQuestion.Content.Row(group, cells: cells, mean: mean)
  }
}
