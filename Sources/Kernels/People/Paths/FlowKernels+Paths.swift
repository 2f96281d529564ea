package import Calendar
package import Query
import Sections

extension PathsQuestion: PeopleKernelQuestion {
  /// Which ways people take, event by event.
  package func content(
    by kernels: FlowKernels, asOf: Instant
  ) async throws(KernelFailure) -> Content {
    try KernelFailure.asking { () throws(QueryError) in try check() }
    var selectors = [stations]
    switch anchor {
    case .sessionStart: break
    case .from(let selector), .to(let selector): selectors.append(selector)
    }
    let values = PathRows.paths(of: self)
    let source = try FlowSource(
      kernels.snapshot, try await kernels.marks(scope, selectors, values: values),
      values: values, sessionIDs: session.cut == .sessionID)
    var sum = PathParts()
    for part in try await kernels.run(source, { PathTask($0, self) }) { sum.add(part) }
    let names = source.numbers.values
    return Content(
      sessions: sum.sessions, walks: Self.walks(sum, names, limit: limit),
      links: Self.links(sum, names, limit: limit))
  }

  private static func walks(
    _ sum: PathParts, _ values: [Value], limit: Int
  ) -> [PathsQuestion.Content.Walk] {
    // Only those that may be among the first are given their values.
    let least = sum.walks.values.sorted(by: >).dropFirst(limit - 1).first ?? 0
    return sum.walks.filter { $0.value >= least }
      .map { PathsQuestion.Content.Walk($0.key.map { values[Int($0)] }, sessions: $0.value) }
      .sorted { left, right in
        left.sessions == right.sessions
          ? left.stations.lexicographicallyPrecedes(right.stations)
          : left.sessions > right.sessions
      }
      .prefix(limit).map { $0 }
  }

  private static func links(
    _ sum: PathParts, _ values: [Value], limit: Int
  ) -> [PathsQuestion.Content.Link] {
    let least = sum.links.values.map(\.sessions).sorted(by: >).dropFirst(limit - 1).first ?? 0
    return sum.links.filter { $0.value.sessions >= least }
      .map { link, found in
        PathsQuestion.Content.Link(
          place: link.place, source: values[Int(link.source)], target: values[Int(link.target)],
          sessions: found.sessions,
          meanMilliseconds: Double(found.milliseconds) / Double(found.sessions))
      }
      .sorted { left, right in
        if left.sessions != right.sessions { return left.sessions > right.sessions }
        if left.place != right.place { return left.place < right.place }
        return left.source == right.source ? left.target < right.target : left.source < right.source
      }
      .prefix(limit).map { $0 }
  }
}
