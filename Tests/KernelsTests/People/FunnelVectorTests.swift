import Kernels
import Query
import QueryModel
import SealedModel
import Testing

/// The funnel's worked examples, answered by the model and by the matchers.
@Suite("Funnels by example") struct FunnelVectorTests {
  /// What both say; they have to be of one opinion.
  private func row(
    _ funnel: FunnelQuestion, _ story: FlowStory
  ) async throws -> FunnelQuestion.Content.Row {
    let content = try story.history.answer(funnel).content
    #expect(try await sealedContent(of: funnel, story.history) == content)
    let row = content.rows[0]
    let matched = matchedFunnel(funnel, story.history)
    #expect(matched.reached == row.reached)
    #expect(matched.removed == row.removed)
    return row
  }

  private func reached(_ funnel: FunnelQuestion, _ story: FlowStory) async throws -> [Int] {
    try await row(funnel, story).reached
  }

  /// One person and a row of events, one each `every`.
  private func reached(
    _ funnel: FunnelQuestion, _ names: String, every gap: Int64 = 1
  ) async throws -> [Int] {
    var story = FlowStory()
    story.add(names, by: "p", every: gap)
    return try await reached(funnel, story)
  }

  /// One person with events such as `A0`, seconds behind the name.
  private func story(_ events: String) -> FlowStory {
    var story = FlowStory()
    for event in events.split(separator: " ") {
      story.add(String(event.prefix(1)), at: Int64(event.dropFirst())! * 1_000, by: "p")
    }
    return story
  }

  @Test("1: a window ends when it ends, and steps backwards are none")
  func windows() async throws {
    var story = FlowStory()
    for second in 0...8 { story.add("\(1000 + second)", at: Int64(second), by: "p") }
    let five = "1003 1004 1005 1006 1007"
    #expect(try await reached(flowFunnel(five, window: 2), story) == [1, 1, 1, 0, 0])
    #expect(try await reached(flowFunnel(five, window: 3), story) == [1, 1, 1, 1, 0])
    #expect(try await reached(flowFunnel(five, window: 4), story) == [1, 1, 1, 1, 1])
    #expect(try await reached(flowFunnel("1001 1008", window: 10_000), story) == [1, 1])
    #expect(try await reached(flowFunnel("1008 1001", window: 10_000), story) == [1, 0])
  }

