/// Reads a regular expression. Whatever it accepts means the same in Swift's `Regex` by scalars, with
/// ASCII classes and simple word boundaries; what would mean something else there, or nothing, it
/// refuses.
struct RegularExpressionParser {
  static let mostGroups = 64
  static let highestCount = 1_000

  private var scanner: PatternScanner
  private var ignoresCase: Bool
  private var depth = 0

  static func parse(_ text: String, ignoringCase: Bool) throws(PatternProblem) -> Expression {
    var parser = RegularExpressionParser(
      scanner: PatternScanner(text), ignoresCase: ignoringCase)
    if parser.scanner.skip(word: "(?i)") { parser.ignoresCase = true }
    let expression = try parser.choice()
    guard parser.scanner.isAtEnd else { throw parser.scanner.mistake(.unopenedGroup) }
    return expression
  }

  /// Up to the end or a `)`.
  private mutating func choice() throws(PatternProblem) -> Expression {
    var parts = [try sequence()]
    while scanner.skip("|") { parts.append(try sequence()) }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence() throws(PatternProblem) -> Expression {
    var parts: [Expression] = []
    while !scanner.isAtEnd, scanner.peek() != UInt8(ascii: "|"), scanner.peek() != UInt8(ascii: ")")
    {
      parts.append(try repeated(try atom()))
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func atom() throws(PatternProblem) -> Expression {
    let start = scanner.column
    let character = scanner.next()
    guard let byte = character.asASCIIByte else { return literal(character) }
    switch Unicode.Scalar(byte) {
    case "(": return try group(from: start)
    case "[":
      return .scalar(try scanner.scalarClass(.regularExpression, ignoringCase: ignoresCase))
    case ".": return .scalar(ScalarSet.newlines.inverted)
    case "^": return .assertion(.start)
    case "$": return .assertion(.end)
    case "\\":
      switch try scanner.escape(.regularExpression, from: start) {
      case .scalars(let set):
        return .scalar(ignoresCase && set.single != nil ? set.ignoringCase : set)
      case .assertion(let assertion): return .assertion(assertion)
      }
    case "*", "+", "?": throw scanner.mistake(.nothingToRepeat, at: start)
    case "{": throw scanner.mistake(.malformedCount, at: start)
    default: return literal(character)
    }
  }

  private func literal(_ character: Character) -> Expression {
    let parts = character.unicodeScalars.map { scalar in
      Expression.scalar(ignoresCase ? ScalarSet(scalar).ignoringCase : ScalarSet(scalar))
    }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func group(from start: Int) throws(PatternProblem) -> Expression {
    let outside = ignoresCase
    defer { ignoresCase = outside }
    if scanner.skip("?") {
      if scanner.skip(word: "i:") {
        ignoresCase = true
      } else if !scanner.skip(":") {
        let looksAround = ["=", "!", "<=", "<!"].contains { scanner.skip(word: $0) }
        throw scanner.mistake(looksAround ? .lookAround : .unknownGroup, at: start)
      }
    }
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.mostGroups else {
      throw scanner.mistake(.groupsTooDeep(limit: Self.mostGroups), at: start)
    }
    let inside = try choice()
    guard scanner.skip(")") else { throw scanner.mistake(.unclosedGroup, at: start) }
    // A place cannot be repeated, a group can, whatever is in it.
    if case .assertion = inside { return .sequence([inside]) }
    return inside
  }

  // Repetition.

  private mutating func repeated(_ part: Expression) throws(PatternProblem) -> Expression {
    let start = scanner.column
    guard let counts = try counts() else { return part }
    if case .assertion = part { throw scanner.mistake(.nothingToRepeat, at: start) }
    // Fewest first finds other places, but finds them in the same texts.
    let isLazy = scanner.skip("?")
    if !isLazy, scanner.peek() == UInt8(ascii: "+") { throw scanner.mistake(.possessive) }
    let again = scanner.column
    if scanner.peek() == UInt8(ascii: "?") { throw scanner.mistake(.repeatedTwice) }
    if try self.counts() != nil { throw scanner.mistake(.repeatedTwice, at: again) }
    return .repetition(part, atLeast: counts.atLeast, atMost: counts.atMost)
  }

  private mutating func counts() throws(PatternProblem) -> (atLeast: Int, atMost: Int?)? {
    if scanner.skip("*") { return (0, nil) }
    if scanner.skip("+") { return (1, nil) }
    if scanner.skip("?") { return (0, 1) }
    let start = scanner.column
    guard scanner.skip("{") else { return nil }
    guard let atLeast = try number(from: start) else {
      throw scanner.mistake(.malformedCount, at: start)
    }
    var atMost: Int? = atLeast
    if scanner.skip(",") { atMost = try number(from: start) }
    guard scanner.skip("}") else { throw scanner.mistake(.malformedCount, at: start) }
    guard atMost.map({ $0 >= atLeast }) ?? true else {
      throw scanner.mistake(.reversedCount, at: start)
    }
    return (atLeast, atMost)
  }

  private mutating func number(from start: Int) throws(PatternProblem) -> Int? {
    var value: Int?
    while let byte = scanner.peek(), (0x30...0x39).contains(byte) {
      _ = scanner.next()
      value = (value ?? 0) * 10 + Int(byte - 0x30)
      guard let value, value <= Self.highestCount else {
        throw scanner.mistake(.countTooLarge(limit: Self.highestCount), at: start)
      }
    }
    return value
  }
}
