import Calendar
import JSON
import Kernels
import Platform
import Query
import QueryModel
import SealedModel
import Testing

/// 2020-06-10, a Wednesday.
private let wednesday: Int64 = 1_591_747_200_000

private func range(_ from: Int64, _ to: Int64) -> Range<Instant> {
  Instant(
    milliseconds: wednesday + from * flowDay)..<Instant(
      milliseconds: wednesday + to * flowDay)
}

@Suite("Retention by example") struct RetentionTests {
  /// The cells of the whole, about which model and matcher agree.
  private func cells(_ question: RetentionQuestion, _ history: ModelHistory) async throws -> [[Int]]
  {
    let content = try history.answer(question).content
    var random = seeded(7)
    let sealed = try Sealed(history, parts: 2, using: &random)
    let kernels = FlowKernels(
      sealed.snapshot, on: PeopleQuestions.threads, within: Budget(.standard, clock: StillClock()))
    #expect(try await kernels.content(of: question, asOf: Instant(milliseconds: .max)) == content)
    let cells = content.rows[0].cells
    #expect(try matchedRetention(question, history) == cells)
    return cells
  }

  /// Rows without the zeros at their ends, which examples leave out.
  private func trimmed(_ cells: [[Int]]) -> [[Int]] {
    cells.map { Array($0.reversed().drop { $0 == 0 }.reversed()) }
  }

  private func story(
    _ name: String, _ people: [String: [Int64]], hour: Int64 = 5, into story: inout FlowStory
  ) {
    for (person, days) in people {
      for day in days {
        story.add(name, at: wednesday + day * flowDay + hour * flowHour, by: person)
      }
    }
  }

  private var viewing: FlowStory {
    var viewing = FlowStory()
    story("pv", ["p1": [0, 1, 2, 5, 5, 6], "p2": [1, 2, 3, 6]], into: &viewing)
    return viewing
  }

  private func recurring(
    _ range: Range<Instant>, _ start: String, _ comeback: String
  ) -> RetentionQuestion {
    var question = RetentionQuestion(Scope(range), by: .day)
    question.cohorts = .recurring
    question.start = EventSelector(start)
    question.comeback = EventSelector(comeback)
    return question
  }

