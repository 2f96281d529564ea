/// What is wrong with a question's text: where, and in words for whoever wrote it.
package struct QuestionFault: Error, Equatable, Sendable {
  package enum Code: String, CaseIterable, Sendable {
    case invalidJSON = "invalid_json"
    case unknownKey = "unknown_key"
    case missingKey = "missing_key"
    case wrongType = "wrong_type"
    /// A text that is none of those that may stand there.
    case unknownValue = "unknown_value"
    case outOfBounds = "out_of_bounds"
    case tooMany = "too_many"
    /// A time, a time zone or a duration that is none.
    case invalidTime = "invalid_time"
    /// What `Query` says of a question that is written well.
    case invalidQuestion = "invalid_question"
    case unknownSegment = "unknown_segment"
  }

  package let code: Code
  /// `filter.and[2].value`; empty where it is the question as a whole.
  package let path: String
  package let message: String

  package init(_ code: Code, at path: String, _ message: String) {
    self.code = code
    self.path = path
    self.message = message
  }
}

extension QuestionFault: CustomStringConvertible {
  package var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
