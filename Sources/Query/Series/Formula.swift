/// A number made of a question's series by arithmetic: `A / B * 100`.
///
///     formula = term { ("+" | "-") term }
///     term    = factor { ("*" | "/") factor }
///     factor  = number | series | "previous" "(" series ")" | "(" formula ")" | "-" factor
///     series  = a letter, A for the first
///     number  = digits [ "." digits ]
///
/// `previous(A)` is A in the piece of time before, and in the first piece what A is where nothing
/// happened: nothing outside the range is looked at. A number that is missing makes the result
/// missing, and so do a division by zero and a result that no double holds.
package struct Formula: Equatable, Sendable {
  package static let maximumBytes = 500

  package indirect enum Expression: Equatable, Sendable {
    case number(Double)
    case series(Int)
    case previous(Int)
    case negated(Expression)
    case sum(Expression, Expression)
    case difference(Expression, Expression)
    case product(Expression, Expression)
    case quotient(Expression, Expression)
  }

  package let text: String
  package let expression: Expression

  package init(_ text: String) throws(QuestionProblem) {
    guard text.utf8.count <= Self.maximumBytes else {
      throw .tooMany("bytes in a formula", limit: Self.maximumBytes)
    }
    var parser = FormulaParser(text)
    self.text = text
    expression = try parser.formula()
  }

  /// How many series there have to be.
  package var seriesCount: Int { Self.seriesCount(of: expression) }

  private static func seriesCount(of expression: Expression) -> Int {
    switch expression {
    case .number: 0
    case .series(let index), .previous(let index): index + 1
    case .negated(let part): seriesCount(of: part)
    case .sum(let left, let right), .difference(let left, let right),
      .product(let left, let right), .quotient(let left, let right):
      max(seriesCount(of: left), seriesCount(of: right))
    }
  }

  /// The formula's value where the series have these.
  package func value(current: [Value], previous: [Value]) -> Value {
    guard let result = Self.value(of: expression, current, previous) else { return .null }
    return .double(result)
  }

  private static func value(
    of expression: Expression, _ current: [Value], _ previous: [Value]
  ) -> Double? {
    func both(_ left: Expression, _ right: Expression) -> (Double, Double)? {
      guard let left = value(of: left, current, previous),
        let right = value(of: right, current, previous)
      else { return nil }
      return (left, right)
    }
    let result: Double? =
      switch expression {
      case .number(let number): number
      case .series(let index): current[index].number
      case .previous(let index): previous[index].number
      case .negated(let part): value(of: part, current, previous).map { -$0 }
      case .sum(let left, let right): both(left, right).map { $0 + $1 }
      case .difference(let left, let right): both(left, right).map { $0 - $1 }
      case .product(let left, let right): both(left, right).map { $0 * $1 }
      case .quotient(let left, let right): both(left, right).map { $0 / $1 }
      }
    // What is divided by zero is not finite either.
    return result.flatMap { $0.isFinite ? $0 : nil }
  }
}
