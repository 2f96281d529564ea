import Calendar
import Events
import JSON
import Kernels
import Platform
import Query
import QueryModel
import SealedModel
import Testing

@Suite("Sessions by example") struct SessionTests {
  private func whole(
    _ question: SessionsQuestion, _ story: FlowStory
  ) throws -> SessionsQuestion.Measures {
    let row = try story.history.answer(question).content.rows[0]
    #expect(try matchedSessions(question, story.history) == row.pieces.map(\.measures))
    return row.measures
  }

  private func question(_ from: Int64 = 0, _ to: Int64 = 3) -> SessionsQuestion {
    var question = SessionsQuestion(Scope(days(from, to)), by: .day)
    question.page = try? PropertyPath("props.path")
    return question
  }

  /// Custom events at so many minutes.
  private func story(_ minutes: [Double]) -> FlowStory {
    var story = FlowStory()
    for minute in minutes {
      story.add("event", at: monday + Int64(minute * Double(flowMinute)), by: "p")
    }
    return story
  }

  @Test("two views ten seconds apart are one session, whichever arrived first")
  func twoViews() throws {
    for seconds in [[0, 10], [10, 0]] as [[Int64]] {
      var story = FlowStory()
      for second in seconds {
        story.add("page_view", at: monday + second * 1_000, by: "p", kind: .page)
      }
      let measures = try whole(question(), story)
      #expect(measures.sessions == 1)
      #expect(measures.duration == 10_000)
      #expect(measures.views == 2)
      #expect(measures.bounces == 0)
    }
  }

  @Test("entry and exit are the first view and the last, whatever surrounds them")
  func entryAndExit() throws {
    var story = FlowStory()
    story.add("custom", at: monday, by: "p")
    story.add("page_view", at: monday + 1, by: "p", kind: .page, ["path": "/2"])
    story.add("page_view", at: monday + 2, by: "p", kind: .page, ["path": "/3"])
    story.add("custom", at: monday + 3, by: "p")
    let content = try story.history.answer(question()).content
    #expect(content.entryPages == [.init("/2", sessions: 1)])
    #expect(content.exitPages == [.init("/3", sessions: 1)])
    let measures = try whole(question(), story)
    #expect(measures.events == 4)
    #expect(measures.views == 2)
  }

  @Test("thirty minutes belong to the session, a second more does not")
  func gap() throws {
    #expect(try whole(question(), story([0, 30])).sessions == 1)
    #expect(try whole(question(), story([0, 30 + 1.0 / 60])).sessions == 2)
  }

  @Test("a session over midnight belongs to its first day, unless midnight splits")
  func midnight() throws {
    let story = story([23 * 60 + 50, 24 * 60 + 10])
    let pieces = try story.history.answer(question()).content.rows[0].pieces
    #expect(pieces.map(\.measures.sessions) == [1, 0, 0])
    var split = question()
    split.cutting.splitsAtMidnight = true
    #expect(try whole(split, story).sessions == 2)
    let visitors = try story.history.answer(VisitorsQuestion(Scope(days(0, 3)), by: .day))
    #expect(visitors.content.rows[0].pieces.map(\.people) == [1, 1, 0])
    #expect(visitors.content.rows[0].people == 1)
  }

  @Test("a late event joins two sessions")
  func late() throws {
    #expect(try whole(question(), story([0, 40])).sessions == 2)
    #expect(try whole(question(), story([0, 40, 20])).sessions == 1)
  }

