import Calendar
import Events
import Query
import QueryModel
import SealedModel
import Sections
import Testing

@testable import Kernels

@Suite("Lists of events and people over sections") struct PeopleListTests {
  @Test("pages of events are the model's, whoever they are by", arguments: 0..<400)
  func events(seed: Int) async throws { try await events(PeopleQuestions(seed: seed)) }

  @Test("so are those of people with several blocks of rows", arguments: 0..<20)
  func manyEvents(seed: Int) async throws {
    try await events(PeopleQuestions(seed: seed, many: true))
  }

  private func events(_ asked: PeopleQuestions) async throws {
    var questions = asked
    for _ in 0..<4 {
      var question = EventListQuestion(
        try questions.scope(), of: try questions.selector(),
        questions.chance(0.5) ? .newestFirst : .oldestFirst,
        limit: Int.random(in: 1...20, using: &questions.random))
      if questions.chance(0.5) {
        question.person =
          questions.history.arrived.randomElement(using: &questions.random)?
          .ownPerson
      }
      for _ in 0..<3 {
        let expected = try questions.history.answer(question)
        let found = try await questions.answer(question)
        #expect(found.definition == expected.definition)
        #expect(found.content.next == expected.content.next)
        let ids = try found.content.events.map { event in
          let record = event.record
          return try Event(record: record.span).id
        }
        try #require(ids == expected.content.events.map(\.id), "\(question)")
        #expect(found.content.events.map(\.source) == expected.content.events.map(\.source))
        guard let next = expected.content.next else { break }
        question.after = next
      }
    }
  }

  @Test("pages of people are the model's", arguments: 0..<400)
  func people(seed: Int) async throws {
    var questions = try PeopleQuestions(seed: seed)
    guard questions.knowsEverybody else { return }
    for _ in 0..<4 {
      var question = PeopleQuestion(
        try questions.scope(), of: try questions.selector(),
        limit: Int.random(in: 1...6, using: &questions.random))
      for _ in 0..<3 {
        let expected = try questions.history.answer(question)
        let found = try await questions.answer(question)
        try #require(found == expected, "\(question)")
        guard let next = expected.content.next else { break }
        question.after = next
      }
    }
  }

  @Test("who has become somebody without events is called by the least id that has some")
  func nameless() async throws {
    let events = ["d2", "d1"].enumerated().map { place, device in
      ModelEvent(
        id: EventID(milliseconds: monday, chance: (1, UInt64(place))), name: "view",
        kind: .page, cts: monday, device: device)
    }
    let history = ModelHistory(
      events, joins: [.device("d1"): .profile("p"), .device("d2"): .profile("p")])
    var random = seeded(1)
    let sealed = try Sealed(history, parts: 2, using: &random)
    let found = try await SectionAnswers(PeopleQuestions.threads, clock: StillClock())
      .answer(PeopleQuestion(Scope(days(0, 1)), limit: 10), from: sealed.snapshot, asOf: .epoch)
    #expect(
      found.answer.content.people == [
        .init(id: .device("d1"), events: 2, firstCts: monday, lastCts: monday)
      ])
  }

  @Test("the people of a step are as many as its number says", arguments: 0..<200)
  func funnelPeople(seed: Int) async throws {
    var questions = try PeopleQuestions(seed: seed)
    if questions.history.arrived.count > 300 { return }
    var funnel = try questions.funnel()
    (funnel.subject, funnel.breakdown) = (.person, nil)
    guard (try? funnel.check()) != nil else { return }
    let content = try await questions.answer(funnel).content
    var reached: [Set<PersonID>] = []
    for step in 1...funnel.steps.count {
      var question = FunnelPeopleQuestion(funnel, step: step, limit: 3)
      var people: [PersonID] = []
      while true {
        let page = try await questions.answer(question).content
        people += page.people
        guard let next = page.next else { break }
        question.after = next
      }
      #expect(people == people.sorted())
      #expect(people.count == content.rows[0].reached[step - 1])
      reached.append(Set(people))
      #expect(reached[step - 1].count == people.count)
    }
    for step in 1...funnel.steps.count {
      let next = step < funnel.steps.count ? reached[step] : []
      let dropped = try await questions.answer(
        FunnelPeopleQuestion(funnel, step: step, .dropped, limit: 10_000)
      ).content.people
      #expect(Set(dropped) == reached[step - 1].subtracting(next))
    }
  }

  @Test("everybody's explanations add up to the funnel's numbers", arguments: 0..<300)
  func explanations(seed: Int) async throws {
    var questions = try PeopleQuestions(seed: seed)
    if questions.history.arrived.count > 300 { return }
    for _ in 0..<3 {
      var funnel = try questions.funnel()
      funnel.breakdown = nil
      guard (try? funnel.check()) != nil else { continue }
      let row = try await questions.answer(funnel).content.rows[0]
      var reached = funnel.steps.map { _ in 0 }
      var removed = 0
      let people = Set(
        questions.history.events.compactMap(\.ownPerson).map(questions.history.canonical))
      for person in people {
        let subjects = try await questions.answer(
          FunnelExplanationQuestion(funnel, for: person)
        ).content.subjects
        for subject in subjects {
          let matches = subject.explanation.matches
          #expect(matches.allSatisfy { subject.events[$0.ordinal].time == $0.time })
          #expect(
            matches.allSatisfy { subject.events[$0.ordinal].steps.contains($0.step) })
          #expect(subject.events.allSatisfy { (subject.first...subject.last).contains($0.time) })
          if case .excluded(_, removed: true) = subject.explanation.end {
            removed += 1
            continue
          }
          let steps =
            funnel.order == .unordered ? matches.indices.map { $0 + 1 } : matches.map(\.step)
          for step in steps { reached[step - 1] += 1 }
        }
      }
      try #require(reached == row.reached, "\(funnel)")
      #expect(removed == row.removed)
    }
  }

  @Test("nothing is known of a stranger")
  func stranger() async throws {
    let questions = try PeopleQuestions(seed: 1)
    let funnel = FunnelQuestion(Scope(days(0, 20)), steps: [.init(.everything)])
    let answer = try await questions.answer(
      FunnelExplanationQuestion(funnel, for: .profile("nobody")))
    #expect(answer.content.subjects.isEmpty)
  }

  @Test("who was there in the last five minutes is there now", arguments: 0..<50)
  func live(seed: Int) async throws {
    let questions = try PeopleQuestions(seed: seed)
    for event in questions.history.events.prefix(4) {
      for after in [0, 1, VisitorsQuestion.liveMilliseconds, VisitorsQuestion.liveMilliseconds + 1]
      {
        let question = VisitorsQuestion.live(
          at: Instant(milliseconds: event.cts + after), in: Scope(days(0, 1)))
        let expected = try questions.history.answer(question)
        let found = try await questions.answer(question)
        #expect(found == expected)
      }
    }
  }
}

extension PeopleQuestions {
  /// Whether whoever somebody has become has events.
  var knowsEverybody: Bool {
    let own = Set(history.events.compactMap(\.ownPerson))
    return own.allSatisfy { own.contains(history.canonical($0)) }
  }
}