  @Test("1: recurring by day, a person under two ids")
  func days() async throws {
    var viewing = FlowStory()
    story("pv", ["p1": [0, 1, 2], "alias1": [5, 5, 6], "p2": [1, 2, 3, 6]], into: &viewing)
    viewing.history.joins[.profile("alias1")] = .profile("p1")
    let cells = try await cells(recurring(range(0, 11), "pv", "pv"), viewing.history)
    #expect(cells.map(\.count) == Array((1...11).reversed()))
    #expect(
      trimmed(cells) == [
        [1, 1, 1, 0, 0, 1, 1], [2, 2, 1, 0, 1, 2], [2, 1, 0, 1, 2], [1, 0, 0, 1], [], [1, 1], [2],
        [], [], [], [],
      ])
  }

  @Test("2: months are as long as they are")
  func months() async throws {
    var story = FlowStory()
    for (person, months) in ["p1": [1, 2, 3, 5, 6, 9], "p2": [1, 2, 3, 6, 7, 11]] {
      for month in months {
        let date = CivilDate(year: 2020, month: month, day: 10)!
        story.add("pv", at: Zone.utc.start(of: date).milliseconds + 5 * flowHour, by: person)
      }
    }
    let january = Zone.utc.start(of: CivilDate(year: 2020, month: 1, day: 1)!)
    let november = Zone.utc.start(of: CivilDate(year: 2020, month: 11, day: 11)!)
    var question = recurring(january..<november, "pv", "pv")
    question.interval = .month
    #expect(
      try await cells(question, story.history) == [
        [2, 2, 2, 0, 1, 2, 1, 0, 1, 0, 1], [2, 2, 0, 1, 2, 1, 0, 1, 0, 1],
        [2, 0, 1, 2, 1, 0, 1, 0, 1], Array(repeating: 0, count: 8), [1, 1, 0, 0, 1, 0, 0],
        [2, 1, 0, 1, 0, 1], [1, 0, 0, 0, 1], [0, 0, 0, 0], [1, 0, 0], [0, 0], [1],
      ])
  }

  private var signingUp: FlowStory {
    var signingUp = FlowStory()
    story(
      "signup", ["x": [-5, -1], "p1": [-1, 1, 2, 3, 4], "p2": [-1], "p3": [0], "p4": [2]],
      into: &signingUp)
    story(
      "pv", ["p1": [0, 1, 2, 5, 5, 6], "p2": [1, 2, 3, 6], "p3": [1, 3, 4, 5], "p4": [3, 5]],
      hour: 6, into: &signingUp)
    return signingUp
  }

  @Test("5: who began before the range is in no cohort; the last week is whole")
  func firstTime() async throws {
    var question = recurring(range(-1, 6), "signup", "pv")
    question.cohorts = .firstTime
    #expect(
      try await cells(question, signingUp.history) == [
        [2, 1, 2, 2, 1, 0, 1], [1, 1, 0, 1, 1, 1], [0, 0, 0, 0, 0], [1, 1, 0, 1], [0, 0, 0],
        [0, 0], [0],
      ])
    question.scope.range = range(5 - 6 * 7, 6)
    question.scope.weekStart = .sunday
    question.interval = .week
    #expect(
      trimmed(try await cells(question, signingUp.history)) == [[], [], [], [], [1], [4, 4], []])
  }

  @Test("6: on or after counts everybody who comes back later")
  func onOrAfter() async throws {
    var story = FlowStory()
    self.story(
      "pv", ["p1": [0, 3, 4], "p2": [0, 1], "p3": [1, 2, 3], "p4": [3, 4], "p5": [4]], into: &story)
    var question = recurring(range(0, 6), "pv", "pv")
    question.returns = .onOrAfter
    #expect(
      try await cells(question, story.history) == [
        [2, 2, 1, 1, 1, 0], [2, 1, 1, 0, 0], [1, 1, 0, 0], [3, 2, 0], [3, 0], [0],
      ])
  }

  @Test("8: a filter on the return leaves the cohorts as they are")
  func filteredReturn() async throws {
    var viewing = FlowStory()
    for (person, days) in ["p1": [0, 1, 2, 5, 5, 6], "p2": [1, 2, 3, 6]] as [String: [Int64]] {
      for day in days {
        viewing.add(
          "pv", at: wednesday + day * flowDay, by: person,
          person == "p1" && day == 1 ? ["property": "value"] : [:])
      }
    }
    var question = recurring(range(0, 11), "pv", "pv")
    question.comeback = EventSelector(
      "pv", where: try Filter(.compare(try PropertyPath("props.property"), .equal, "value")))
    #expect(
      trimmed(try await cells(question, viewing.history)) == [
        [1, 1], [2], [2], [1], [], [1], [2], [], [], [], [],
      ])
  }

  @Test("9: one event starts, another returns")
  func twoEvents() async throws {
    var both = FlowStory()
    story("S", ["p1": [0, 1, 2, 3], "p2": [0, 1, 2, 3], "p3": [5]], into: &both)
    story("R", ["p1": [5, 6], "p2": [5]], into: &both)
    #expect(
      try await cells(recurring(range(0, 7), "S", "R"), both.history) == [
        [2, 0, 0, 0, 0, 2, 1], [2, 0, 0, 0, 2, 1], [2, 0, 0, 2, 1], [2, 0, 2, 1], [0, 0, 0],
        [1, 0], [0],
      ])
  }

  @Test("11: a person is in the cohort of the first time only")
  func firstTouch() async throws {
    var story = FlowStory()
    let people: [String: [Int64]] = [
      "RU1": [0, 1, 2], "RU2": [0, 2], "RU3": [0], "RU4": [1, 2], "RU5": [1],
    ]
    self.story("any", people, into: &story)
    var question = RetentionQuestion(Scope(range(0, 3)), by: .day)
    #expect(try await cells(question, story.history) == [[3, 1, 2], [2, 1], [0]])
    question.returns = .onOrAfter
    #expect(try await cells(question, story.history) == [[3, 2, 2], [2, 1], [0]])
    question.returns = .on
    var without = FlowStory()
    self.story("any", people.filter { $0.key != "RU3" }, into: &without)
    #expect(try await cells(question, without.history) == [[2, 1, 2], [2, 1], [0]])
  }

  @Test("13: the mean is weighted, and counts what has begun only")
  func weightedMean() {
    let cells = [[100, 50, 25, 10], [80, 40, 0, 0], [60, 30, 0, 0]]
    let ripe = RetentionQuestion.mean(of: cells) { cohort, column in cohort + column <= 3 }
    #expect(ripe == [1, 0.5, 25.0 / 180, 0.1])
    let all = RetentionQuestion.mean(of: cells) { _, _ in true }
    #expect(all == [1, 0.5, 25.0 / 240, 10.0 / 240])
  }

  @Test("Monday evening to Tuesday morning is a day of the calendar, and none of the clock")
  func rolling() async throws {
    var story = FlowStory()
    story.add("any", at: wednesday + 20 * flowHour, by: "p")
    story.add("any", at: wednesday + flowDay + 6 * flowHour, by: "p")
    var question = RetentionQuestion(Scope(range(0, 3)), by: .day)
    #expect(try await cells(question, story.history)[0] == [1, 1, 0])
    question.alignment = .rolling
    #expect(try await cells(question, story.history)[0] == [1, 0, 0])
    story.add("any", at: wednesday + flowDay + 20 * flowHour, by: "p")
    #expect(try await cells(question, story.history)[0] == [1, 1, 0])
  }

  @Test("coming back has to happen often enough within one interval")
  func occurrences() async throws {
    var question = recurring(range(0, 11), "pv", "pv")
    question.minimumOccurrences = 2
    #expect(trimmed(try await cells(question, viewing.history))[0] == [1, 0, 0, 0, 0, 1])
  }

  @Test("the day of 23 hours is a day, for cohorts and for sessions that midnight splits")
  func shortDay() async throws {
    let zone = try ZoneFiles().zone(named: "US/Pacific")
    // 2025-03-08T08:00Z is midnight; the clocks go forward on the 9th at 10:00Z.
    let midnight: Int64 = 1_741_420_800_000
    var story = FlowStory()
    for hours in [4, 24 + 4, 24 + 22, 24 + 23, 48 + 22] as [Int64] {
      story.add("any", at: midnight + hours * flowHour, by: "p")
    }
    var scope = Scope(
      Instant(milliseconds: midnight)..<Instant(milliseconds: midnight + 95 * flowHour))
    scope.zone = zone
    var question = RetentionQuestion(scope, by: .day)
    question.cohorts = .recurring
    #expect(
      try await cells(question, story.history) == [[1, 1, 1, 0], [1, 1, 0], [1, 0], [0]])
    var sessions = SessionsQuestion(scope, by: .day)
    sessions.cutting.idleMilliseconds = flowHour
    sessions.cutting.splitsAtMidnight = true
    let pieces = try story.history.answer(sessions).content.rows[0].pieces
    #expect(pieces.map(\.measures.sessions) == [1, 2, 2, 0])
    #expect(try matchedSessions(sessions, story.history) == pieces.map(\.measures))
  }

  @Test("matcher and model agree about random histories", arguments: 0..<40)
  func agrees(seed: Int) async throws {
    var random = flowGenerator(UInt64(seed))
    for _ in 0..<25 {
      var mix = ModelMix()
      mix.days = [1, 3, 12, 70].randomElement(using: &random)!
      mix.events = 0...40
      let history = ModelHistory.random(mix, using: &random)
      let from = mix.start + Int64.random(in: -1...2, using: &random) * flowHour * 7
      let to = from + Int64.random(in: 1...mix.days * 24, using: &random) * flowHour
      var question = RetentionQuestion(
        Scope(Instant(milliseconds: from)..<Instant(milliseconds: to)),
        by: mix.days > 3
          ? [.day, .week, .month].randomElement(using: &random)!
          : [.hour, .day].randomElement(using: &random)!)
      question.cohorts = RetentionQuestion.Cohorts.allCases.randomElement(using: &random)!
      question.returns = RetentionQuestion.Return.allCases.randomElement(using: &random)!
      question.alignment = RetentionQuestion.Alignment.allCases.randomElement(using: &random)!
      question.minimumOccurrences = [1, 1, 2, 3].randomElement(using: &random)!
      question.isWhole = Bool.random(using: &random)
      if Bool.random(using: &random) { question.start = EventSelector("view") }
      if Bool.random(using: &random) { question.comeback = EventSelector("click") }
      _ = try await cells(question, history)
    }
  }
}

/// What the matcher makes of a history.
func matchedRetention(
  _ question: RetentionQuestion, _ history: ModelHistory
) throws -> [[Int]] {
  let scope = try question.counted()
  let starts = try scope.starts(by: question.interval)
  var cells = starts.indices.map { Array(repeating: 0, count: starts.count - $0) }
  var matcher = RetentionMatcher(question, intervals: starts.count)
  let people = Dictionary(grouping: history.eventsOfAllTime(in: scope)) { history.person(of: $0) }
  for (person, events) in people where person != nil {
    matcher.begin()
    let horizon = question.horizon(starts, in: scope.range)
    for event in events where event.time < horizon {
      let isBehind = event.time >= scope.range.upperBound
      let isInside = event.time >= scope.range.lowerBound
      _ = matcher.add(
        time: event.cts,
        interval: isBehind
          ? starts.count : isInside ? starts.lastIndex { $0 <= event.time } ?? -1 : -1,
        starts: history.matches(question.start, event, scope.profiles),
        returns: history.matches(question.comeback, event, scope.profiles))
    }
    matcher.finish { cohort, column in cells[cohort][column] += 1 }
  }
  return cells
}
