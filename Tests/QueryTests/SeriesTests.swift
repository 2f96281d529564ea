import Calendar
import Events
import JSON
import QueryModel
import Testing

@testable import Query

@Suite("Series, by hand") struct SeriesTests {
  private func table(
    _ story: Story, _ series: [Series], formulas: [String] = [],
    over range: Range<Instant> = days(0, 3),
    by interval: Interval = .total, breakdown: Breakdown? = nil, filter: Condition = .all([])
  ) throws -> SeriesTable {
    let question = SeriesQuestion(
      Scope(range, filter: try Filter(filter)), series,
      formulas: try formulas.map { try Formula($0) },
      by: interval, breakdown: breakdown)
    return try story.history.answer(question).content.current
  }

  private func path(_ text: String) throws -> PropertyPath { try PropertyPath(text) }

  @Test("events of nobody count as events, and not as people")
  func nobody() throws {
    var story = Story()
    story.add("view", at: 1, by: "p1")
    story.add("view", at: 2, by: "p1")
    story.add("view", at: 3)
    story.add("$identify", at: 4, by: "p2", kind: .identify)
    story.add("view", at: 72, by: "p3")
    let table = try table(story, [Series(.events), Series(.people), Series(.eventsPerPerson)])
    #expect(table.totals == [[3, 1, 2]])
    #expect(table.groups == [.whole])
  }

  @Test("what has one id counts once, with what arrived first")
  func duplicates() throws {
    var story = Story()
    story.add("view", at: 1, by: "p1", ["a": 1])
    var history = story.history
    var copy = history.arrived[0]
    copy.props = ["a": 5]
    history.arrived.append(copy)
    let question = SeriesQuestion(
      Scope(days(0, 1)), [Series(.events), Series(.sum(try path("props.a")))])
    #expect(try history.answer(question).content.current.totals == [[1, 1]])
    history.arrived.reverse()
    #expect(try history.answer(question).content.current.totals == [[1, 5]])
  }

  @Test(
    "a person of two days is one person of both, and a person of two ids is one when they are joined"
  )
  func people() throws {
    var story = Story()
    story.add("view", at: 1, device: "d1")
    story.add("view", at: 2, by: "p1")
    story.add("view", at: 25, by: "p1", device: "d9")
    story.add("view", at: 49, device: "d1")
    story.add("view", at: 50, visitor: "v1")
    let series = [Series(.people)]
    let apart = try table(story, series, by: .day).rows[0].columns[0]
    #expect(apart == SeriesTable.Column(total: 3, pieces: [2, 1, 2]))
    story.join(.device("d1"), to: .profile("p1"))
    let joined = try table(story, series, by: .day).rows[0].columns[0]
    #expect(joined == SeriesTable.Column(total: 2, pieces: [1, 1, 2]))
    story.join(.profile("p1"), to: .profile("p0"))
    story.join(.visitor("v1"), to: .device("d1"))
    #expect(try table(story, series).totals == [[1]])
  }

  @Test("two ids on one event do not make one person")
  func twoIDs() throws {
    var story = Story()
    story.add("view", at: 1, by: "p1", device: "d1")
    story.add("view", at: 2, device: "d1")
    story.add("view", at: 3, by: "d1")
    #expect(try table(story, [Series(.people)]).totals == [[3]])
  }

  @Test("numbers are numbers of either kind, and nothing else is a number")
  func numbers() throws {
    var story = Story()
    for value: JSONValue in [1, 2.5, "7", nil, true, [4], 4] {
      story.add("buy", at: 1, by: "p1", ["a": value])
    }
    story.add("buy", at: 2, by: "p1")
    let a = try path("props.a")
    let half = try Quantile(0.5)
    let measures: [Measure] = [
      .sum(a), .average(a), .minimum(a), .maximum(a), .percentile(a, half),
    ]
    #expect(try table(story, measures.map { Series($0) }).totals == [[7.5, 2.5, 1, 4, 2.5]])
    let nothing = try table(story, measures.map { Series($0, of: EventSelector("sell")) })
    #expect(nothing.totals == [[0, .null, .null, .null, .null]])
  }

