import Calendar
package import Query
import Sections

extension FlowKernels {
  /// Who comes back. `now`: intervals that have not begun by then are in no mean.
  package func content(
    of question: RetentionQuestion, asOf now: Int64
  ) async throws(KernelFailure) -> RetentionQuestion.Content {
    let (scope, pieces) = try KernelFailure.asking { () throws(QueryError) in
      try question.check()
      let scope = try question.counted()
      return (scope, try PieceTable(scope, by: question.interval))
    }
    var counted = question
    counted.scope = scope
    let content: RetentionQuestion.Content
    if Self.isPlain(counted, pieces) {
      let marks = try KernelFailure.asking { () throws(QueryError) in try EventMarks(scope, []) }
      let source = try FlowSource(snapshot, marks)
      let asked = counted
      let parts = try await run(source) { PlainRetentionTask($0, asked, pieces) }
      var whole = RetentionTally(
        intervals: pieces.count, countsLast: question.returns == .onOrAfter)
      for part in parts { whole.add(part) }
      content = RetentionQuestion.Content(
        starts: pieces.starts, rows: [whole.row(.whole, question, pieces, asOf: now)])
    } else {
      content = try await byRows(counted, pieces, asOf: now)
    }
    return content
  }

  /// Whether visits say everything.
  private static func isPlain(_ question: RetentionQuestion, _ pieces: PieceTable) -> Bool {
    question.start == .everything && question.comeback == .everything
      && question.breakdown == nil && question.minimumOccurrences == 1
      && question.alignment == .calendar && question.scope.filter == .everything
      && question.scope.kinds == .events && pieces.shortest >= VisitPieces.gap
  }

  private func byRows(
    _ question: RetentionQuestion, _ pieces: PieceTable, asOf now: Int64
  ) async throws(KernelFailure) -> RetentionQuestion.Content {
    let looksBack = question.cohorts == .firstTime
    let end = question.horizon(pieces.starts, in: question.scope.range).milliseconds
    let values = question.breakdown?.paths ?? []
    var marks = try await marks(
      question.scope, [question.start, question.comeback],
      times: (looksBack ? .min : pieces.from)..<end, values: values)
    marks.interest = 3
    let source = try FlowSource(snapshot, marks, values: values)
    let groups = question.breakdown.map { GroupCodes($0, source.numbers) }
    let parts = try await run(source) { RetentionTask($0, question, pieces, groups) }
    var whole = RetentionTally(intervals: pieces.count, countsLast: false)
    var tallies: [UInt32: RetentionTally] = [:]
    for (part, own) in parts {
      whole.add(part)
      tallies.merge(own) { sum, part in
        var sum = sum
        sum.add(part)
        return sum
      }
    }
    var rows = [whole.row(.whole, question, pieces, asOf: now)]
    if let breakdown = question.breakdown, let groups {
      rows += groups.names().rows(
        tallies, limit: breakdown.limit, size: \.members,
        sum: { parts in
          parts.reduce(into: RetentionTally(intervals: pieces.count, countsLast: false)) {
            $0.add($1)
          }
        }, row: { $1.row($0, question, pieces, asOf: now) })
    }
    return RetentionQuestion.Content(starts: pieces.starts, rows: rows)
  }
}
