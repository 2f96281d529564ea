import Calendar
import Events
import JSON
import Platform
import QueryModel
import Testing

@testable import Query

@Suite("Lists and names") struct ListTests {
  @Test("events come in the order of time, then of ids, and any id finds a person's")
  func order() throws {
    var story = Story()
    story.add("a", at: 2, by: "p1")
    story.add("b", at: 1, device: "d1")
    story.add("c", at: 2, by: "p1")
    story.add("d", at: 3, by: "p2")
    story.add("e", at: 4, by: "p1", kind: .identify)
    story.join(.device("d1"), to: .profile("p1"))
    func names(_ question: EventListQuestion) throws -> [String] {
      try story.history.answer(question).content.events.map(\.name)
    }
    let scope = Scope(days(0, 1))
    #expect(try names(EventListQuestion(scope, limit: 9)) == ["d", "c", "a", "b"])
    #expect(try names(EventListQuestion(scope, .oldestFirst, limit: 9)) == ["b", "a", "c", "d"])
    for id in [PersonID.device("d1"), .profile("p1")] {
      #expect(try names(EventListQuestion(scope, by: id, limit: 9)) == ["c", "a", "b"])
    }
    #expect(try names(EventListQuestion(scope, by: .device("p1"), limit: 9)) == [])
    var all = scope
    all.kinds = [.events, .operations]
    #expect(try names(EventListQuestion(all, by: .profile("p1"), limit: 2)) == ["e", "c"])
    #expect(throws: QueryError.invalid(.outOfBounds("limit", 1...10_000))) {
      try EventListQuestion(scope, limit: 0).check()
    }
  }

  @Test("pages are the whole list, cut", arguments: UInt64(0)..<100)
  func pages(seed: UInt64) throws {
    var random = seeded(seed)
    let history = ModelHistory.random(using: &random)
    let limit = Int.random(in: 1...7, using: &random)
    for direction in [EventListQuestion.Direction.newestFirst, .oldestFirst] {
      var question = EventListQuestion(Scope(days(1, 10)), direction, limit: limit)
      var events: [ModelEvent] = []
      repeat {
        let page = try history.answer(question).content
        #expect(page.events.count == limit || page.next == nil)
        events += page.events
        question.after = page.next
      } while question.after != nil
      let all = history.events(in: Scope(days(1, 10)))
      #expect(events == (direction == .oldestFirst ? all : all.reversed()))
    }
  }

  @Test("the people behind a number are as many as it says, on pages", arguments: UInt64(0)..<100)
  func people(seed: UInt64) throws {
    var random = seeded(seed)
    let history = ModelHistory.random(using: &random)
    let scope = Scope(days(0, 9))
    let selector = EventSelector("click")
    let series = SeriesQuestion(
      scope, [Series(.people, of: selector), Series(.eventsPerPerson, of: selector)])
    let totals = try history.answer(series).content.current.totals[0]
    var question = PeopleQuestion(
      scope, of: selector, limit: Int.random(in: 1...4, using: &random))
    var people: [PeopleQuestion.Person] = []
    repeat {
      let page = try history.answer(question).content
      people += page.people
      question.after = page.next
    } while question.after != nil
    #expect(totals[0] == .integer(Int64(people.count)))
    #expect(zip(people, people.dropFirst()).allSatisfy { $0.id < $1.id })
    if let average = totals[1].number {
      #expect(average == Double(people.map(\.events).reduce(0, +)) / Double(people.count))
    }
    for person in people {
      let timeline = EventListQuestion(
        scope, of: selector, by: person.id, .oldestFirst, limit: 1_000)
      let events = try history.answer(timeline).content.events
      #expect(events.count == person.events)
      #expect(events.first?.cts == person.firstCts)
      #expect(events.last?.cts == person.lastCts)
    }
  }

  @Test(
    "names are the paths to values, the most frequent first, with the kinds they were seen with")
  func names() throws {
    var story = Story()
    story.add("a", at: 1, ["x": 1, "in": ["y": "t", "z": [1]], "n": nil])
    story.add("a", at: 2, ["x": 2.5, "in": ["y": true]])
    story.add("b", at: 3, ["x": "t", "a.b": 1, "in": "text", "e": [:]], ctx: ["c": "C"])
    let scope = Scope(days(0, 1))
    func names(_ question: PropertyNamesQuestion) throws -> [String] {
      try story.history.answer(question).content.names.map {
        "\($0.path) \($0.kinds.rawValue) \($0.events)"
      }
    }
    #expect(
      try names(PropertyNamesQuestion(scope, in: .props)) == [
        "props.x 6 3", "props.in.y 5 2", "props.a\\.b 2 1", "props.in 4 1", "props.in.z 8 1",
      ])
    #expect(
      try names(PropertyNamesQuestion(scope, in: .props, prefix: "in.")) == [
        "props.in.y 5 2", "props.in.z 8 1",
      ])
    #expect(
      try names(PropertyNamesQuestion(scope, of: EventSelector("b"), in: .ctx)) == ["ctx.c 4 1"])
    let few = try story.history.answer(PropertyNamesQuestion(scope, in: .props, limit: 2)).content
    #expect(few.hasMore)
    #expect(few.names.count == 2)
  }

  @Test("values that begin with a text are a series whose groups they are")
  func values() throws {
    var story = Story()
    for value: JSONValue in ["pro", "pro", "pre", "free", 1, nil] {
      story.add("a", at: 1, ["plan": value])
    }
    let path = try PropertyPath("props.plan")
    func groups(_ prefix: String) throws -> [Group] {
      try story.history.answer(.values(of: path, startingWith: prefix, in: Scope(days(0, 1))))
        .content.current.groups
    }
    #expect(try groups("pr") == [.values(["pro"]), .values(["pre"])])
    #expect(
      try groups("") == [.values(["pro"]), .values([1]), .values(["free"]), .values(["pre"])])
  }
}
