extension SeriesQuestion {
  /// The most frequent values of a property that begin with a text, for whoever is typing one: a
  /// series of counts whose groups are the values.
  package static func values(
    of path: PropertyPath, startingWith prefix: String = "", in scope: Scope,
    of selector: EventSelector = .everything, limit: Int = Breakdown.defaultLimit
  ) throws(QuestionProblem) -> SeriesQuestion {
    let filter = try Filter(
      prefix.isEmpty ? .exists(path) : .text(path, .hasPrefix(prefix))
    ).and(selector.filter)
    return SeriesQuestion(
      scope, [Series(.events, of: try EventSelector(selector.names, where: filter))],
      breakdown: try Breakdown(by: [path], limit: limit))
  }
}
