import Calendar
package import Events
import Platform
package import Query
import Sections

extension StoreAnswers: QuestionAnswers {
  /// Answers any question from what is committed now.
  package func answer<Asked: SectionQuestion>(
    _ question: Asked, of project: ProjectID, within limits: Limits
  ) async throws(QueryError) -> Answer<Asked.Content> {
    // The time first: whatever is committed by then is in the snapshot.
    let now = Instant(milliseconds: sections.clock.wallMilliseconds)
    let snapshot = try await snapshot(of: project) ?? Self.nothing
    let seen = try await sections.answer(question, from: snapshot, asOf: now, within: limits)
    var answer = seen.answer
    answer.missing =
      snapshot.missing
      + seen.missing.map { "\($0.rowCount) events of \($0.window.code): \($0.problem)" }
    return answer
  }

  package func visitorsNow(
    in scope: Scope, of project: ProjectID
  ) async throws(QueryError) -> Answer<VisitorsQuestion.Content> {
    let now = Instant(milliseconds: sections.clock.wallMilliseconds)
    return try await answer(
      VisitorsQuestion.live(at: now, in: scope), of: project, within: .standard)
  }

  /// What a project without events has.
  private static let nothing: Snapshot = {
    // Nobody is hashed with it.
    guard let secret = ProjectSecret(Array(repeating: 0, count: 16)) else {
      preconditionFailure("16 bytes are a secret")
    }
    return Snapshot([], of: secret)
  }()
}
