import Testing

@testable import Query

@Suite("Filters") struct FilterTests {
  private let exists = Condition.exists(PropertyPath(.session))

  private func nested(_ levels: Int) -> Condition {
    (1..<levels).reduce(exists) { inner, _ in .not(inner) }
  }

  @Test("a filter is as deep and as large as its limits, and no more")
  func bounds() throws {
    _ = try Filter(nested(Filter.maximumDepth))
    #expect(throws: QuestionProblem.tooMany("conditions inside each other", limit: 16)) {
      try Filter(nested(Filter.maximumDepth + 1))
    }
    let most = [Condition](repeating: exists, count: Filter.maximumSize - 1)
    _ = try Filter(.any(most))
    #expect(throws: QuestionProblem.tooMany("conditions in a filter", limit: 2_000)) {
      try Filter(.any(most + [exists]))
    }
    #expect(throws: QuestionProblem.tooMany("conditions in a filter", limit: 2_000)) {
      try Filter(.isIn(PropertyPath(.name), (0..<2_000).map { .integer($0) }))
    }
    let text = String(repeating: "x", count: Filter.maximumBytes)
    _ = try Filter(.text(PropertyPath(.name), .contains(text)))
    #expect(throws: QuestionProblem.tooMany("bytes of text in a filter", limit: 65_536)) {
      try Filter(.compare(PropertyPath(.name), .equal, .string(text + "x")))
    }
  }

  @Test("operands that no value can be compared with are refused")
  func operands() {
    let path = PropertyPath(.name)
    let nonsense: [Condition] = [
      .compare(path, .equal, .null), .compare(path, .less, true), .compare(path, .less, .null),
      .isIn(path, ["a", .null]), .compare(path, .equal, .double(.nan)),
      .isIn(path, [.double(.infinity)]),
    ]
    for condition in nonsense {
      #expect(throws: QuestionProblem.self) { try Filter(condition) }
      #expect(throws: QuestionProblem.self) { try Filter(.any([exists, .not(condition)])) }
    }
  }

  @Test("a pattern has a limit")
  func patterns() throws {
    _ = try Pattern(.glob, String(repeating: "*", count: Pattern.maximumBytes))
    #expect(throws: QuestionProblem.tooMany("bytes in a pattern", limit: 256)) {
      try Pattern(.glob, String(repeating: "*", count: Pattern.maximumBytes + 1))
    }
  }

  @Test("what is no pattern is refused with its column, before anything is asked")
  func patternsThatAreNone() {
    for (syntax, text) in [(Pattern.Syntax.regularExpression, "a(b"), (.glob, "[a")] {
      do throws(QuestionProblem) {
        _ = try Pattern(syntax, text)
        Issue.record("\(text)")
      } catch { #expect(error.description.hasPrefix("pattern, column ")) }
    }
  }

  @Test("two filters together let through what both do")
  func both() throws {
    let filter = try Filter(exists)
    #expect(try filter.and(.everything) == filter)
    #expect(try Filter.everything.and(filter) == filter)
    #expect(try filter.and(filter).condition == .all([exists, exists]))
  }

  @Test("a problem is a sentence for whoever asked")
  func sentences() {
    #expect(QuestionProblem.path("prop.a").description == "no such property: prop.a")
    #expect(QuestionProblem.tooMany("formulas", limit: 10).description == "more than 10 formulas")
    #expect(QuestionProblem.outOfBounds("limit", 1...9).description == "limit: from 1 to 9")
    #expect(
      QuestionProblem.formula("\")\" is due", at: 2).description
        == "formula, character 3: \")\" is due")
  }
}
