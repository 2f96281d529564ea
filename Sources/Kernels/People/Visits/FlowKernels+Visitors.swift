package import Calendar
package import Query
import Sections

extension VisitorsQuestion: PeopleKernelQuestion {
  /// How many different people there were, and their views.
  package func content(
    by kernels: FlowKernels, asOf: Instant
  ) async throws(KernelFailure) -> Content {
    let pieces = try KernelFailure.asking { () throws(QueryError) in
      try check()
      return try PieceTable(scope, by: interval)
    }
    let values = breakdown?.paths ?? []
    let source = try FlowSource(
      kernels.snapshot, try await kernels.marks(scope, [], values: values), values: values)
    let groups = breakdown.map { GroupCodes($0, source.numbers) }
    let (whole, tallies) = try await kernels.visitors(self, pieces, groups, source, others: [])
    var rows = [whole.row(.whole, pieces)]
    if let breakdown, let groups {
      let names = groups.names()
      let others = names.ranked(tallies.mapValues(\.people), limit: breakdown.limit).others
      var other: VisitorTally?
      if others.count > 1 {
        // Who is in several of these groups counts once: that takes a second look.
        other = try await kernels.visitors(self, pieces, groups, source, others: Set(others)).1[0]
      }
      let known = other
      rows += names.rows(
        tallies, limit: breakdown.limit, size: \.people,
        sum: { known ?? $0.reduce(into: VisitorTally(pieces: pieces.count)) { $0.add($1) } },
        row: { $1.row($0, pieces) })
    }
    return Content(rows: rows)
  }
}

extension FlowKernels {
  fileprivate func visitors(
    _ question: VisitorsQuestion, _ pieces: PieceTable, _ groups: GroupCodes?,
    _ source: FlowSource, others: Set<UInt32>
  ) async throws(KernelFailure) -> (VisitorTally, [UInt32: VisitorTally]) {
    let rows = VisitorRows(question, pieces, groups, source.numbers, others: others)
    let parts = try await run(
      source, ofNobody: source.snapshot.sections.count, { VisitorTask($0, rows) }
    ) { task, section throws(KernelFailure) in try task.lookAtNobody(in: section) }
    var whole = VisitorTally(pieces: pieces.count)
    var tallies: [UInt32: VisitorTally] = [:]
    for (part, own) in parts {
      whole.add(part)
      tallies.merge(own) { sum, part in
        var sum = sum
        sum.add(part)
        return sum
      }
    }
    return (whole, tallies)
  }
}
