import Calendar
import JSON
import Platform
import QueryModel
import Testing

@testable import Query

@Suite("Series, whatever the history") struct SeriesPropertyTests {
  private static let seeds = UInt64(0)..<300

  private func table(
    _ history: ModelHistory, _ series: [Series], over range: Range<Instant>, by interval: Interval,
    _ breakdown: Breakdown? = nil, filter: Filter = .everything
  ) throws -> SeriesTable {
    try history.answer(
      SeriesQuestion(Scope(range, filter: filter), series, by: interval, breakdown: breakdown)
    ).content.current
  }

  private func range(_ random: inout RandomGenerator) -> Range<Instant> {
    let from = Int64.random(in: 0...10, using: &random)
    return days(from, Int64.random(in: from...13, using: &random))
  }

  private func integers(_ values: [Value]) -> [Int64] {
    values.map { if case .integer(let number) = $0 { number } else { .min } }
  }

  @Test(
    "events add up over groups and over pieces, however large the groups that are shown",
    arguments: seeds)
  func sums(seed: UInt64) throws {
    var random = seeded(seed)
    let history = ModelHistory.random(using: &random)
    let range = range(&random)
    let interval =
      try #require([.hour, .day, .week, .month].randomElement(using: &random)) as Interval
    let path = try PropertyPath(
      ["props.a", "any.path", "profile.a"].randomElement(using: &random) ?? "name")
    let breakdown = try Breakdown(
      by: [path], limit: Int.random(in: 1...6, using: &random),
      assignedBy: Breakdown.Assignment.allCases.randomElement(using: &random) ?? .event)
    let series = [Series(.events), Series(.people)]
    let whole = try table(history, series, over: range, by: interval).rows[0]
    let groups = try table(history, series, over: range, by: interval, breakdown).rows

    let counts = whole.columns[0]
    #expect(integers(counts.pieces).reduce(0, +) == integers([counts.total])[0])
    #expect(
      groups.map { integers([$0.columns[0].total])[0] }.reduce(0, +) == integers([counts.total])[0])
    for piece in counts.pieces.indices {
      let parts = groups.map { integers($0.columns[0].pieces)[piece] }
      #expect(parts.reduce(0, +) == integers(counts.pieces)[piece])
    }

