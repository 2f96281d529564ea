import Calendar
import Events
import Platform
import Query
import QueryModel
import SealedModel
import Sections
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
}
