import Calendar
import JSON
import Query
import QueryModel
import SealedModel
import Testing

@Suite("Funnels by value") struct FunnelBreakdownTests {
  private var story: FlowStory {
    var story = FlowStory()
    for (person, events) in [
      "p1": [("A", "x"), ("A", "y"), ("B", "y"), ("C", "x")], "p2": [("A", "x"), ("B", nil)],
      "p3": [("A", nil), ("B", "y")],
    ] as [String: [(String, String?)]] {
      for (index, (name, value)) in events.enumerated() {
        story.add(
          name, at: Int64(index) * 1_000, by: person,
          value.map { ["v": .string($0)] } ?? [:])
      }
    }
    return story
  }

  private func rows(
    _ attribution: AttributedBreakdown.Attribution
  ) throws -> [Group: [Int]] {
    let breakdown = try Breakdown(by: [PropertyPath("props.v")])
    let funnel = flowFunnel("A B C").with {
      $0.breakdown = AttributedBreakdown(breakdown, by: attribution)
    }
    let rows = try story.history.answer(funnel).content.rows
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.group, $0.reached) })
  }

  private let none = Group.values([.null])

  @Test("the value is the first touched, the last, or that of a step")
  func touches() throws {
    #expect(
      try rows(.firstTouch) == [
        .whole: [3, 3, 1], .values(["x"]): [2, 2, 1], .values(["y"]): [1, 1, 0],
      ])
    #expect(
      try rows(.lastTouch) == [
        .whole: [3, 3, 1], .values(["x"]): [2, 2, 1], .values(["y"]): [1, 1, 0],
      ])
    #expect(
      try rows(.step(1)) == [
        .whole: [3, 3, 1], .values(["x"]): [1, 1, 0], .values(["y"]): [1, 1, 1],
        none: [1, 1, 0],
      ])
    #expect(
      try rows(.step(3)) == [.whole: [3, 3, 1], .values(["x"]): [1, 1, 1], none: [2, 2, 0]])
  }

  @Test(
    "with all steps of one value a person counts once, with each value as often as they have one")
  func values() throws {
    #expect(
      try rows(.allSteps) == [
        .whole: [3, 1, 0], .values(["x"]): [1, 0, 0], .values(["y"]): [1, 1, 0], none: [1, 0, 0],
      ])
    #expect(
      try rows(.eachValue) == [
        .whole: [4, 1, 0], .values(["x"]): [2, 0, 0], .values(["y"]): [1, 1, 0], none: [1, 0, 0],
      ])
  }

  @Test("a held property is the same in the whole chain")
  func held() throws {
    let path = try PropertyPath("props.v")
    let held = flowFunnel("A B C").with { $0.held = path }
    #expect(try story.history.answer(held).content.rows[0].reached == [2, 1, 0])
  }

  @Test("a session by itself is a subject, and a chain does not leave it")
  func sessions() throws {
    var story = FlowStory()
    story.add("A", at: 0, by: "p")
    story.add("B", at: flowHour, by: "p")
    story.add("A", at: 2 * flowHour, by: "p")
    let funnel = flowFunnel("A B").with { $0.subject = .session(SessionRules()) }
    #expect(try story.history.answer(funnel).content.rows[0].reached == [2, 0])
  }

  @Test("conversion over time goes by the start of the chain")
  func overTime() throws {
    var story = FlowStory()
    story.add("A", at: 0, by: "p")
    story.add("B", at: flowDay + 1, by: "p")
    story.add("A", at: flowDay, by: "q")
    var funnel = flowFunnel("A B")
    funnel.interval = .day
    funnel.scope.range =
      Instant(milliseconds: 0)..<Instant(milliseconds: 2 * flowDay)
    let pieces = try story.history.answer(funnel).content.pieces
    #expect(pieces.map(\.entered) == [1, 1])
    #expect(pieces.map(\.converted) == [1, 0])
  }

  @Test("the time to convert has a mean, a median and bars that hold everybody")
  func times() throws {
    let time = try #require(TimeToConvert(of: [100, 0, 10, 20], bins: 4))
    #expect(time.mean == 32.5)
    #expect(time.median == 15)
    #expect(time.barWidth == 26)
    #expect(time.bars == [3, 0, 0, 1])
    #expect(TimeToConvert(of: [], bins: 4) == nil)
    #expect(TimeToConvert(of: [7, 7], bins: 4)?.bars == [2])
  }
}
