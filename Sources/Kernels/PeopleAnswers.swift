package import Calendar
package import Query
package import Sections

/// A question that is answered from sections.
package protocol SectionQuestion: Question {
  func answer(
    by answers: SectionAnswers, from snapshot: Snapshot, asOf: Instant, within limits: Limits
  ) async throws(QueryError) -> Sighted<Answer<Content>>
}

/// A question whose kernels go from person to person.
protocol PeopleKernelQuestion: SectionQuestion {
  /// Over how many days people have to be recognised.
  var recognisedDays: Int { get }
  func content(of kernels: FlowKernels, asOf: Instant) async throws(KernelFailure) -> Content
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
      let content = try await self.content(of: kernels, asOf: asOf)
      let uniques = try await attempt.uniqueMethod(
        of: self.scope, times: Int64.min..<Int64.max, days: self.recognisedDays)
      return Answer(content, by: Definition(of: self, asOf: asOf, uniques: uniques))
    }
  }

  var recognisedDays: Int { scope.days }
}

extension SectionAnswers {
  /// The answer to any question.
  package func answer<Asked: SectionQuestion>(
    _ question: Asked, from snapshot: Snapshot, asOf: Instant, within limits: Limits = .standard
  ) async throws(QueryError) -> Sighted<Answer<Asked.Content>> {
    try await question.answer(by: self, from: snapshot, asOf: asOf, within: limits)
  }
}

extension FunnelQuestion: PeopleKernelQuestion {
  func content(of kernels: FlowKernels, asOf: Instant) async throws(KernelFailure) -> Content {
    try await kernels.content(of: self)
  }
}

extension FunnelExplanationQuestion: PeopleKernelQuestion {
  func content(of kernels: FlowKernels, asOf: Instant) async throws(KernelFailure) -> Content {
    try await kernels.content(of: self)
  }
}

extension FunnelPeopleQuestion: PeopleKernelQuestion {
  func content(of kernels: FlowKernels, asOf: Instant) async throws(KernelFailure) -> Content {
    try await kernels.content(of: self)
  }
}

extension RetentionQuestion: PeopleKernelQuestion {
  /// Who comes back is recognised however short the range is.
  var recognisedDays: Int { .max }

  func content(of kernels: FlowKernels, asOf: Instant) async throws(KernelFailure) -> Content {
    try await kernels.content(of: self, asOf: asOf.milliseconds)
  }
}

extension SessionsQuestion: PeopleKernelQuestion {
  func content(of kernels: FlowKernels, asOf: Instant) async throws(KernelFailure) -> Content {
    try await kernels.content(of: self)
  }
}

extension VisitorsQuestion: PeopleKernelQuestion {
  func content(of kernels: FlowKernels, asOf: Instant) async throws(KernelFailure) -> Content {
    try await kernels.content(of: self)
  }
}

extension PathsQuestion: PeopleKernelQuestion {
  func content(of kernels: FlowKernels, asOf: Instant) async throws(KernelFailure) -> Content {
    try await kernels.content(of: self)
  }
}

// Those that have ways of their own.

extension SeriesQuestion: SectionQuestion {
  package func answer(
    by answers: SectionAnswers, from snapshot: Snapshot, asOf: Instant, within limits: Limits
  ) async throws(QueryError) -> Sighted<Answer<Content>> {
    try await answers.answer(self, from: snapshot, asOf: asOf, within: limits)
  }
}

extension StickinessQuestion: SectionQuestion {
  package func answer(
    by answers: SectionAnswers, from snapshot: Snapshot, asOf: Instant, within limits: Limits
  ) async throws(QueryError) -> Sighted<Answer<Content>> {
    try await answers.answer(self, from: snapshot, asOf: asOf, within: limits)
  }
}

extension LifecycleQuestion: SectionQuestion {
  package func answer(
    by answers: SectionAnswers, from snapshot: Snapshot, asOf: Instant, within limits: Limits
  ) async throws(QueryError) -> Sighted<Answer<Content>> {
    try await answers.answer(self, from: snapshot, asOf: asOf, within: limits)
  }
}

extension PropertyNamesQuestion: SectionQuestion {
  package func answer(
    by answers: SectionAnswers, from snapshot: Snapshot, asOf: Instant, within limits: Limits
  ) async throws(QueryError) -> Sighted<Answer<Content>> {
    try await answers.answer(self, from: snapshot, asOf: asOf, within: limits)
  }
}
