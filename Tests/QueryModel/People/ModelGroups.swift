import Query

/// The rows of a breakdown: the whole, the largest groups, all others, and what has no value.
func modelRows<Member, Row>(
  _ members: [Member], by breakdown: Breakdown?, group: (Member) -> [Value],
  size: ([Member]) -> Int, row: (Group, [Member]) -> Row
) -> [Row] {
  var rows = [row(.whole, members)]
  guard let breakdown else { return rows }
  let groups = Dictionary(grouping: members, by: group)
  let none = breakdown.paths.map { _ in Value.null }
  let ranked = groups.filter { $0.key != none }.sorted { left, right in
    let (leftSize, rightSize) = (size(left.value), size(right.value))
    return leftSize == rightSize
      ? left.key.lexicographicallyPrecedes(right.key) : leftSize > rightSize
  }
  rows += ranked.prefix(breakdown.limit).map { row(.values($0.key), $0.value) }
  let others = ranked.dropFirst(breakdown.limit).flatMap(\.value)
  if !others.isEmpty { rows.append(row(.other, others)) }
  if let without = groups[none] { rows.append(row(.values(none), without)) }
  return rows
}

extension ModelHistory {
  /// What a breakdown calls an event.
  func values(of breakdown: Breakdown, _ event: ModelEvent, _ scope: Scope) -> [Value] {
    breakdown.paths.map { scalar(at: $0, of: event, scope.profiles).grouped }
  }

  /// Each person's events, in order.
  func byPerson(_ events: [ModelEvent]) -> [[ModelEvent]] {
    let known = events.filter { person(of: $0) != nil }
    return Dictionary(grouping: known) { person(of: $0)! }
      .sorted { $0.key < $1.key }.map(\.value)
  }
}
