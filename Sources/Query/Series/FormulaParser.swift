/// Reads a formula by descending its grammar.
struct FormulaParser {
  private static let maximumDepth = 32

  private let bytes: [UInt8]
  private var place = 0
  private var depth = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  /// The whole text as one formula.
  mutating func formula() throws(QuestionProblem) -> Formula.Expression {
    let expression = try sum()
    guard peek() == nil else { throw problem("an operator is due") }
    return expression
  }

  private mutating func sum() throws(QuestionProblem) -> Formula.Expression {
    var left = try product()
    while true {
      if take("+") {
        left = .sum(left, try product())
      } else if take("-") {
        left = .difference(left, try product())
      } else {
        return left
      }
    }
  }

  private mutating func product() throws(QuestionProblem) -> Formula.Expression {
    var left = try factor()
    while true {
      if take("*") {
        left = .product(left, try factor())
      } else if take("/") {
        left = .quotient(left, try factor())
      } else {
        return left
      }
    }
  }

  private mutating func factor() throws(QuestionProblem) -> Formula.Expression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else {
      throw .tooMany("parentheses inside each other", limit: Self.maximumDepth)
    }
    if take("-") { return .negated(try factor()) }
    if take("(") {
      let inner = try sum()
      try require(")")
      return inner
    }
    guard let first = peek() else { throw problem("a number or a series is due") }
    if isDigit(first) { return .number(try number()) }
    if let index = takeSeries() { return .series(index) }
    guard takeWord("previous") else { throw problem("a number or a series is due") }
    try require("(")
    guard let index = takeSeries() else { throw problem("a series is due") }
    try require(")")
    return .previous(index)
  }

  private mutating func number() throws(QuestionProblem) -> Double {
    let start = place
    takeDigits()
    if place < bytes.count, bytes[place] == UInt8(ascii: ".") {
      place += 1
      let fraction = place
      takeDigits()
      guard place > fraction else { throw problem("a digit is due") }
    }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    guard let value = Double(text), value.isFinite else { throw problem("too large a number") }
    return value
  }

  private mutating func takeDigits() {
    while place < bytes.count, isDigit(bytes[place]) { place += 1 }
  }

  private func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  /// The place of a series: one capital letter.
  private mutating func takeSeries() -> Int? {
    guard let byte = peek(), (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) else {
      return nil
    }
    place += 1
    return Int(byte - UInt8(ascii: "A"))
  }

  private mutating func takeWord(_ word: String) -> Bool {
    guard peek() != nil, bytes[place...].starts(with: word.utf8) else { return false }
    place += word.utf8.count
    return true
  }

  private mutating func take(_ sign: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: sign) else { return false }
    place += 1
    return true
  }

  private mutating func require(_ sign: Unicode.Scalar) throws(QuestionProblem) {
    guard take(sign) else { throw problem("\"\(sign)\" is due") }
  }

  /// The next byte that is no blank, which stays; nil at the end.
  private mutating func peek() -> UInt8? {
    while place < bytes.count, bytes[place] == UInt8(ascii: " ") { place += 1 }
    return place < bytes.count ? bytes[place] : nil
  }

  private func problem(_ text: String) -> QuestionProblem { .formula(text, at: place) }
}
