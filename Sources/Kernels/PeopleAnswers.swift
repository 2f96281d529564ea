package import Calendar
package import Query
package import Sections

/// A question whose kernels go from person to person.
package protocol PeopleKernelQuestion: SectionQuestion {
  /// Over how many days people have to be recognised.
  var recognisedDays: Int { get }
  func content(by kernels: FlowKernels, asOf: Instant) async throws(KernelFailure) -> Content
}

extension PeopleKernelQuestion {
  package func answer(
    by answers: SectionAnswers, from snapshot: Snapshot, asOf: Instant, within limits: Limits
  ) async throws(QueryError) -> Sighted<Answer<Content>> {
    try check()
    return try await answers.seeing(snapshot, limits) { attempt throws(KernelFailure) in
      try await attempt.prepareFacts()
      let kernels = FlowKernels(
        attempt.snapshot, on: attempt.threads, within: attempt.budget)
      let content = try await self.content(by: kernels, asOf: asOf)
      let uniques = try await attempt.uniqueMethod(
        of: self.scope, times: Int64.min..<Int64.max, days: self.recognisedDays)
      return Answer(content, by: Definition(of: self, asOf: asOf, uniques: uniques))
    }
  }

  package var recognisedDays: Int { scope.days }
}

extension FlowKernels {
  /// What comes of a question about people, without its definition.
  package func content<Asked: PeopleKernelQuestion>(
    of question: Asked, asOf: Instant = .epoch
  ) async throws(KernelFailure) -> Asked.Content {
    try await question.content(by: self, asOf: asOf)
  }
}
