package import Query
import Sections

extension FlowKernels {
  /// Visits: how many, how long, where they began and ended.
  package func content(
    of question: SessionsQuestion
  ) async throws(KernelFailure) -> SessionsQuestion.Content {
    let pieces = try KernelFailure.asking { () throws(QueryError) in
      try question.check()
      return try PieceTable(question.scope, by: question.interval)
    }
    var keys: [EventSelector] = []
    if case .ga4(let selector?) = question.bounce { keys.append(selector) }
    let values = SessionRows.paths(of: question)
    let marks = try await marks(
      question.scope, keys, times: question.isClipped ? nil : .min ..< .max, values: values)
    let source = try FlowSource(
      snapshot, marks, values: values,
      sessionIDs: question.cutting.cut == .sessionID)
    let groups = question.breakdown.map { GroupCodes($0, source.numbers) }
    let parts =
      PlainSessionsTask.fits(question)
      ? try await run(source) { PlainSessionsTask($0, question, pieces) }
      : try await run(source) { SessionsTask($0, question, pieces, groups) }
    var sum = SessionParts(whole: SessionTally(pieces: pieces.count))
    for part in parts { sum.add(part) }
    return Self.content(of: sum, question, pieces, groups, source.numbers)
  }

  private static func content(
    of sum: SessionParts, _ question: SessionsQuestion, _ pieces: PieceTable,
    _ groups: GroupCodes?, _ numbers: ValueNumbers
  ) -> SessionsQuestion.Content {
    var rows = [sum.whole.row(.whole, pieces)]
    if let breakdown = question.breakdown, let groups {
      rows += groups.names().rows(
        sum.groups, limit: breakdown.limit, size: { $0.whole.sessions },
        sum: { $0.reduce(into: SessionTally(pieces: pieces.count)) { $0.add($1) } },
        row: { $1.row($0, pieces) })
    }
    let values = question.page == nil ? [] : numbers.values
    func pages(_ counts: [UInt32: Int]) -> [SessionsQuestion.Content.Page] {
      counts.map { SessionsQuestion.Content.Page(values[Int($0.key)], sessions: $0.value) }
        .sorted { $0.sessions == $1.sessions ? $0.page < $1.page : $0.sessions > $1.sessions }
        .prefix(question.pages).map { $0 }
    }
    return SessionsQuestion.Content(
      rows: rows, entryPages: pages(sum.entryPages), exitPages: pages(sum.exitPages))
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
