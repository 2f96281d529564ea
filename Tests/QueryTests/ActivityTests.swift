import Calendar
import Platform
import QueryModel
import Testing

@testable import Query

@Suite("Stickiness and lifecycle") struct ActivityTests {
  private func lifecycle(
    _ story: Story, _ range: Range<Instant>, by interval: Interval = .day
  ) throws -> [[Int]] {
    let question = LifecycleQuestion(Scope(range), by: interval)
    return try story.history.answer(question).content.pieces.map {
      [$0.new, $0.returning, $0.resurrecting, $0.dormant]
    }
  }

  @Test("people are new once, return from one piece to the next, and leave in the one after")
  func byHand() throws {
    var story = Story()
    for hours: Double in [1, 2, 25, 73] { story.add("view", at: hours, by: "p1") }
    story.add("view", at: -30, by: "p2")
    story.add("view", at: 1, by: "p2")
    story.add("view", at: -1, by: "p3")
    story.add("view", at: 1)
    #expect(
      try lifecycle(story, days(0, 4)) == [
        [1, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 1], [0, 0, 1, 0],
      ])
  }

  @Test("somebody of one day is new on it and gone on the next")
  func dormant() throws {
    var story = Story()
    story.add("view", at: 36, by: "p1")
    let pieces = try lifecycle(story, days(0, 4))
    #expect(pieces.map { $0[0] } == [0, 1, 0, 0])
    #expect(pieces.map { -$0[3] } == [0, 0, -1, 0])
  }

  @Test("pieces are looked at whole, where the range begins and ends inside them")
  func whole() throws {
    var story = Story()
    story.add("view", at: 1, by: "p1")
    story.add("view", at: 13 * 24, by: "p1")
    #expect(try lifecycle(story, days(2, 9), by: .week) == [[1, 0, 0, 0], [0, 1, 0, 0]])
    let question = StickinessQuestion(Scope(days(2, 9)), by: .week)
    #expect(try story.history.answer(question).content.people == [0, 1])
  }

  @Test("stickiness counts people by the number of their pieces")
  func stickiness() throws {
    var story = Story()
    for hours: Double in [1, 2, 25, 49] { story.add("view", at: hours, by: "p1") }
    for hours: Double in [1, 30] { story.add("view", at: hours, by: "p2") }
    for hours: Double in [26, 71] { story.add("view", at: hours, by: "p3") }
    story.add("view", at: 5, by: "p4")
    story.add("click", at: 30, by: "p4")
    story.add("view", at: -5, by: "p5")
    let question = StickinessQuestion(Scope(days(0, 3)), of: EventSelector("view"))
    let answer = try story.history.answer(question)
    #expect(answer.content.people == [1, 2, 1])
    #expect(answer.definition.rules.contains(.wholePieces))
  }

  @Test("activity over time has pieces")
  func total() {
    let scope = Scope(days(0, 3))
    #expect(throws: QueryError.self) { try StickinessQuestion(scope, by: .total).check() }
    #expect(throws: QueryError.self) { try LifecycleQuestion(scope, by: .total).check() }
  }

  @Test(
    "the parts of a piece are its people, and those of the piece before", arguments: UInt64(0)..<300
  )
  func parts(seed: UInt64) throws {
    var random = seeded(seed)
    let history = ModelHistory.random(using: &random)
    let interval = try #require([.hour, .day, .week].randomElement(using: &random)) as Interval
    let from = Int64.random(in: 0...8, using: &random)
    let scope = Scope(days(from, Int64.random(in: from...12, using: &random)))
    let wide = try scope.whole(by: interval)
    let pieces = try history.answer(LifecycleQuestion(scope, by: interval)).content.pieces
    let series = SeriesQuestion(wide, [Series(.people)], by: interval)
    let column = try history.answer(series).content.current.rows[0].columns[0]
    let people = column.pieces.map { Int($0.number ?? -1) }
    #expect(pieces.map { $0.new + $0.returning + $0.resurrecting } == people)
    #expect(pieces.dropFirst().map { $0.returning + $0.dormant } == people.dropLast())

    let sticky = try history.answer(StickinessQuestion(scope, by: interval)).content.people
    #expect(sticky.count == people.count)
    #expect(Double(sticky.reduce(0, +)) == column.total.number)
    let visits = sticky.enumerated().reduce(0) { $0 + ($1.offset + 1) * $1.element }
    #expect(visits == people.reduce(0, +))
  }
}
