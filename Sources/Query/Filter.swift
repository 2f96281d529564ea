/// A condition whose size is bounded and whose operands make sense. Who holds one never checks again.
package struct Filter: Equatable, Sendable {
  package static let maximumDepth = 16
  /// Conditions, the inner ones included, and values of `in`.
  package static let maximumSize = 2_000
  /// The bytes of all texts.
  package static let maximumBytes = 64 * 1_024

  /// Lets everything through.
  package static let everything = Filter(checked: .all([]))

  package let condition: Condition

  private init(checked condition: Condition) { self.condition = condition }

  package init(_ condition: Condition) throws(QuestionProblem) {
    var size = Size()
    try size.add(condition, depth: 1)
    self.init(checked: condition)
  }

  /// What both let through.
  package func and(_ other: Filter) throws(QuestionProblem) -> Filter {
    if self == .everything { return other }
    if other == .everything { return self }
    return try Filter(.all([condition, other.condition]))
  }
}

/// Counts while it walks, and stops at the first that is too much.
private struct Size {
  private var count = 0
  private var bytes = 0

  mutating func add(_ condition: Condition, depth: Int) throws(QuestionProblem) {
    guard depth <= Filter.maximumDepth else {
      throw .tooMany("conditions inside each other", limit: Filter.maximumDepth)
    }
    try add(count: 1)
    switch condition {
    case .all(let parts), .any(let parts):
      for part in parts { try add(part, depth: depth + 1) }
    case .not(let part): try add(part, depth: depth + 1)
    case .compare(let path, let comparator, let value):
      if comparator.needsOrder, value.number == nil, value.text == nil {
        throw .operand("\(path) \(comparator.rawValue) takes a number or a text")
      }
      try add(value)
    case .isIn(_, let values):
      for value in values {
        try add(count: 1)
        try add(value)
      }
    case .text(_, let test), .search(let test): try add(test)
    case .exists: break
    }
  }

  private mutating func add(_ value: Value) throws(QuestionProblem) {
    switch value {
    case .null: throw .operand("null equals nothing: ask whether the value exists")
    case .double(let number) where !number.isFinite: throw .operand("a number has to be finite")
    case .string(let text): try add(bytes: text.utf8.count)
    case .bool, .integer, .double: break
    }
  }

  private mutating func add(_ test: TextTest) throws(QuestionProblem) {
    switch test {
    case .contains(let text), .hasPrefix(let text), .hasSuffix(let text):
      try add(bytes: text.utf8.count)
    case .matches(let pattern): try add(bytes: pattern.text.utf8.count)
    }
  }

  private mutating func add(count: Int) throws(QuestionProblem) {
    self.count += count
    guard self.count <= Filter.maximumSize else {
      throw .tooMany("conditions in a filter", limit: Filter.maximumSize)
    }
  }

  private mutating func add(bytes: Int) throws(QuestionProblem) {
    self.bytes += bytes
    guard self.bytes <= Filter.maximumBytes else {
      throw .tooMany("bytes of text in a filter", limit: Filter.maximumBytes)
    }
  }
}