  @Test("integers add up exactly, and doubles to the nearest of the exact sum")
  func sums() throws {
    var story = Story()
    let large: Int64 = 9_007_199_254_740_993
    for value: JSONValue in [.integer(large), 1, 1] { story.add("a", at: 1, ["a": value]) }
    for value: JSONValue in [1e100, 1, -1e100, 0.1, 0.2, 0.3] {
      story.add("b", at: 1, ["a": value])
    }
    for value: JSONValue in [.integer(.max), 1] { story.add("c", at: 1, ["a": value]) }
    for value: JSONValue in [1e308, 1e308] { story.add("d", at: 1, ["a": value]) }
    let a = try path("props.a")
    let sums = try table(
      story, ["a", "b", "c", "d"].map { Series(.sum(a), of: EventSelector($0)) })
    #expect(sums.totals == [[.integer(large + 2), 1.6, 0x1p63, .null]])
  }

  @Test(
    "a percentile lies on a straight line between the closest ranks, at (n - 1) q",
    arguments: [(0.0, 10.0), (0.5, 25.0), (0.95, 38.5), (1.0, 40.0), (0.25, 17.5)])
  func percentiles(part: Double, expected: Double) throws {
    var story = Story()
    for value: JSONValue in [40, 10, 20, 30] { story.add("buy", at: 1, ["a": value]) }
    let series = Series(.percentile(try path("props.a"), try Quantile(part)))
    #expect(try table(story, [series]).totals == [[.double(expected)]])
  }

  @Test(
    "a percentile is a part between none and all, and its line needs no number that is too large")
  func quantiles() throws {
    for part in [-0.1, 1.1, .nan, .infinity] {
      #expect(throws: QuestionProblem.self) { try Quantile(part) }
    }
    let most = Double.greatestFiniteMagnitude
    #expect(Quantile.interpolated(-most, most, 0.5) == 0)
    #expect(Quantile.interpolated(0.1, 0.1, 0.7) == 0.1)
    #expect(try Quantile(1).place(among: 7) == (6, 0))
    #expect(try Quantile(0.5).place(among: 1) == (0, 0))
    #expect(try Quantile(0.25).place(among: 4) == (0, 0.75))
  }

  @Test("the largest groups have rows of their own, then come all others as one, then None")
  func breakdown() throws {
    var story = Story()
    for (value, people) in [
      ("x", ["p1", "p2", "p3"]), ("", ["p1", "p2"]), ("y", ["p1", "p2"]), ("z", ["p1"]),
      ("w", ["p1"]),
    ] as [(JSONValue, [String])] {
      for person in people { story.add("view", at: 1, by: person, ["a": value]) }
    }
    for value: JSONValue in [nil, [:], [1]] { story.add("view", at: 1, by: "p9", ["a": value]) }
    for _ in 0..<3 { story.add("view", at: 1) }
    let table = try table(
      story, [Series(.events), Series(.people)],
      breakdown: Breakdown(by: [path("props.a")], limit: 2))
    #expect(table.groups == [.values(["x"]), .values([""]), .other, .none])
    #expect(table.totals == [[3, 3], [2, 2], [4, 2], [6, 1]])
  }

  @Test("rows for others and for None are there where they have events")
  func fewGroups() throws {
    var story = Story()
    story.add("view", at: 1, ["a": "x"])
    let breakdown = try Breakdown(by: [path("props.a")], limit: 1)
    #expect(try table(story, [Series(.events)], breakdown: breakdown).groups == [.values(["x"])])
    #expect(try table(Story(), [Series(.events)], breakdown: breakdown).groups == [])
  }

