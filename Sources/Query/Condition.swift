package import Patterns

/// A statement about one event, which `Truth` says how to combine.
///
/// | | without a value, or null | of another kind than the operand |
/// |---|---|---|
/// | `=`, `in` | unknown | no |
/// | `≠` | unknown | yes |
/// | `<`, `≤`, `≥`, `>` | unknown | unknown |
/// | texts | unknown | unknown where the value is no text |
/// | `exists` | no | yes |
///
/// Objects and arrays are not of the kind of any operand. Absent and null are the same everywhere.
package indirect enum Condition: Equatable, Sendable {
  /// Yes where all are; of none, yes.
  case all([Condition])
  /// Yes where one is; of none, no.
  case any([Condition])
  case not(Condition)
  case compare(PropertyPath, Comparator, Value)
  case isIn(PropertyPath, [Value])
  case text(PropertyPath, TextTest)
  /// Some text among the values of `props`, however deep, passes; keys are not looked at.
  case search(TextTest)
  case exists(PropertyPath)
}

package enum Comparator: String, CaseIterable, Sendable {
  case equal = "="
  case unequal = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="

  /// The comparator that says no where this one says yes, and yes where it says no.
  package var negated: Comparator {
    switch self {
    case .equal: .unequal
    case .unequal: .equal
    case .less: .greaterOrEqual
    case .lessOrEqual: .greater
    case .greater: .lessOrEqual
    case .greaterOrEqual: .less
    }
  }

  /// Whether it asks for more than whether two values are the same.
  package var needsOrder: Bool { self != .equal && self != .unequal }

  /// Whether it holds between two values in this order.
  package func holds(_ order: Order) -> Bool {
    switch self {
    case .equal: order == .same
    case .unequal: order != .same
    case .less: order == .before
    case .lessOrEqual: order != .after
    case .greater: order == .after
    case .greaterOrEqual: order != .before
    }
  }
}

/// What a text may be asked. Bytes are compared, so case counts.
package enum TextTest: Equatable, Sendable {
  case contains(String)
  case hasPrefix(String)
  case hasSuffix(String)
  case matches(Pattern)

  package static func == (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.contains(let left), .contains(let right)),
      (.hasPrefix(let left), .hasPrefix(let right)),
      (.hasSuffix(let left), .hasSuffix(let right)):
      left.utf8.elementsEqual(right.utf8)
    case (.matches(let left), .matches(let right)): left == right
    default: false
    }
  }
}

/// A regular expression or a glob. Its language is that of `Patterns`, which answers it in time that
/// grows with the text alone: who holds one never sees it refused.
package struct Pattern: Hashable, Sendable {
  package enum Syntax: String, Sendable {
    /// Found anywhere in the text, unless it is anchored.
    case regularExpression = "regex"
    /// Fits the whole text; `*` stands for any characters, `?` for one (a Unicode scalar).
    case glob
  }

  /// That of `CompiledPattern`, whose tables grow with it: counted repetitions make a short pattern
  /// large as it is, and the longest that people write (lists of paths) are better an `in`.
  package static let maximumBytes = CompiledPattern.maximumBytes

  package let syntax: Syntax
  package let text: String
  package let ignoresCase: Bool

  package init(
    _ syntax: Syntax, _ text: String, ignoringCase: Bool = false
  ) throws(QuestionProblem) {
    guard text.utf8.count <= Self.maximumBytes else {
      throw .tooMany("bytes in a pattern", limit: Self.maximumBytes)
    }
    self.syntax = syntax
    self.text = text
    ignoresCase = ignoringCase
    _ = try compiled()
  }

  /// Takes microseconds, and cannot fail once there is a pattern.
  package func compiled() throws(QuestionProblem) -> CompiledPattern {
    do throws(PatternProblem) {
      return switch syntax {
      case .regularExpression:
        try CompiledPattern(regularExpression: text, ignoringCase: ignoresCase)
      case .glob: try CompiledPattern(glob: text, ignoringCase: ignoresCase)
      }
    } catch { throw .operand("pattern, \(error)") }
  }

  package static func == (left: Self, right: Self) -> Bool {
    left.syntax == right.syntax && left.ignoresCase == right.ignoresCase
      && left.text.utf8.elementsEqual(right.text.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(syntax)
    hasher.combine(ignoresCase)
    for byte in text.utf8 { hasher.combine(byte) }
  }
}

extension Condition {
  /// The same condition with every negation moved down to where it disappears in a comparison, or
  /// stands before a test that has no opposite. What evaluates this form needs no third truth: a leaf
  /// says yes, or it does not.
  package var normalized: Condition {
    switch self {
    case .all(let parts): .all(parts.map(\.normalized))
    case .any(let parts): .any(parts.map(\.normalized))
    case .not(let part): part.negated
    case .compare, .isIn, .text, .search, .exists: self
    }
  }

  /// The normal form of the opposite.
  private var negated: Condition {
    switch self {
    case .all(let parts): .any(parts.map(\.negated))
    case .any(let parts): .all(parts.map(\.negated))
    case .not(let part): part.normalized
    case .compare(let path, let comparator, let value): .compare(path, comparator.negated, value)
    case .isIn, .text, .search, .exists: .not(self)
    }
  }
}
