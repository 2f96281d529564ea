import Calendar
import Events
import Platform
import Query
import QueryModel
import SealedModel
import Testing

@testable import Kernels

@Suite("People at the edges of a question") struct PeopleEdgeTests {
  private func kernels(
    _ history: ModelHistory, _ limits: Limits = .standard, _ clock: any Clock = StillClock()
  ) throws -> FlowKernels {
    var random = seeded(3)
    let sealed = try Sealed(history, parts: 1, using: &random)
    return FlowKernels(
      sealed.snapshot, on: PeopleQuestions.threads, within: Budget(limits, clock: clock))
  }

  private func moments(_ from: Int64, _ to: Int64) -> Range<Instant> {
    Instant(milliseconds: from)..<Instant(milliseconds: to)
  }

  @Test("a range without any time has nobody, also where an event or a visit lies on it")
  func emptyRange() async throws {
    var story = FlowStory()
    for minute in [0, 10, 20] as [Int64] {
      story.add("view", at: monday + minute * flowMinute, by: "p", kind: .page)
    }
    let kernels = try kernels(story.history)
    for minute in [0, 5, 10, 20] as [Int64] {
      let place = monday + minute * flowMinute
      let scope = Scope(moments(place, place))
      for interval in [Interval.day, .total] {
        let visitors = VisitorsQuestion(scope, by: interval)
        #expect(
          try await kernels.content(of: visitors) == story.history.answer(visitors).content)
        var funnel = FunnelQuestion(scope, steps: [.init(EventSelector("view"))])
        funnel.interval = interval
        #expect(try await kernels.content(of: funnel) == story.history.answer(funnel).content)
        let sessions = SessionsQuestion(scope, by: interval)
        #expect(
          try await kernels.content(of: sessions) == story.history.answer(sessions).content)
      }
      for cohorts in RetentionQuestion.Cohorts.allCases {
        var retention = RetentionQuestion(scope, by: .day)
        retention.cohorts = cohorts
        #expect(
          try await kernels.content(of: retention, asOf: .max)
            == story.history.answer(retention).content)
      }
      let paths = PathsQuestion(scope)
      #expect(try await kernels.content(of: paths) == story.history.answer(paths).content)
    }
  }
}