  @Test("equal numbers of both kinds are one group, with several paths each pair of values is one")
  func groupValues() throws {
    var story = Story()
    story.add("view", at: 1, ["a": 1, "b": "x"])
    story.add("view", at: 1, ["a": 1.0, "b": "x"])
    story.add("view", at: 1, ["a": "1", "b": "x"])
    story.add("view", at: 1, ["b": "x"])
    story.add("view", at: 1, ["a": nil])
    let table = try table(
      story, [Series(.events)], breakdown: Breakdown(by: [path("props.a"), path("props.b")]))
    #expect(
      table.groups == [
        .values([1, "x"]), .values([.null, "x"]), .values(["1", "x"]), .values([.null, .null]),
      ])
    #expect(table.totals == [[2], [1], [1], [1]])
  }

  @Test("a person's segment is the last value that they had in the range")
  func segments() throws {
    var story = Story()
    story.add("sign", at: 1, by: "p1", ["plan": "free"])
    story.add("buy", at: 2, by: "p1", ["plan": "pro", "amount": 10])
    story.add("view", at: 3, by: "p1", ["plan": nil])
    for plan: JSONValue in ["pro", "team", "free"] {  // In one millisecond.
      story.add("sign", at: 4, by: "p2", ["plan": plan])
    }
    story.add("buy", at: 5, by: "p2", ["amount": 5])
    story.add("view", at: 6, by: "p3")
    story.add("buy", at: 7, by: "p4", ["plan": "pro", "amount": 2.5])
    story.add("view", at: 8, ["plan": "pro"])  // Nobody's.
    let series = [
      Series(.people), Series(.events),
      Series(.sum(try path("props.amount")), of: EventSelector("buy")),
    ]
    let last = try table(
      story, series, breakdown: Breakdown(by: [path("props.plan")], assignedBy: .lastOfPerson))
    #expect(last.groups == [.values(["pro"]), .values(["team"]), .none])
    #expect(last.totals == [[2, 4, 12.5], [1, 4, 5], [1, 2, 0]])
    let first = try table(
      story, series, breakdown: Breakdown(by: [path("props.plan")], assignedBy: .firstOfPerson))
    #expect(first.groups == [.values(["free"]), .values(["pro"]), .none])
    #expect(first.totals == [[2, 7, 15], [1, 1, 2.5], [1, 2, 0]])
  }

  @Test("rolling people are those of so many days up to each, also of days before the range")
  func rolling() throws {
    var story = Story()
    story.add("view", at: -5 * 24 - 0.01, by: "p0")
    story.add("view", at: -5 * 24, by: "p1")
    story.add("view", at: 1, by: "p2")
    story.add("view", at: 30, by: "p2")
    story.add("view", at: 50, by: "p3")
    let series = [Series(.rollingPeople(days: 7)), Series(.people)]
    let table = try table(story, series, formulas: ["B / A"], by: .day)
    // On day d those of [d - 6, d]: p1 leaves after day 1.
    #expect(table.rows[0].columns[0] == SeriesTable.Column(total: 2, pieces: [3, 2, 2]))
    #expect(table.rows[0].columns[1] == SeriesTable.Column(total: 2, pieces: [1, 1, 1]))
    #expect(table.rows[0].columns[2].pieces == [.double(1.0 / 3), 0.5, 0.5])
  }

  @Test("a formula sees the piece before, and nothing before the first")
  func previous() throws {
    var story = Story()
    for hours: Double in [1, 25, 26, 27, 49] { story.add("view", at: hours) }
    let table = try table(
      story, [Series(.events)], formulas: ["previous(A)", "(A - previous(A)) / previous(A)"],
      by: .day)
    #expect(table.rows[0].columns[0].pieces == [1, 3, 1])
    #expect(table.rows[0].columns[1].pieces == [0, 1, 3])
    #expect(table.rows[0].columns[2].pieces == [.null, 2, .double(-2.0 / 3)])
  }

  @Test("a comparison has the same groups, and its own pieces")
  func comparison() throws {
    var story = Story()
    for hours: Double in [-20, -21, 1, 2, 25] { story.add("view", at: hours, by: "p1", ["a": "x"]) }
    story.add("view", at: -3, ["a": "y"])
    story.add("view", at: -3, ["a": "z"])
    story.add("view", at: 3, ["a": "y"])
    let question = SeriesQuestion(
      Scope(days(0, 1)), [Series(.events)], by: .day,
      breakdown: try Breakdown(by: [try path("props.a")], limit: 2), comparedWith: .periodBefore)
    let content = try story.history.answer(question).content
    #expect(content.current.totals == [[2], [1]])
    let earlier = try #require(content.earlier)
    #expect(earlier.starts.map(\.milliseconds) == [monday - day])
    #expect(earlier.groups == [.values(["x"]), .values(["y"]), .other])
    #expect(earlier.totals == [[2], [1], [1]])
  }

  @Test("filters on a profile mean what it says now, or what it said then")
  func profileTime() throws {
    var story = Story()
    story.describe("p1", ["plan": "free"])
    story.describe("p1", from: monday + 2 * hour, ["plan": "pro"])
    story.add("view", at: 1, by: "p1")
    story.add("view", at: 2, by: "p1")
    let pro = try Filter(.compare(path("profile.plan"), .equal, "pro"))
    for (time, count) in [(ProfileTime.current, 2), (.event, 1)] as [(ProfileTime, Value)] {
      let question = SeriesQuestion(
        Scope(days(0, 1), filter: pro, profiles: time), [Series(.events)])
      #expect(try story.history.answer(question).content.current.totals == [[count]])
    }
  }

  @Test("an answer names its definition, and how people were told apart")
  func definition() throws {
    var story = Story()
    story.add("view", at: 1, by: "p1")
    func definition(_ measure: Measure, _ to: Int64 = 2) throws -> Definition {
      try story.history.answer(
        SeriesQuestion(Scope(days(0, to)), [Series(measure)]), asOf: Instant(milliseconds: 7)
      ).definition
    }
    #expect(try definition(.people).uniques == .exact)
    #expect(try definition(.people).rules == [.person])
    #expect(try definition(.people).asOf == Instant(milliseconds: 7))
    #expect(try definition(.people).range == days(0, 2))
    #expect(try definition(.events).uniques == nil)
    story.add("view", at: 2, visitor: "v1")
    #expect(try definition(.people).uniques == .sumOfDaily)
    #expect(try definition(.people, 1).uniques == .exact)
    #expect(try definition(.rollingPeople(days: 2), 1).uniques == .sumOfDaily)
    story.join(.visitor("v1"), to: .profile("p1"))
    #expect(try definition(.people).uniques == .exact)
  }

  @Test("a question that no answer could make sense of is refused")
  func refused() throws {
    let scope = Scope(days(0, 30))
    func problem(_ question: SeriesQuestion) -> QueryError? {
      do {
        try question.check()
        return nil
      } catch { return error }
    }
    let one = [Series(.events)]
    let many = try Breakdown(by: [path("props.a")], limit: 1_000)
    #expect(problem(SeriesQuestion(scope, one, by: .day)) == nil)
    #expect(problem(SeriesQuestion(scope, [])) == .invalid(.outOfBounds("series", 1...26)))
    #expect(
      problem(SeriesQuestion(scope, one, formulas: [try Formula("B")]))
        == .invalid(.contradiction("B names a series that is not there")))
    #expect(
      problem(SeriesQuestion(scope, [Series(.rollingPeople(days: 0))]))
        == .invalid(.outOfBounds("rolling days", 1...366)))
    #expect(
      problem(SeriesQuestion(Scope(days(0, 365)), one, by: .hour, breakdown: many))
        == .invalid(.tooMany("numbers in an answer", limit: 2_000_000)))
    #expect(
      problem(SeriesQuestion(Scope(days(0, 3_650)), one, by: .hour))
        == .tooManyBuckets(limit: 40_000))
    #expect(throws: QuestionProblem.outOfBounds("groups", 1...10_000)) {
      try Breakdown(by: [PropertyPath(.name)], limit: 0)
    }
    #expect(throws: QuestionProblem.outOfBounds("paths of a breakdown", 1...4)) {
      try Breakdown(by: [])
    }
    #expect(throws: QuestionProblem.tooMany("names of events", limit: 100)) {
      try EventSelector([String](repeating: "a", count: 101))
    }
  }
}
