import Calendar
import Events
import JSON
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
          try await kernels.content(of: retention, asOf: Instant(milliseconds: .max))
            == story.history.answer(retention).content)
      }
      let paths = PathsQuestion(scope)
      #expect(try await kernels.content(of: paths) == story.history.answer(paths).content)
    }
  }

  /// Somebody comes on Monday at eight in the evening, and again 34 hours later.
  private var evening: FlowStory {
    var story = FlowStory()
    story.add("any", at: monday + 20 * flowHour, by: "p")
    story.add("any", at: monday + 54 * flowHour, by: "p")
    return story
  }

  private var rolling: RetentionQuestion {
    var question = RetentionQuestion(Scope(days(0, 2)), by: .day)
    question.alignment = .rolling
    return question
  }

  @Test("somebody's own last interval is whole, though it ends behind the range")
  func lastRollingInterval() async throws {
    let kernels = try kernels(evening.history)
    for selector in [EventSelector.everything, EventSelector("any")] {
      var question = rolling
      question.start = selector
      let content = try evening.history.answer(question).content
      #expect(content.rows[0].cells == [[1, 1], [0]])
      #expect(try await kernels.content(of: question, asOf: Instant(milliseconds: .max)) == content)
      question.isWhole = false
      let clipped = try evening.history.answer(question).content
      #expect(clipped.rows[0].cells == [[1, 0], [0]])
      #expect(try await kernels.content(of: question, asOf: Instant(milliseconds: .max)) == clipped)
      question.alignment = .calendar
      #expect(
        try await kernels.content(of: question, asOf: Instant(milliseconds: .max)).rows[0].cells
          == [[1, 0], [0]])
    }
  }

  @Test("an interval that is still to come for the last to join is in no mean")
  func ripeRollingIntervals() async throws {
    let kernels = try kernels(evening.history)
    // On Tuesday at noon nobody of Monday evening can have come back a day later.
    for (hours, mean) in [
      (12, [1, nil]), (36, [1, nil]), (47, [1, nil]), (48, [1, 1]), (96, [1, 1]),
    ] as [(Int64, [Double?])] {
      let now = Instant(milliseconds: monday + hours * flowHour)
      let content = try evening.history.answer(rolling, asOf: now).content
      #expect(content.rows[0].mean == mean)
      #expect(try await kernels.content(of: rolling, asOf: now) == content)
    }
  }

  @Test("times that fall, as only damage has them, are no returns")
  func fallingTimes() {
    var question = RetentionQuestion(Scope(days(0, 60)), by: .day)
    question.alignment = .rolling
    question.cohorts = .recurring
    var matcher = RetentionMatcher(question, intervals: 60)
    for day in [9, 10] {
      _ = matcher.add(
        time: monday + Int64(day) * flowDay, interval: day, starts: true, returns: false)
    }
    _ = matcher.add(time: monday + flowDay, interval: 1, starts: false, returns: true)
    var cells: [[Int]] = []
    matcher.finish { cohort, column in cells.append([cohort, column]) }
    #expect(cells == [[9, 0], [10, 0]])
  }

  @Test("a time out of the range, as only damage has it, is in the first piece or the last")
  func timesOutside() throws {
    let pieces = try PieceTable(Scope(days(0, 3)), by: .day)
    #expect(pieces.index(of: monday - 50 * flowDay) == 0)
    #expect(pieces.index(of: .min) == 0)
    #expect(pieces.index(of: monday + 50 * flowDay) == 2)
    #expect(pieces.index(of: .max) == 2)
  }

  /// One person whose every event has its own session and its own value, two minutes apart.
  private func robot(_ count: Int) -> ModelHistory {
    var story = FlowStory()
    for number in 0..<count {
      story.add(
        number % 2 == 0 ? "A" : "B", at: monday + Int64(number) * 2 * flowMinute, by: "robot",
        session: "s\(number)", ["value": .integer(Int64(number))])
    }
    return story.history
  }

  @Test("one person's many sessions and values are held against the memory of a question")
  func oneLongPerson() async throws {
    let kernels = try kernels(robot(12_000), Limits(time: .seconds(30), memoryBytes: 1 << 20))
    func isRefused(_ work: () async throws -> Void) async -> Bool {
      do {
        try await work()
        return false
      } catch KernelFailure.question(.overBudget) { return true } catch { return false }
    }
    var bySession = flowFunnel("A B")
    bySession.subject = .session(.by(.sessionID))
    for order in FunnelQuestion.StepOrder.allCases {
      bySession.order = order
      #expect(await isRefused { _ = try await kernels.content(of: bySession) }, "\(order)")
    }
    var held = flowFunnel("A B")
    held.held = try PropertyPath("props.value")
    #expect(await isRefused { _ = try await kernels.content(of: held) })
    let sessions = SessionsQuestion(Scope(flowAlways), by: .total, rules: .by(.sessionID))
    #expect(await isRefused { _ = try await kernels.content(of: sessions) })
    var paths = PathsQuestion(Scope(flowAlways))
    paths.session = .by(.sessionID)
    #expect(await isRefused { _ = try await kernels.content(of: paths) })
  }

  @Test("the deadline ends a question inside of one long history")
  func deadline() async throws {
    let history = robot(20_000)
    func kernels() throws -> FlowKernels {
      try self.kernels(history, Limits(time: .milliseconds(10), memoryBytes: .max), HastyClock())
    }
    await #expect(throws: KernelFailure.question(.deadlineExceeded)) {
      try await kernels().content(of: flowFunnel("A B A").with { $0.order = .strict })
    }
    await #expect(throws: KernelFailure.question(.deadlineExceeded)) {
      var retention = RetentionQuestion(Scope(flowAlways), by: .year)
      retention.scope.range = days(0, 60)
      retention.start = EventSelector("A")
      _ = try await kernels().content(of: retention, asOf: Instant(milliseconds: .max))
    }
  }

  @Test("a person of many values is counted in a time that grows with these alone")
  func manyValues() async throws {
    var funnel = flowFunnel("A B")
    funnel.breakdown = AttributedBreakdown(
      try Breakdown(by: [PropertyPath("props.value")], limit: 2), by: .eachValue)
    let content = try await kernels(robot(12_000)).content(of: funnel)
    #expect(content.rows.map(\.reached) == [[6_000, 0], [1, 0], [1, 0], [1, 0]])
  }
}
