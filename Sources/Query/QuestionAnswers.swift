package import Events

/// Whatever answers every question there is about a project's events, each with a whole answer: what
/// it is the answer to, and what it does not know. Who asks has proved which project is theirs.
package protocol QuestionAnswers: Sendable {
  // Measures over time.
  func answer(
    _ question: SeriesQuestion, of project: ProjectID, within limits: Limits
  ) async throws(QueryError) -> Answer<SeriesQuestion.Content>
  func answer(
    _ question: StickinessQuestion, of project: ProjectID, within limits: Limits
  ) async throws(QueryError) -> Answer<StickinessQuestion.Content>
  func answer(
    _ question: LifecycleQuestion, of project: ProjectID, within limits: Limits
  ) async throws(QueryError) -> Answer<LifecycleQuestion.Content>

  // What people do, one thing after another.
  func answer(
    _ question: FunnelQuestion, of project: ProjectID, within limits: Limits
  ) async throws(QueryError) -> Answer<FunnelQuestion.Content>
  func answer(
    _ question: FunnelPeopleQuestion, of project: ProjectID, within limits: Limits
  ) async throws(QueryError) -> Answer<FunnelPeopleQuestion.Content>
  func answer(
    _ question: FunnelExplanationQuestion, of project: ProjectID, within limits: Limits
  ) async throws(QueryError) -> Answer<FunnelExplanationQuestion.Content>
  func answer(
    _ question: RetentionQuestion, of project: ProjectID, within limits: Limits
  ) async throws(QueryError) -> Answer<RetentionQuestion.Content>
  func answer(
    _ question: SessionsQuestion, of project: ProjectID, within limits: Limits
  ) async throws(QueryError) -> Answer<SessionsQuestion.Content>
  func answer(
    _ question: VisitorsQuestion, of project: ProjectID, within limits: Limits
  ) async throws(QueryError) -> Answer<VisitorsQuestion.Content>
  func answer(
    _ question: PathsQuestion, of project: ProjectID, within limits: Limits
  ) async throws(QueryError) -> Answer<PathsQuestion.Content>

  // Lists.
  func answer(
    _ question: EventListQuestion, of project: ProjectID, within limits: Limits
  ) async throws(QueryError) -> Answer<EventListQuestion.Content>
  func answer(
    _ question: PeopleQuestion, of project: ProjectID, within limits: Limits
  ) async throws(QueryError) -> Answer<PeopleQuestion.Content>
  func answer(
    _ question: PropertyNamesQuestion, of project: ProjectID, within limits: Limits
  ) async throws(QueryError) -> Answer<PropertyNamesQuestion.Content>

  /// Who did something in the last five minutes.
  func visitorsNow(
    in scope: Scope, of project: ProjectID
  ) async throws(QueryError) -> Answer<VisitorsQuestion.Content>
}
