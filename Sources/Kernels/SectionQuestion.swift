package import Calendar
package import Query
package import Sections

/// A question that is answered from sections.
package protocol SectionQuestion: Question {
  func answer(
    by answers: SectionAnswers, from snapshot: Snapshot, asOf: Instant, within limits: Limits
  ) async throws(QueryError) -> Sighted<Answer<Content>>
}

extension SectionAnswers {
  /// The answer to any question.
  package func answer<Asked: SectionQuestion>(
    _ question: Asked, from snapshot: Snapshot, asOf: Instant, within limits: Limits = .standard
  ) async throws(QueryError) -> Sighted<Answer<Asked.Content>> {
    try await question.answer(by: self, from: snapshot, asOf: asOf, within: limits)
  }
}

extension SeriesQuestion: SectionQuestion {
  package func answer(
    by answers: SectionAnswers, from snapshot: Snapshot, asOf: Instant, within limits: Limits
  ) async throws(QueryError) -> Sighted<Answer<Content>> {
    try await answers.answer(self, from: snapshot, asOf: asOf, within: limits)
  }
}
