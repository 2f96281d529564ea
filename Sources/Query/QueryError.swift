/// Why a question has no answer.
package enum QueryError: Error, Equatable {
  /// The question itself makes no sense.
  case invalid(QuestionProblem)
  /// The range has more pieces than an answer may have.
  case tooManyBuckets(limit: Int)
  /// The answer would take more memory than it may.
  case overBudget(bytes: Int)
  case deadlineExceeded
  case cancelled
  /// The store could not read what it has, in words for the log.
  case unreadable(String)
}

/// What is wrong with a question, in words for whoever asked it.
package enum QuestionProblem: Error, Equatable {
  case path(String)
  case operand(String)
  case tooMany(String, limit: Int)
  case outOfBounds(String, ClosedRange<Int>)
  case formula(String, at: Int)
  /// What two parts of a question say of each other.
  case contradiction(String)
}

extension QuestionProblem: CustomStringConvertible {
  package var description: String {
    switch self {
    case .path(let text): "no such property: \(text)"
    case .operand(let text): text
    case .tooMany(let what, let limit): "more than \(limit) \(what)"
    case .outOfBounds(let what, let bounds):
      "\(what): from \(bounds.lowerBound) to \(bounds.upperBound)"
    case .formula(let text, let place): "formula, character \(place + 1): \(text)"
    case .contradiction(let text): text
    }
  }
}
