package import Calendar
package import Query
import Sections

extension SessionsQuestion: PeopleKernelQuestion {
  /// Visits: how many, how long, where they began and ended.
  package func content(
    by kernels: FlowKernels, asOf: Instant
  ) async throws(KernelFailure) -> Content {
    let pieces = try KernelFailure.asking { () throws(QueryError) in
      try check()
      return try PieceTable(scope, by: interval)
    }
    var keys: [EventSelector] = []
    if case .ga4(let selector?) = bounce { keys.append(selector) }
    let values = SessionRows.paths(of: self)
    let marks = try await kernels.marks(
      scope, keys, times: isClipped ? nil : .min ..< .max, values: values)
    let source = try FlowSource(
      kernels.snapshot, marks, values: values, sessionIDs: cutting.cut == .sessionID)
    let groups = breakdown.map { GroupCodes($0, source.numbers) }
    let parts =
      PlainSessionsTask.fits(self)
      ? try await kernels.run(source) { PlainSessionsTask($0, self, pieces) }
      : try await kernels.run(source) { SessionsTask($0, self, pieces, groups) }
    var sum = SessionParts(whole: SessionTally(pieces: pieces.count))
    for part in parts { sum.add(part) }
    return content(of: sum, pieces, groups, source.numbers)
  }

  private func content(
    of sum: SessionParts, _ table: PieceTable, _ groups: GroupCodes?, _ numbers: ValueNumbers
  ) -> Content {
    var rows = [sum.whole.row(.whole, table)]
    if let breakdown, let groups {
      rows += groups.names().rows(
        sum.groups, limit: breakdown.limit, size: { $0.whole.sessions },
        sum: { $0.reduce(into: SessionTally(pieces: table.count)) { $0.add($1) } },
        row: { $1.row($0, table) })
    }
    let values = page == nil ? [] : numbers.values
    func largest(_ counts: [UInt32: Int]) -> [Content.Page] {
      counts.map { Content.Page(values[Int($0.key)], sessions: $0.value) }
        .sorted { $0.sessions == $1.sessions ? $0.page < $1.page : $0.sessions > $1.sessions }
        .prefix(pages).map { $0 }
    }
    return Content(
      rows: rows, entryPages: largest(sum.entryPages), exitPages: largest(sum.exitPages))
  }
}

extension SessionParts {
  mutating func add(_ other: SessionParts) {
    whole.add(other.whole)
    groups.merge(other.groups) { sum, part in
      var sum = sum
      sum.add(part)
      return sum
    }
    entryPages.merge(other.entryPages) { $0 + $1 }
    exitPages.merge(other.exitPages) { $0 + $1 }
  }
}
