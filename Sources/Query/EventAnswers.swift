package import Events

/// Whatever answers questions about the events of a project: the store's snapshots, or a database.
/// Who asks has proved which project is theirs.
package protocol EventAnswers: Sendable {
  func answer(
    _ question: EventStatistics, of project: ProjectID
  ) async throws(QueryError) -> EventStatistics.Answer
  func answer(
    _ question: EventSeries, of project: ProjectID
  ) async throws(QueryError) -> EventSeries.Answer
  func answer(
    _ question: PersonEvents, of project: ProjectID
  ) async throws(QueryError) -> EventPage
  func answer(
    _ question: RecentEvents, of project: ProjectID
  ) async throws(QueryError) -> EventPage
  /// The event with this id; nil if the project has none.
  func event(_ id: EventID, of project: ProjectID) async throws(QueryError) -> StoredEvent?
  /// What answers about the project lack at the moment because it cannot be read, in words.
  func missing(of project: ProjectID) -> [String]
}
