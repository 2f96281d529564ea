/// A regular expression or a glob, ready to be used by any number of threads, each with its own
/// `Matcher`. Compiling takes microseconds and is bounded by `maximumBytes` and `Automaton.mostNodes`.
package struct CompiledPattern: Sendable {
  package static let maximumBytes = 256

  /// How little has to be done to know.
  enum Plan: Sendable {
    /// A text to be found, at the start, at the end, both or anywhere.
    case literal([UInt8], atStart: Bool, atEnd: Bool)
    /// The machine, from the start of the text.
    case automaton
    /// The machine, where this text is found: from there on if it begins every match.
    case automatonAround(LiteralSearch, isPrefix: Bool)
  }

  let automaton: Automaton
  let classes: ByteClasses
  let plan: Plan
  /// What looks for the text of a literal that may be anywhere.
  let search: LiteralSearch?

  /// Found anywhere in a text, unless it is anchored. `Docs/semantics.md` has the language.
  package init(
    regularExpression text: String, ignoringCase: Bool = false
  ) throws(PatternProblem) {
    try Self.checkLength(of: text)
    try self.init(RegularExpressionParser.parse(text, ignoringCase: ignoringCase))
  }

  /// Fits whole texts.
  package init(
    wholeRegularExpression text: String, ignoringCase: Bool = false
  ) throws(PatternProblem) {
    try Self.checkLength(of: text)
    let expression = try RegularExpressionParser.parse(text, ignoringCase: ignoringCase)
    try self.init(.sequence([.assertion(.start), expression, .assertion(.end)]))
  }

  /// Fits whole texts.
  package init(glob text: String, ignoringCase: Bool = false) throws(PatternProblem) {
    try Self.checkLength(of: text)
    try self.init(GlobParser.parse(text, ignoringCase: ignoringCase))
  }

  init(_ expression: Expression) throws(PatternProblem) {
    let expression = expression.flat
    automaton = try AutomatonBuilder.build(expression)
    classes = ByteClasses(of: automaton)
    plan = Self.plan(for: expression)
    switch plan {
    case .literal(let bytes, atStart: false, atEnd: false) where !bytes.isEmpty:
      search = LiteralSearch(bytes)
    default: search = nil
    }
  }

  private static func checkLength(of text: String) throws(PatternProblem) {
    guard text.utf8.count <= maximumBytes else {
      throw .tooLong(bytes: text.utf8.count, limit: maximumBytes)
    }
  }

  private static func plan(for expression: Expression) -> Plan {
    guard case .sequence(let all) = expression else { return .automaton }
    var parts = all[...]
    let atStart = parts.first == .assertion(.start)
    if atStart { parts = parts.dropFirst() }
    let atEnd = parts.last == .assertion(.end)
    if atEnd { parts = parts.dropLast() }
    if let bytes = Expression.sequence(Array(parts)).literal {
      return .literal(bytes, atStart: atStart, atEnd: atEnd)
    }
    // What has to be at the start is known to be missing after a few bytes.
    guard !expression.beginsAtStart else { return .automaton }
    return around(parts) ?? .automaton
  }

  /// The longest text that every match has; the first of several.
  private static func around(_ parts: ArraySlice<Expression>) -> Plan? {
    var best: [UInt8] = []
    var bestIsPrefix = false
    var run: [UInt8] = []
    var runIsPrefix = true
    for part in parts {
      if let bytes = part.literal {
        run += bytes
        if run.count > best.count { (best, bestIsPrefix) = (run, runIsPrefix) }
        continue
      }
      // Between two bytes something may hold without the bytes being any further apart.
      if case .assertion = part { continue }
      (run, runIsPrefix) = ([], false)
    }
    guard !best.isEmpty else { return nil }
    return .automatonAround(LiteralSearch(best), isPrefix: bestIsPrefix)
  }
}

extension Expression {
  /// Sequences inside of sequences as one.
  fileprivate var flat: Expression {
    var parts: [Expression] = []
    func add(_ expression: Expression) {
      if case .sequence(let inside) = expression {
        inside.forEach(add)
      } else {
        parts.append(expression)
      }
    }
    add(self)
    return .sequence(parts)
  }
}