  @Test("2: events of one millisecond count in the best order, and none of them twice")
  func ties() async throws {
    var story = FlowStory()
    for (name, time) in [("1000", 0), ("1001", 1), ("1002", 1), ("1003", 1), ("1004", 2)] {
      story.add(name, at: Int64(time), by: "p")
    }
    #expect(
      try await reached(flowFunnel("1000 1001 1002 1003 1004"), story) == [1, 1, 1, 1, 1])
    #expect(try await reached(flowFunnel("1004 1004 1004"), story) == [1, 0, 0])
  }

  @Test("5: the same step twice needs two events")
  func sameStepTwice() async throws {
    let funnel = flowFunnel("f f s", window: 200)
    func times(_ events: [(String, Int64)]) async throws -> [Int] {
      var story = FlowStory()
      for (name, time) in events { story.add(name, at: time, by: "p") }
      return try await reached(funnel, story)
    }
    #expect(try await times([("f", 180), ("f", 220), ("s", 250)]) == [1, 1, 1])
    #expect(try await times([("f", 100), ("f", 250)]) == [1, 1, 0])
    #expect(try await times([("s", 200), ("f", 210), ("s", 230)]) == [1, 0, 0])
  }

  @Test("6 and 7: duplicate steps need distinct events, also in one millisecond")
  func duplicates() async throws {
    var twice = FlowStory()
    twice.add("A", by: "p1", every: 1)
    twice.add("A A", by: "p2", every: 1)
    #expect(try await reached(flowFunnel("A A"), twice) == [2, 1])
    var views = FlowStory()
    for (name, time) in [("onboarding", 0), ("pv", 1), ("pv", 1), ("pv", 2)] {
      views.add(name, at: Int64(time), by: "p")
    }
    #expect(try await reached(flowFunnel("onboarding pv pv"), views) == [1, 1, 1])
  }

  @Test("8: the window's end is inside, and the time to convert is that of who converted")
  func inclusive() async throws {
    var story = FlowStory()
    story.add("signup", at: 14 * flowHour, by: "p1")
    story.add("pv", at: 14 * flowHour + 5 * flowMinute, by: "p1")
    story.add("signup", at: 14 * flowHour + 3 * flowMinute, by: "p2")
    story.add("signup", at: 12 * flowHour, by: "p3")
    story.add("pv", at: 12 * flowHour + 15 * flowMinute, by: "p3")
    let long = try await row(flowFunnel("signup pv"), story)
    #expect(long.reached == [3, 2])
    #expect(long.timeToConvert?.mean == 600_000)
    let short = try await row(flowFunnel("signup pv", window: 5 * flowMinute), story)
    #expect(short.reached == [3, 1])
    #expect(short.timeToConvert?.mean == 300_000)
  }

  @Test("10: the first completion counts, later attempts do not lower it")
  func laterAttempts() async throws {
    var story = FlowStory()
    story.add("a b c", by: "p1", from: flowHour, every: flowHour)
    story.add("a", at: 4 * flowHour, by: "p1")
    story.add("b", at: 5 * flowHour, by: "p1")
    let row = try await row(flowFunnel("a b c", window: flowDay), story)
    #expect(row.reached == [1, 1, 1])
    #expect(row.times.map { $0?.mean } == [nil, 3_600_000, 3_600_000])
  }

  @Test(
    "11: an exclusion counts inside the window, and one clean chain is enough",
    arguments: [
      ("A B", 1...2, 10, "A0 x11 B12", [1, 0], 0), ("A B", 1...2, 10, "A0 x1 A31", [1, 0], 0),
      ("A B", 1...2, 10, "A0 A31 x32", [1, 0], 0), ("A B", 1...2, 10, "A0 A1 x2", [0, 0], 1),
      ("A B", 1...2, 30, "A0 x1 B31 A3600 B3629", [1, 1], 0),
      ("A B C", 2...3, 10, "A0 B1 C3 A4 B5 x6 C7", [1, 1, 1], 0),
      ("A B", 1...2, 86_400, "A0 B1", [1, 1], 0), ("A B", 1...2, 86_400, "A0 x1 B2", [0, 0], 1),
      ("A B", 1...2, 86_400, "A0 x1", [0, 0], 1), ("A B", 1...2, 86_400, "A0 x90000", [1, 0], 0),
      // Ours: a step done again behind the exclusion makes a clean chain.
      ("A B C", 2...3, 100, "A0 B1 x2 B3 C4", [1, 1, 1], 0),
      // A later tainted retry never undoes a conversion.
      ("A B", 1...2, 10, "A0 B1 A2 x3", [1, 1], 0),
    ])
  func exclusions(
    _ steps: String, between: ClosedRange<Int>, window: Int64, events: String, expected: [Int],
    removed: Int
  ) async throws {
    let funnel = flowFunnel(steps, window: window * 1_000).excluding("x", between: between)
    let row = try await row(funnel, story(events))
    #expect(row.reached == expected)
    #expect(row.removed == removed)
  }

  @Test(
    "12: an exclusion lies between its steps only",
    arguments: [
      (1...2, ["p1", "p2"]), (2...3, ["p2", "p3"]), (3...4, ["p3"]), (4...5, []), (2...4, ["p3"]),
    ])
  func advancedExclusions(_ between: ClosedRange<Int>, staying: [String]) async throws {
    var all = FlowStory()
    let people = ["p1": "u p x i x t x q", "p2": "u p i x t x q", "p3": "u x p i t x q"]
    for (person, events) in people { all.add(events, by: person, every: 1_000) }
    let funnel = flowFunnel("u p i t q").excluding("x", between: between)
    #expect(try await reached(funnel, all) == Array(repeating: staying.count, count: 5))
    for (person, events) in people {
      let count = staying.contains(person) ? 1 : 0
      #expect(try await reached(funnel, events)[0] == count, "\(person)")
    }
  }

  @Test("12: whoever is removed is in no step; with stop the steps before count")
  func removeOrStop() async throws {
    var story = FlowStory()
    for (person, events) in [("p1", "A B"), ("p2", "A x B"), ("p3", "A B")] {
      story.add(events, by: person, every: 1_000)
    }
    #expect(try await reached(flowFunnel("A B").excluding("x"), story) == [2, 2])
    #expect(try await reached(flowFunnel("A B").excluding("x", .stop), story) == [3, 2])
  }

  @Test("12b: who leaves an optional step out goes on")
  func optionalSteps() async throws {
    var story = FlowStory()
    let people = ["1", "123", "13", "12345", "1235", "134", "1345", "135"]
    for person in people {
      story.add(person.map(String.init).joined(separator: " "), by: person, every: 1_000)
    }
    #expect(try await reached(flowFunnel("1 2? 3 4? 5"), story) == [8, 3, 7, 3, 4])
  }

  @Test("14: ten steps in one millisecond, whatever the order of the ids")
  func allAtOnce() async throws {
    var story = FlowStory()
    for step in (1...10).reversed() { story.add("s\(step)", at: 7, by: "p") }
    let steps = (1...10).map { "s\($0)" }.joined(separator: " ")
    #expect(try await reached(flowFunnel(steps), story) == Array(repeating: 1, count: 10))
  }

  @Test("15: who does something else is a visitor, not in the funnel")
  func visitorsBeside() async throws {
    var story = FlowStory()
    story.add("blog Signup checkout", by: "123", every: 1_000)
    story.add("blog Signup", by: "666", every: 1_000)
    story.add("other", by: "999", every: 1_000)
    let row = try await row(flowFunnel("blog Signup checkout"), story)
    #expect(row.reached == [2, 2, 1])
    #expect((1...3).map { row.conversion(to: $0) } == [1, 1, 0.5])
    let visitors = try story.history.answer(VisitorsQuestion(Scope(flowAlways), by: .total))
    #expect(visitors.content.rows[0].people == 3)
  }

  @Test("16: the latest start counts, or the first where that is asked for")
  func reentry() async throws {
    var story = FlowStory()
    for (name, minute) in [("A", 60), ("A", 90), ("B", 105), ("C", 135)] {
      story.add(name, at: Int64(minute) * flowMinute, by: "p")
    }
    let latest = try await row(flowFunnel("A B C", window: flowHour), story)
    #expect(latest.reached == [1, 1, 1])
    #expect(latest.timeToConvert?.mean == 2_700_000)
    let first = flowFunnel("A B C", window: flowHour).with { $0.reentry = .first }
    #expect(try await reached(first, story) == [1, 1, 0])
  }

  @Test("18: joining two devices makes one chain of both, also of what was before")
  func joined() async throws {
    var story = FlowStory()
    story.add("A", at: 1, by: "one")
    story.add("B", at: 2, by: "two")
    #expect(try await reached(flowFunnel("A B"), story) == [1, 0])
    story.history.joins[.profile("two")] = .profile("one")
    #expect(try await reached(flowFunnel("A B"), story) == [1, 1])
  }

  @Test("in a strict funnel nothing comes between but the step itself again")
  func strict() async throws {
    let funnel = flowFunnel("A B C").with { $0.order = .strict }
    #expect(try await reached(funnel, "A B C") == [1, 1, 1])
    #expect(try await reached(funnel, "A A B B C") == [1, 1, 1])
    #expect(try await reached(funnel, "A B z C") == [1, 1, 0])
    #expect(try await reached(funnel, "z A z A B C z") == [1, 1, 1])
  }

  @Test("without an order the window holds different steps, each by an event of its own")
  func unordered() async throws {
    let funnel = flowFunnel("A B C", window: 10).with { $0.order = .unordered }
    #expect(try await reached(funnel, "C A B") == [1, 1, 1])
    #expect(try await reached(funnel, "C B", every: 10) == [1, 1, 0])
    #expect(try await reached(funnel, "C B", every: 11) == [1, 0, 0])
    #expect(try await reached(funnel.excluding("x"), "C x A B") == [1, 1, 0])
    #expect(try await reached(funnel.excluding("x"), "C A x") == [0, 0, 0])
  }

  @Test("a funnel that makes no sense is refused")
  func refusals() async throws {
    let bad = [
      flowFunnel(""), flowFunnel("A B", window: 0), flowFunnel("A B", window: -1),
      flowFunnel("A? B"), flowFunnel("A B").excluding("x", between: 1...3),
      flowFunnel("A B C").with { $0.order = .unordered }.excluding("x", between: 1...2),
      flowFunnel("A B?").with { $0.order = .unordered },
    ]
    for funnel in bad { #expect(throws: QueryError.self) { try funnel.check() } }
    try flowFunnel("A").check()
    try flowFunnel("A B?").check()
  }
}