  @Test("no session is longer than a day")
  func cap() throws {
    #expect(
      try whole(question(), story((0...75).map { Double($0) * 20 })).sessions == 2)
  }

  @Test("a session that began before the range is not in it, unless it is clipped")
  func borders() throws {
    let story = story([24 * 60 - 10, 24 * 60 + 10, 48 * 60 - 5, 48 * 60 + 5])
    let measures = try whole(question(1, 2), story)
    #expect(measures.sessions == 1)
    #expect(measures.duration == 10 * flowMinute)
    var clipped = question(1, 2)
    clipped.isClipped = true
    #expect(try whole(clipped, story).sessions == 2)
    #expect(try whole(clipped, story).duration == 0)
  }

  @Test("sessions by id overlap, and what has no id is cut by gaps")
  func byID() throws {
    var story = FlowStory()
    for (minute, session) in [(0, "a"), (1, "b"), (50, "a"), (51, nil), (90, nil)] {
      story.add("event", at: monday + Int64(minute) * flowMinute, by: "p", session: session)
    }
    var question = question()
    question.cutting = .by(.sessionID)
    let measures = try whole(question, story)
    #expect(measures.sessions == 4)
    #expect(measures.duration == 50 * flowMinute)
  }

  @Test(
    "bounces",
    arguments: [
      ("p", BounceState.bounced), ("p q", .bounced), ("p c", .stayed), ("p p", .stayed),
      ("c c", .notCounted), ("p e", .bounced), ("s", .bounced),
    ])
  func bounces(_ events: String, expected: BounceState) throws {
    var story = FlowStory()
    for (index, event) in events.split(separator: " ").enumerated() {
      let kind: EventKind =
        switch event {
        case "p": .page
        case "s": .screen
        case "e": .engagement
        default: .custom
        }
      story.add(
        String(event), at: monday + Int64(index) * flowMinute, by: "p", kind: kind,
        isInteractive: event == "q" ? false : nil)
    }
    let measures = try whole(question(), story)
    #expect(measures.bounceable == (expected == .notCounted ? 0 : 1))
    #expect(measures.bounces == (expected == .bounced ? 1 : 0))
    var ga4 = question()
    ga4.bounce = .ga4(keyEvents: nil)
    #expect(try whole(ga4, story).bounces == (events.count == 1 ? 1 : 0))
    ga4.bounce = .ga4(keyEvents: EventSelector(String(events.prefix(1))))
    #expect(try whole(ga4, story).bounces == 0)
    var single = question()
    single.bounce = .singleEvent
    #expect(try whole(single, story).bounces == (events.count == 1 ? 1 : 0))
  }

  @Test("who was there five minutes ago is still live")
  func live() throws {
    let story = story([0, 3, 5.5])
    let scope = Scope(flowAlways)
    func people(at minute: Double) throws -> Int {
      let now = Instant(milliseconds: monday + Int64(minute * Double(flowMinute)))
      return try story.history.answer(.live(at: now, in: scope)).content.rows[0].people
    }
    #expect(try people(at: 10.5) == 1)
    #expect(try people(at: 10.6) == 0)
  }

  @Test("without ids that stay, who comes on two days counts twice, and the answer says so")
  func dailyVisitors() throws {
    var history = ModelHistory()
    for (day, visitor) in [(0, "v1"), (1, "v2")] {
      let time = monday + Int64(day) * flowDay
      history.arrived.append(
        ModelEvent(
          id: EventID(milliseconds: time, chance: (0, 1)), name: "page_view", kind: .page,
          cts: time, visitor: visitor))
    }
    let answer = try history.answer(VisitorsQuestion(Scope(days(0, 2)), by: .day))
    #expect(answer.content.rows[0].people == 2)
    #expect(answer.definition.uniques == .sumOfDaily)
    let one = try history.answer(VisitorsQuestion(Scope(days(0, 1)), by: .day))
    #expect(one.definition.uniques == .exact)
  }

  @Test("a session's value is that of its first event with one")
  func breakdown() throws {
    var story = FlowStory()
    story.add("event", at: monday, by: "p")
    story.add("event", at: monday + 1, by: "p", ["utm": "x"])
    story.add("event", at: monday + 2, by: "p", ["utm": "y"])
    story.add("event", at: monday, by: "q")
    var question = question()
    question.breakdown = try Breakdown(by: [PropertyPath("props.utm")])
    let rows = try story.history.answer(question).content.rows
    #expect(rows.map(\.group) == [.whole, .values(["x"]), .values([.null])])
    #expect(rows.map(\.measures.sessions) == [2, 1, 1])
  }

  @Test("cutter and model agree about random histories", arguments: 0..<40)
  func agrees(seed: Int) throws {
    var random = flowGenerator(UInt64(seed))
    for _ in 0..<25 {
      var mix = ModelMix()
      mix.days = [1, 2, 5].randomElement(using: &random)!
      mix.people = [1, 3].randomElement(using: &random)!
      let history = ModelHistory.random(mix, using: &random)
      let from = mix.start + Int64.random(in: -1...1, using: &random) * flowHour * 7
      let to = from + Int64.random(in: 1...mix.days * 24, using: &random) * flowHour
      var question = SessionsQuestion(
        Scope(Instant(milliseconds: from)..<Instant(milliseconds: to)), by: .day)
      question.isClipped = Bool.random(using: &random)
      question.cutting.idleMilliseconds = [1, 30, 300].randomElement(using: &random)! * flowMinute
      question.cutting.capMilliseconds = [1, 24].randomElement(using: &random)! * flowHour
      question.cutting.splitsAtMidnight = Bool.random(using: &random)
      if Int.random(in: 0..<4, using: &random) == 0 { question.cutting.cut = .sessionID }
      question.bounce = [.oneView, .singleEvent, .ga4(keyEvents: EventSelector("buy"))]
        .randomElement(using: &random)!
      var story = FlowStory()
      story.history = history
      _ = try whole(question, story)
    }
  }
}

/// What the cutter makes of a history, by piece.
func matchedSessions(
  _ question: SessionsQuestion, _ history: ModelHistory
) throws -> [SessionsQuestion.Measures] {
  let scope = question.scope
  let starts = try scope.starts(by: question.interval)
  var pieces = starts.map { _ in SessionsQuestion.Measures() }
  func count(_ session: Session) {
    let start = Instant(milliseconds: session.first)
    guard scope.range.contains(start), let piece = starts.lastIndex(where: { $0 <= start }) else {
      return
    }
    pieces[piece].add(session, bounced: session.state(by: question.bounce.test))
  }
  var byGaps = question.cutting
  byGaps.cut = .gaps
  var cutter = SessionCutter(byGaps, zone: scope.zone)
  var named = SessionsByID()
  let events = question.isClipped ? history.events(in: scope) : history.eventsOfAllTime(in: scope)
  let people = Dictionary(grouping: events) { history.person(of: $0) }
  for (person, events) in people where person != nil {
    var codes: [String: UInt32] = [:]
    for (place, event) in events.enumerated() {
      let seen = SessionEvent(
        time: event.cts, ordinal: place, isView: event.kind == .page || event.kind == .screen,
        isAct: event.kind == .custom && event.isInteractive,
        isKey: {
          guard case .ga4(let key?) = question.bounce else { return false }
          return history.matches(key, event, scope.profiles)
        }())
      if question.cutting.cut == .sessionID, let id = event.session {
        let code = codes[id] ?? UInt32(codes.count)
        codes[id] = code
        named.add(Session(seen), id: UInt64(code) + 1)
      } else if let ended = cutter.add(seen) {
        count(ended)
      }
    }
    if let last = cutter.finish() { count(last) }
    for place in 0..<named.count { count(named.session(place)) }
    named.removeAll()
  }
  return pieces
}
