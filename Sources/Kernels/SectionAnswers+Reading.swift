package import Query
package import Sections

extension SectionAnswers {
  /// Whatever else is to be read from a snapshot: `work` runs on one thread of the questions, and looks
  /// at its budget from time to time.
  package func reading<Content: Sendable>(
    _ snapshot: Snapshot, within limits: Limits,
    _ work: @escaping @Sendable (Snapshot, Budget) throws(KernelFailure) -> Content
  ) async throws(QueryError) -> Sighted<Content> {
    try await seeing(snapshot, limits) { attempt throws(KernelFailure) in
      let (snapshot, budget) = (attempt.snapshot, attempt.budget)
      return try await attempt.once { () throws(KernelFailure) in try work(snapshot, budget) }
    }
  }
}
