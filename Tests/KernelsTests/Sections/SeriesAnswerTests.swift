import Calendar
import Events
import JSON
import Platform
import Query
import QueryModel
import SealedModel
import Sections
import Testing

@testable import Kernels

@Suite("Series from sections") struct SeriesAnswerTests {
  static let threads = KernelThreads(count: 2)
  static let answers = SectionAnswers(threads, clock: StillClock())
  static let zones = ZoneFiles()

  static func zone(_ random: inout RandomGenerator) throws -> Zone {
    let names = [
      "UTC", "UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia",
      "Australia/Lord_Howe",
    ]
    return try zones.zone(named: names.randomElement(using: &random) ?? "UTC")
  }

  static func path(_ random: inout RandomGenerator) throws -> PropertyPath {
    let texts = [
      "props.a", "props.b", "ctx.a", "any.path", "props.in.x", "name", "kind", "source",
      "interactive", "session_id", "device_id", "cts", "visit.browser",
      "visit.device_type", "visit.referrer_host", "profile.a", "profile.b", "profile.in.x",
    ]
    return try PropertyPath(texts.randomElement(using: &random) ?? "name")
  }

  static func selector(_ random: inout RandomGenerator) throws -> EventSelector {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return EventSelector("view")
    case 1:
      return try EventSelector(["click", "é"], where: Filter(.random(depth: 2, using: &random)))
    default: return .everything
    }
  }

  static func measure(_ random: inout RandomGenerator) throws -> Measure {
    let path = try path(&random)
    switch Int.random(in: 0..<11, using: &random) {
    case 0, 1: return .events
    case 2, 3: return .people
    case 4: return .rollingPeople(days: Int.random(in: 1...9, using: &random))
    case 5: return .eventsPerPerson
    case 6: return .sum(path)
    case 7: return .average(path)
    case 8: return .minimum(path)
    case 9: return .maximum(path)
    default:
      return .percentile(path, try Quantile(Double.random(in: 0...1, using: &random)))
    }
  }

  static func scope(_ mix: ModelMix, _ random: inout RandomGenerator) throws -> Scope {
    let zone = try zone(&random)
    let from = mix.firstDay + Int64.random(in: -2...10, using: &random)
    var range = days(from, from + Int64.random(in: 0...13, using: &random))
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      let shift = Int64.random(in: 0..<day, using: &random)
      range =
        Instant(
          milliseconds: range.lowerBound.milliseconds + shift)..<Instant(
          milliseconds: range.upperBound.milliseconds + shift)
    case 1:
      let start = range.lowerBound.milliseconds + Int64.random(in: 0..<day, using: &random)
      range =
        Instant(
          milliseconds: start)..<Instant(
          milliseconds: start + Int64.random(in: 0..<3 * hour, using: &random))
    default: break
    }
    return Scope(
      range, zone: zone, weekStart: Bool.random(using: &random) ? .monday : .sunday,
      kinds: Int.random(in: 0..<5, using: &random) == 0 ? [.events, .operations] : .events,
      filter: Int.random(in: 0..<3, using: &random) == 0
        ? try Filter(.random(depth: 3, using: &random)) : .everything,
      profiles: Bool.random(using: &random) ? .current : .event)
  }

  static func question(_ mix: ModelMix, _ random: inout RandomGenerator) throws -> SeriesQuestion {
    let scope = try scope(mix, &random)
    let isSimple = Int.random(in: 0..<3, using: &random) == 0
    let same: Measure = Bool.random(using: &random) ? .people : .events
    var series: [Series] = []
    for _ in 0..<(isSimple ? 1 : Int.random(in: 1...4, using: &random)) {
      series.append(
        isSimple ? Series(same) : Series(try measure(&random), of: try selector(&random)))
    }
    var breakdown: Breakdown?
    if Int.random(in: 0..<3, using: &random) > 0 {
      let count = Int.random(in: 0..<4, using: &random) == 0 ? 2 : 1
      var paths: [PropertyPath] = []
      for _ in 0..<count { paths.append(try path(&random)) }
      let isByName = isSimple && Bool.random(using: &random)
      breakdown = try Breakdown(
        by: isByName ? [PropertyPath(.name)] : paths,
        limit: Int.random(in: 1...6, using: &random),
        assignedBy: isByName
          ? .event : Breakdown.Assignment.allCases.randomElement(using: &random) ?? .event)
    }
    let comparisons: [Comparison?] = [nil, nil, .periodBefore, .monthBefore, .yearBefore]
    return SeriesQuestion(
      scope, series, formulas: Bool.random(using: &random) ? [try Formula("A - previous(A)")] : [],
      by: Interval.allCases.randomElement(using: &random) ?? .day, breakdown: breakdown,
      comparedWith: comparisons.randomElement(using: &random) ?? nil)
  }

  @Test("answers are those of the definition, whatever the history", arguments: 0..<3_000)
  func definition(seed: Int) async throws {
    var random = seeded(UInt64(seed))
    let mix = ModelMix.some(UInt64(seed))
    var history = ModelHistory.random(mix, using: &random)
    let parts = Int.random(in: 1...3, using: &random)
    let sealed = try Sealed(erasingSomeOf: &history, parts: parts, using: &random)
    history.profiles = history.foldedProfiles
    // Whoever has asked about people before leaves what the next question starts from.
    if Bool.random(using: &random) {
      for section in sealed.snapshot.sections { _ = try section.facts() }
    }
    for _ in 0..<3 {
      let question = try Self.question(mix, &random)
      let found: Sighted<Answer<SeriesQuestion.Content>>
      do {
        found = try await Self.answers.answer(question, from: sealed.snapshot, asOf: .epoch)
      } catch QueryError.invalid { continue }
      #expect(found.missing.isEmpty)
      let expected = try history.answer(question)
      try #require(
        found.answer == expected,
        "\(question)\n\(Difference.of(found.answer.content, expected.content))")
    }
  }

  @Test("sums of doubles are rounded once, and integers are exact")
  func sums() async throws {
    let large: Int64 = 9_007_199_254_740_993
    let values: [String: [JSONValue]] = [
      "a": [.integer(large), 1, 1], "b": [1e100, 1, -1e100, 0.1, 0.2, 0.3],
      "c": [.integer(.max), 1], "d": [1e308, 1e308],
      "e": (0..<3_000).map { .double(Double($0) / 100) },
    ]
    var events: [ModelEvent] = []
    for (name, values) in values {
      for (number, value) in values.enumerated() {
        events.append(
          ModelEvent(
            id: EventID(
              milliseconds: monday, chance: (UInt64(name.utf8.first ?? 0), UInt64(number))),
            name: name, cts: monday, props: ["a": value]))
      }
    }
    let history = ModelHistory(events)
    var random = seeded(1)
    let sealed = try Sealed(history, parts: 2, using: &random)
    let a = try PropertyPath("props.a")
    let question = SeriesQuestion(
      Scope(days(0, 1)), ["a", "b", "c", "d", "e"].map { Series(.sum(a), of: EventSelector($0)) })
    let answer = try await Self.answers.answer(question, from: sealed.snapshot, asOf: .epoch)
    #expect(answer.answer == (try history.answer(question)))
  }
}

/// Where two answers differ, for whoever has to find out why.
enum Difference {
  static func of(_ found: SeriesQuestion.Content, _ expected: SeriesQuestion.Content) -> String {
    for (found, expected) in [(found.current, expected.current)]
      + (found.earlier.flatMap { found in expected.earlier.map { [(found, $0)] } } ?? [])
    {
      if found.starts != expected.starts { return "starts \(found.starts) \(expected.starts)" }
      let groups = (found.rows.map(\.group), expected.rows.map(\.group))
      if groups.0 != groups.1 {
        return "groups \(groups.0) \(groups.1)\n\(found.rows.map { $0.columns.map(\.total) }) "
          + "\(expected.rows.map { $0.columns.map(\.total) })"
      }
      for (row, other) in zip(found.rows, expected.rows) where row != other {
        return "\(row)\n\(other)"
      }
    }
    return "earlier"
  }
}
