import Calendar
import Events
import Platform
import Query
import QueryModel
import SealedModel
import Sections
import Testing

@testable import Kernels

@Suite("Activity, names and counts from sections") struct OtherAnswerTests {
  private static let answers = SeriesAnswerTests.answers

  private func ground(
    _ seed: Int, _ random: inout RandomGenerator
  ) throws -> (ModelMix, ModelHistory, Sealed) {
    let mix = ModelMix.some(UInt64(seed))
    var history = ModelHistory.random(mix, using: &random)
    let parts = Int.random(in: 1...3, using: &random)
    let sealed = try Sealed(erasingSomeOf: &history, parts: parts, using: &random)
    history.profiles = history.foldedProfiles
    return (mix, history, sealed)
  }

  @Test("stickiness and lifecycle are those of the definition", arguments: 0..<1_000)
  func activity(seed: Int) async throws {
    var random = seeded(UInt64(seed))
    let (mix, history, sealed) = try ground(seed, &random)
    for _ in 0..<3 {
      let scope = try SeriesAnswerTests.scope(mix, &random)
      let selector = try SeriesAnswerTests.selector(&random)
      // What filters cannot ask yet is refused.
      guard PeopleQuestions.isAnswered(scope, selector) else { continue }
      let interval = [Interval.hour, .day, .week, .month].randomElement(using: &random) ?? .day
      let sticky = StickinessQuestion(scope, of: selector, by: interval)
      let found = try await Self.answers.answer(sticky, from: sealed.snapshot, asOf: .epoch)
      let expected = try history.answer(sticky)
      #expect(found.answer == expected)
      let cycle = LifecycleQuestion(scope, of: selector, by: interval)
      let turned = try await Self.answers.answer(cycle, from: sealed.snapshot, asOf: .epoch)
      let turnedExpected = try history.answer(cycle)
      #expect(turned.answer == turnedExpected)
    }
  }

  @Test("names of properties are those of the definition", arguments: 0..<500)
  func names(seed: Int) async throws {
    var random = seeded(UInt64(seed))
    let (mix, history, sealed) = try ground(seed, &random)
    for root in PropertyNamesQuestion.Root.allCases {
      let question = PropertyNamesQuestion(
        try SeriesAnswerTests.scope(mix, &random), of: try SeriesAnswerTests.selector(&random),
        in: root, prefix: ["", "", "in", "a"].randomElement(using: &random) ?? "",
        limit: Int.random(in: 1...6, using: &random))
      guard PeopleQuestions.isAnswered(question.scope, question.selector) else { continue }
      let found = try await Self.answers.answer(question, from: sealed.snapshot, asOf: .epoch)
      let expected = try history.answer(question)
      #expect(found.answer == expected)
    }
  }

  @Test("counts by name and day, and by bucket, are those of the rows", arguments: 0..<500)
  func counts(seed: Int) async throws {
    var random = seeded(UInt64(seed))
    let (mix, history, sealed) = try ground(seed, &random)
    let scope = try SeriesAnswerTests.scope(mix, &random)
    let isEndless = Int.random(in: 0..<4, using: &random) == 0
    let range =
      isEndless ? Instant(milliseconds: .min)..<Instant(milliseconds: .max) : scope.range
    let name = ["view", "é", "nothing", nil].randomElement(using: &random) ?? nil
    let rows = history.events(in: Scope(range)).filter { event in
      name.map { $0.utf8.elementsEqual(event.name.utf8) } ?? true
    }
    let statistics = try await Self.answers.answer(
      EventStatistics(range: range, name: name, zone: scope.zone), from: sealed.snapshot
    ).answer
    #expect(statistics.total == rows.count)
    #expect(statistics.byName.reduce(0) { $0 + $1.count } == rows.count)
    for part in statistics.byDay {
      let own = rows.count {
        $0.name.utf8.elementsEqual(part.name.utf8)
          && Bucket.day.start(of: $0.time, in: scope.zone) == part.day
      }
      #expect(part.count == own)
    }
    #expect(statistics.byDay.reduce(0) { $0 + $1.count } == rows.count)
    guard !isEndless else { return }
    let bucket = [Bucket.hour, .day, .month, .quarter].randomElement(using: &random) ?? .day
    let series = try await Self.answers.answer(
      EventSeries(range: range, name: name, bucket: bucket, zone: scope.zone),
      from: sealed.snapshot
    ).answer
    #expect(series.total == rows.count)
    for part in series.buckets {
      let own = rows.count { bucket.start(of: $0.time, in: scope.zone) == part.start }
      #expect(part.count == own)
    }
  }

  @Test("an answer leaves out a section that is damaged, and names it")
  func damage() async throws {
    var random = seeded(3)
    var mix = ModelMix()
    mix.events = 200...200
    let history = ModelHistory.random(mix, using: &random)
    let encoded = try Sealed.encoded(history.events)
    let broken = try Section(encoded[0].directory, source: BrokenSource())
    let rest = try Sealed(history, using: &random)
    let snapshot = Snapshot(
      [rest.snapshot.sections[0], broken], of: Sealed.secret, joined: rest.snapshot.joined)
    let question = SeriesQuestion(
      Scope(days(-1, 20)), [Series(.people), Series(.events)], by: .day)
    let lenient = SectionAnswers(
      SeriesAnswerTests.threads, clock: StillClock(), onDamage: .leaveOut)
    let found = try await lenient.answer(question, from: snapshot, asOf: .epoch)
    #expect(found.missing.map(\.number) == [1])
    let expected = try history.answer(question)
    #expect(found.answer == expected)
    await #expect(throws: QueryError.self) {
      try await Self.answers.answer(question, from: snapshot, asOf: .epoch)
    }
  }
}

/// The extents of a file that is gone.
struct BrokenSource: ExtentSource {
  func extent(_ number: Int) throws(SectionProblem) -> Extent { throw .unreadable(extent: number) }
}
