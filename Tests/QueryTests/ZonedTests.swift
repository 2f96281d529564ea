import Calendar
import Events
import JSON
import Platform
import QueryModel
import Testing

@testable import Query

@Suite("Questions in zones") struct ZonedTests {
  private func zone(_ name: String) throws -> Zone { try ZoneFiles().zone(named: name) }

  private func midnight(_ zone: Zone, _ year: Int, _ month: Int, _ day: Int) throws -> Instant {
    zone.start(of: try #require(CivilDate(year: year, month: month, day: day)))
  }

  /// One event of one person at each of these times.
  private func history(_ times: [Instant], by profile: String = "p1") -> ModelHistory {
    ModelHistory(
      times.enumerated().map { index, time in
        ModelEvent(
          id: EventID(milliseconds: time.milliseconds, chance: (0, UInt64(index))), name: "view",
          cts: time.milliseconds, profile: profile)
      })
  }

  private func instant(_ text: String) throws -> Instant {
    let bytes = Array(text.utf8)
    let span = bytes.span
    let time = RFC3339Time(span)
    return try #require(time).instant()
  }

  @Test("a day of 23 hours neither swallows nor moves who came on it")
  func dormantOnShortDay() throws {
    let zone = try zone("US/Pacific")
    let range = try midnight(zone, 2025, 3, 8)..<midnight(zone, 2025, 3, 12)
    let history = history([try instant("2025-03-09T12:00:00Z")])
    let pieces = try history.answer(LifecycleQuestion(Scope(range, zone: zone))).content.pieces
    #expect(pieces.map(\.new) == [0, 1, 0, 0])
    #expect(pieces.map { -$0.dormant } == [0, 0, -1, 0])
    let rolling = SeriesQuestion(
      Scope(range, zone: zone), [Series(.rollingPeople(days: 2))], by: .day)
    #expect(try history.answer(rolling).content.current.rows[0].columns[0].pieces == [0, 1, 1, 0])
  }

  @Test("the hours of a day are those that its clocks show")
  func hours() throws {
    let zone = try zone("US/Pacific")
    let short = try midnight(zone, 2025, 3, 9)..<midnight(zone, 2025, 3, 10)
    let starts = try Scope(short, zone: zone).starts(by: .hour)
    #expect(starts.count == 23)
    #expect(!starts.contains { zone.localTime(at: $0).hour == 2 })
    let long = try midnight(zone, 2025, 11, 2)..<midnight(zone, 2025, 11, 3)
    let question = SeriesQuestion(Scope(long, zone: zone), [Series(.events)], by: .hour)
    let twice = try [instant("2025-11-02T08:30:00Z"), instant("2025-11-02T09:30:00Z")]
    #expect(twice.map { zone.localTime(at: $0).hour } == [1, 1])
    let pieces = try history(twice).answer(question).content.current.rows[0].columns[0].pieces
    #expect(pieces.count == 25)
    #expect(pieces.prefix(4).elementsEqual([0, 1, 1, 0]))
  }

  @Test("a day begins at the zone's midnight, and a day that was left out is no piece")
  func days() throws {
    let tehran = try zone("Asia/Tehran")
    let day = try midnight(tehran, 2025, 6, 2)
    #expect(try day == instant("2025-06-01T20:30:00Z"))
    let scope = Scope(try midnight(tehran, 2025, 6, 1)..<midnight(tehran, 2025, 6, 3), zone: tehran)
    let history = try history([instant("2025-06-01T20:29:59Z"), instant("2025-06-01T20:30:00Z")])
    let question = SeriesQuestion(scope, [Series(.events)], by: .day)
    #expect(try history.answer(question).content.current.rows[0].columns[0].pieces == [1, 1])

    let apia = try zone("Pacific/Apia")
    let newYear = try midnight(apia, 2011, 12, 28)..<midnight(apia, 2012, 1, 2)
    let starts = try Scope(newYear, zone: apia).starts(by: .day)
    #expect(starts.map { apia.date(at: $0).day } == [28, 29, 31, 1])
  }

  @Test("whole days are compared with as many days, hours with as many hours")
  func comparisons() throws {
    let zone = try zone("US/Pacific")
    let days = try midnight(zone, 2025, 3, 9)..<midnight(zone, 2025, 3, 11)
    let before = try midnight(zone, 2025, 3, 7)..<midnight(zone, 2025, 3, 9)
    #expect(Comparison.periodBefore.range(for: days, in: zone) == before)
    let end = try instant("2025-03-09T18:00:00Z")
    let last24Hours = end.saturatingAdding(milliseconds: -24 * 3_600_000)..<end
    let hours = try #require(Comparison.periodBefore.range(for: last24Hours, in: zone))
    #expect(hours.upperBound.milliseconds(since: hours.lowerBound) == 24 * 3_600_000)
    #expect(hours.upperBound == last24Hours.lowerBound)
  }

  @Test(
    "in every zone each event is in one piece, and the pieces make the range",
    arguments: [
      "US/Pacific", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia",
      "Antarctica/Casey", "Africa/Monrovia", "Africa/Casablanca", "Europe/Dublin",
    ])
  func pieces(name: String) throws {
    let zone = try zone(name)
    var random = RandomGenerator(SeededRandom(seed: 11))
    for seed in 0..<40 {
      var mix = ModelMix()
      mix.start = Int64.random(in: 0...1_800_000_000_000, using: &random)
      let history = ModelHistory.random(mix, using: &random)
      let from = Instant(milliseconds: mix.start)
      let range =
        from..<from.saturatingAdding(
          milliseconds: Int64.random(in: 0...1_000_000_000, using: &random))
      let first = Weekday.allCases[seed % 7]
      let interval = [Interval.hour, .day, .week, .month][seed % 4]
      let scope = Scope(range, zone: zone, weekStart: first)
      let question = SeriesQuestion(scope, [Series(.events)], by: interval)
      let column = try history.answer(question).content.current.rows[0].columns[0]
      let sum = column.pieces.reduce(0) { $0 + ($1.number ?? -1) }
      #expect(sum == column.total.number)

      let wide = try scope.whole(by: interval)
      let people = SeriesQuestion(wide, [Series(.people)], by: interval)
      let counts = try history.answer(people).content.current.rows[0].columns[0].pieces
      let lifecycle = LifecycleQuestion(scope, by: interval)
      let parts = try history.answer(lifecycle).content.pieces
      #expect(
        parts.map { Double($0.new + $0.returning + $0.resurrecting) }
          == counts.map { $0.number ?? -1 })
    }
  }
}