/// What the matchers make of a history, as rows have it, for funnels without breakdowns.
func matchedFunnel(
  _ funnel: FunnelQuestion, _ history: ModelHistory
) -> (reached: [Int], removed: Int) {
  let people = Dictionary(grouping: history.events(in: funnel.scope)) { history.person(of: $0) }
  let subjects = people.filter { $0.key != nil }.values.map { events in
    events.map { event in
      let steps = funnel.steps.indices.filter {
        history.matches(funnel.steps[$0].selector, event, funnel.scope.profiles)
      }
      let ways = funnel.exclusions.filter {
        history.matches($0.selector, event, funnel.scope.profiles)
      }.reduce(0) { $0 | funnel.transitions(of: $1) }
      return ModelStep(
        event.cts, Set(steps.map { $0 + 1 }),
        excluded: Set((1...32).filter { ways & (1 << UInt32($0 - 1)) != 0 }))
    }
  }
  let chains = matchedChains(funnel, subjects)
  return (
    (1...funnel.steps.count).map { step in
      chains.count { chain in
        !chain.isRemoved
          && (funnel.order == .unordered
            ? chain.reached >= step : chain.path & (1 << UInt32(step - 1)) != 0)
      }
    }, chains.count(where: \.isRemoved)
  )
}

/// What sections of a history answer.
private func sealedContent(
  of funnel: FunnelQuestion, _ history: ModelHistory
) async throws -> FunnelQuestion.Content {
  var random = seeded(7)
  let sealed = try Sealed(history, parts: 2, using: &random)
  return try await FlowKernels(
    sealed.snapshot, on: PeopleQuestions.threads, within: Budget(.standard, clock: StillClock())
  ).content(of: funnel)
}
