import Testing

@testable import Query

@Suite("Formulas") struct FormulaTests {
  private func value(_ text: String, _ current: [Value], _ previous: [Value] = []) throws -> Value {
    try Formula(text).value(current: current, previous: previous)
  }

  @Test(
    "arithmetic is as in school",
    arguments: [
      ("1+2*3", 7.0), ("(1+2)*3", 9), ("8/4/2", 1), ("8-4-2", 2), ("-2*-3", 6), ("--2", 2),
      (" A / B * 100 ", 25), ("A-B", -6), ("1.5*B", 12), ("-(A+B)", -10), ("A", 2),
      ("previous(A)", 5), ("(A - previous(A)) / previous(A)", -0.6), ("0.5", 0.5),
    ])
  func arithmetic(text: String, result: Double) throws {
    #expect(try value(text, [2, 8], [5, 0]) == .double(result))
  }

  @Test(
    "what is divided by zero, or made of something missing, or too large, is missing",
    arguments: ["A/0", "A/previous(B)", "0/0", "C", "C*0", "A+C", "A*D*D", "-C", "1/(A-2)", "D+D"])
  func missing(text: String) throws {
    let huge = Value.double(.greatestFiniteMagnitude)
    #expect(try value(text, [2, 8, .null, huge], [5, 0, 1, 1]) == .null)
  }

  @Test(
    "what is no formula is refused where it goes wrong",
    arguments: [
      ("", 0), ("1 2", 2), ("A B", 2), ("(A", 2), ("A)", 1), ("A+", 2), ("*A", 0), ("a", 0),
      ("1.", 2), (".5", 0), ("1e5", 1), ("previous A", 9), ("previous(1)", 9), ("previous(A", 10),
      ("previous", 8), ("A^2", 1), ("é", 0), ("AB", 1), ("Ａ", 0),
    ])
  func refused(text: String, place: Int) {
    do {
      _ = try Formula(text)
      Issue.record("\(text) was read")
    } catch {
      guard case .formula(_, let at) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(at == place, "\(text)")
    }
  }

  @Test("a formula has limits, and none of them is the stack's")
  func limits() throws {
    let deep = { String(repeating: "(", count: $0) + "A" + String(repeating: ")", count: $0) }
    _ = try Formula(deep(31))
    #expect(throws: QuestionProblem.tooMany("parentheses inside each other", limit: 32)) {
      try Formula(deep(32))
    }
    #expect(throws: QuestionProblem.self) { try Formula(String(repeating: "-", count: 400) + "A") }
    #expect(throws: QuestionProblem.tooMany("bytes in a formula", limit: 500)) {
      try Formula(String(repeating: " ", count: 500) + "A")
    }
    let long = "A" + String(repeating: "+A", count: 249)
    #expect(try value(long, [1]) == 250)
    #expect(throws: QuestionProblem.self) { try Formula(String(repeating: "9", count: 400)) }
  }

  @Test("any bytes are read or refused", arguments: UInt64(0)..<20)
  func noise(seed: UInt64) {
    var random = seeded(seed)
    let pieces = ["A", "B", "(", ")", "+", "-", "*", "/", "1", ".5", "previous(", " ", "e", "é"]
    for _ in 0..<500 {
      let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in
        pieces.randomElement(using: &random) ?? ""
      }.joined()
      guard let formula = try? Formula(text) else { continue }
      #expect(formula.seriesCount <= 2)
      _ = formula.value(current: [1, 2], previous: [0, .null])
    }
  }

  @Test("a formula knows how many series it needs")
  func count() throws {
    #expect(try Formula("1").seriesCount == 0)
    #expect(try Formula("A + previous(C) * B").seriesCount == 3)
  }
}
