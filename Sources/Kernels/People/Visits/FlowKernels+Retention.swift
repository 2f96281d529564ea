package import Calendar
package import Query
import Sections

extension RetentionQuestion: PeopleKernelQuestion {
  /// Who comes back is recognised however short the range is.
  package var recognisedDays: Int { .max }

  /// Who comes back. Intervals that have not begun by now are in no mean.
  package func content(
    by kernels: FlowKernels, asOf now: Instant
  ) async throws(KernelFailure) -> Content {
    let (scope, pieces) = try KernelFailure.asking { () throws(QueryError) in
      try check()
      let scope = try counted()
      return (scope, try PieceTable(scope, by: interval))
    }
    var asked = self
    asked.scope = scope
    return asked.isPlain(pieces)
      ? try await kernels.plain(asked, pieces, asOf: now.milliseconds)
      : try await kernels.byRows(asked, pieces, asOf: now.milliseconds)
  }

  /// Whether visits say everything.
  private func isPlain(_ pieces: PieceTable) -> Bool {
    start == .everything && comeback == .everything && breakdown == nil
      && minimumOccurrences == 1 && alignment == .calendar && scope.filter == .everything
      && scope.kinds == .events && pieces.shortest >= VisitPieces.gap
  }
}

extension FlowKernels {
  fileprivate func plain(
    _ question: RetentionQuestion, _ pieces: PieceTable, asOf now: Int64
  ) async throws(KernelFailure) -> RetentionQuestion.Content {
    let marks = try KernelFailure.asking { () throws(QueryError) in
      try EventMarks(question.scope, [])
    }
    let source = try FlowSource(snapshot, marks)
    let parts = try await run(source) { PlainRetentionTask($0, question, pieces) }
    var whole = RetentionTally(
      intervals: pieces.count, countsLast: question.returns == .onOrAfter)
    for part in parts { whole.add(part) }
    return RetentionQuestion.Content(
      starts: pieces.starts, rows: [whole.row(.whole, question, pieces, asOf: now)])
  }

  fileprivate func byRows(
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