    let people = whole.columns[1]
    let byPiece = integers(people.pieces)
    #expect((byPiece.max() ?? 0) <= integers([people.total])[0])
    #expect(byPiece.reduce(0, +) >= integers([people.total])[0])
    let byGroup = groups.map { integers([$0.columns[1].total])[0] }.reduce(0, +)
    if breakdown.assignment == .event {
      #expect(byGroup >= integers([people.total])[0])
    } else {
      #expect(byGroup == integers([people.total])[0])
    }
  }

  @Test(
    "a limit leaves the rows of the largest as they were, and Other is the union of the rest",
    arguments: seeds)
  func limit(seed: UInt64) throws {
    var random = seeded(seed)
    let history = ModelHistory.random(using: &random)
    let range = range(&random)
    let path = try PropertyPath("props.a")
    let series = [Series(.people), Series(.events)]
    let all = try table(history, series, over: range, by: .day, Breakdown(by: [path], limit: 100))
    let limit = Int.random(in: 1...4, using: &random)
    let few = try table(history, series, over: range, by: .day, Breakdown(by: [path], limit: limit))
    let own = all.rows.filter { !$0.group.isNone }
    #expect(few.rows.prefix(min(limit, own.count)).elementsEqual(own.prefix(limit)))
    #expect(few.rows.last { $0.group.isNone } == all.rows.last { $0.group.isNone })

    let rest = Set(own.dropFirst(limit).map(\.group))
    let other = few.rows.first { $0.group == .other }
    #expect((other == nil) == rest.isEmpty)
    if let other {
      let events = history.events(in: Scope(range)).filter {
        rest.contains(.values([history.scalar(at: path, of: $0)]))
      }
      #expect(other.columns[1].total == .integer(Int64(events.count)))
      let people = Set(events.compactMap { history.person(of: $0) })
      #expect(other.columns[0].total == .integer(Int64(people.count)))
    }
  }

  @Test(
    "the order of arrival changes nothing but which of two with one id counts", arguments: seeds)
  func arrival(seed: UInt64) throws {
    var random = seeded(seed)
    var history = ModelHistory.random(using: &random)
    history.arrived = history.events
    let series = [
      Series(.events), Series(.people), Series(.sum(try PropertyPath("props.a"))),
      Series(.percentile(try PropertyPath("props.a"), try Quantile(0.9))),
      Series(.rollingPeople(days: 3)),
    ]
    let range = range(&random)
    let breakdown = try Breakdown(
      by: [try PropertyPath("ctx.b")], limit: 3, assignedBy: .lastOfPerson)
    let before = try table(history, series, over: range, by: .day, breakdown)
    history.arrived.shuffle(using: &random)
    #expect(try table(history, series, over: range, by: .day, breakdown) == before)
  }

  @Test("a condition, its opposite and neither are all events", arguments: seeds)
  func partition(seed: UInt64) throws {
    var random = seeded(seed)
    let history = ModelHistory.random(using: &random)
    let range = range(&random)
    let condition = Condition.random(depth: 4, using: &random)
    func count(_ filter: Filter) throws -> Int64 {
      integers(
        try table(history, [Series(.events)], over: range, by: .total, filter: filter).totals[0])[0]
    }
    let unknown = history.events(in: Scope(range)).count {
      history.truth(of: condition, for: $0) == .unknown
    }
    let known = try count(Filter(condition)) + count(Filter(.not(condition)))
    #expect(try known + Int64(unknown) == count(.everything))
  }

  @Test("rolling people of one day are the people of the day", arguments: seeds)
  func rollingOne(seed: UInt64) throws {
    var random = seeded(seed)
    let history = ModelHistory.random(using: &random)
    let range = range(&random)
    let row = try table(
      history, [Series(.rollingPeople(days: 1)), Series(.people)], over: range, by: .day
    ).rows[0]
    #expect(row.columns[0].pieces == row.columns[1].pieces)
    let weekly = try table(history, [Series(.rollingPeople(days: 4))], over: range, by: .day).rows[
      0]
    for (index, value) in weekly.columns[0].pieces.enumerated() {
      let last = range.lowerBound.milliseconds + Int64(index) * day
      let window = Instant(milliseconds: last - 3 * day)..<Instant(milliseconds: last + day)
      #expect(try table(history, [Series(.people)], over: window, by: .total).totals == [[value]])
    }
  }

  @Test("a comparison answers for its range what would be answered there", arguments: seeds)
  func comparison(seed: UInt64) throws {
    var random = seeded(seed)
    let history = ModelHistory.random(using: &random)
    let range = range(&random)
    let series = [Series(.events), Series(.people), Series(.average(try PropertyPath("props.b")))]
    for comparison in [Comparison.periodBefore, .monthBefore, .yearBefore] {
      let question = SeriesQuestion(Scope(range), series, by: .day, comparedWith: comparison)
      let earlier = try history.answer(question).content.earlier
      let alone = try comparison.range(for: range, in: .utc).map {
        try table(history, series, over: $0, by: .day)
      }
      #expect(earlier == alone)
    }
  }

  @Test("joining people leaves every event and no more people", arguments: seeds)
  func joining(seed: UInt64) throws {
    var random = seeded(seed)
    let joined = ModelHistory.random(using: &random)
    var apart = joined
    apart.joins = [:]
    let range = range(&random)
    let series = [Series(.events), Series(.people)]
    let (one, two) = (
      try table(joined, series, over: range, by: .total).totals[0],
      try table(apart, series, over: range, by: .total).totals[0]
    )
    #expect(one[0] == two[0])
    #expect(one[1] <= two[1])
  }
}
