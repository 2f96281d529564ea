import Calendar
import Events
import Platform
import Query
import QueryModel
import SealedModel
import Sections
import Synchronization
import Testing

@testable import Kernels

@Suite("Questions about profiles") struct ProfileAnswerTests {
  private func condition(_ random: inout RandomGenerator) throws -> Condition {
    let names = ProfileTests.names + ["in.x", "nobody.has.it"]
    let path = try PropertyPath("profile." + (names.randomElement(using: &random) ?? "a"))
    let operands: [Value] = [.string("x"), .integer(1), .double(2.5), .bool(true), .string("")]
    let operand = operands.randomElement(using: &random) ?? .integer(1)
    switch Int.random(in: 0..<7, using: &random) {
    case 0: return .exists(path)
    case 1: return .not(.exists(path))
    case 2: return .isIn(path, operands.filter { _ in Bool.random(using: &random) })
    case 3: return .text(path, .contains("x"))
    case 4: return .any([.compare(path, .equal, operand), .compare(.init(.name), .equal, "view")])
    default:
      let comparator = Comparator.allCases.randomElement(using: &random) ?? .equal
      let isOrdered = operand.number != nil || operand.text != nil
      return .compare(path, comparator.needsOrder && !isOrdered ? .equal : comparator, operand)
    }
  }

  @Test(
    "a filter on a profile means it as it is now, or as it was at each event",
    arguments: 0..<1_000 as Range<UInt64>)
  func filters(seed: UInt64) async throws {
    var random = seeded(seed)
    var history = ProfileTests.history(seed, using: &random)
    let sealed = try Sealed(erasingSomeOf: &history, parts: 1 + Int(seed % 4), using: &random)
    history.profiles = history.foldedProfiles
    for time in [ProfileTime.current, .event] {
      let condition = try condition(&random)
      var scope = try SeriesAnswerTests.scope(.some(seed), &random)
      scope.profiles = time
      let selector = try EventSelector(where: Filter(condition))
      let question = SeriesQuestion(
        scope, [Series(.events, of: selector), Series(.people, of: selector)], by: .day)
      let found: Sighted<Answer<SeriesQuestion.Content>>
      do {
        found = try await SeriesAnswerTests.answers.answer(
          question, from: sealed.snapshot, asOf: .epoch)
      } catch QueryError.invalid { continue }  // The scope asks for what nobody answers yet.
      let expected = try history.answer(question)
      try #require(found.answer == expected, "\(condition), \(time)")
    }
  }

  /// Asks about profiles: what each answer is made of.
  private func contents(
    _ answers: SectionAnswers, _ snapshot: Snapshot
  ) async throws -> [(content: String, isWhole: Bool)] {
    let path = try PropertyPath("profile.a")
    var scope = Scope(days(-1, 20), filter: try Filter(.exists(path)))
    let sums = SeriesQuestion(
      scope, [Series(.events), Series(.sum(path))], by: .day,
      breakdown: try Breakdown(by: [PropertyPath("profile.b")]))
    scope.profiles = .event
    let visits = SessionsQuestion(scope, by: .day)
    let series = try await answers.answer(sums, from: snapshot, asOf: .epoch)
    let sessions = try await answers.answer(visits, from: snapshot, asOf: .epoch)
    return [
      ("\(series.answer.content)", series.missing.isEmpty),
      ("\(sessions.answer.content)", sessions.missing.isEmpty),
    ]
  }

  @Test("a section is left out of answers about profiles whatever of it cannot be read")
  func damage() async throws {
    var random = seeded(5)
    var mix = ModelMix()
    mix.events = 300...300
    let history = ModelHistory.random(mix, using: &random)
    let joined = try Sealed(history, using: &random).snapshot.joined
    let encoded = try [history.events.prefix(150), history.events.dropFirst(150)].map {
      try Sealed.encoded(Array($0))[0]
    }
    func snapshot(_ second: Section?) throws -> Snapshot {
      Snapshot(
        [try Section(encoded[0])] + (second.map { [$0] } ?? []), of: Sealed.secret,
        joined: joined)
    }
    let answers = SectionAnswers(
      SeriesAnswerTests.threads, clock: StillClock(), onDamage: .leaveOut)
    let whole = try await contents(answers, snapshot(try Section(encoded[1])))
    let rest = try await contents(answers, snapshot(nil))
    var partial = 0
    for reads in 0..<250 {
      let source = FailingSource(encoded[1], after: reads)
      guard let second = try? Section(encoded[1].directory, source: source) else { continue }
      let found = try await contents(answers, snapshot(second))
      for (place, own) in found.enumerated() {
        #expect(own.content == (own.isWhole ? whole : rest)[place].content, "\(reads)")
        partial += own.isWhole ? 0 : 1
      }
    }
    #expect(partial > 0)
  }
}

/// A file whose reads succeed so many times, and never again.
private final class FailingSource: ExtentSource {
  private let section: EncodedSection
  private let left: Mutex<Int>

  init(_ section: EncodedSection, after reads: Int) {
    self.section = section
    left = Mutex(reads)
  }

  func extent(_ number: Int) throws(SectionProblem) -> Extent {
    let isReadable = left.withLock { left in
      left -= 1
      return left >= 0
    }
    guard isReadable else { throw .unreadable(extent: number) }
    return try section.extent(number)
  }
}
