import JSON

/// Why a whole request is not taken: none of its events was. A single bad event among good ones is a
/// `Rejection` instead.
package struct DialectRefusal: Error, Equatable, Sendable {
  /// The status that the reply carries.
  package let status: Int
  /// For programs; it does not change once it has been released.
  package let code: String
  /// For people.
  package let message: String

  package init(status: Int, code: String, message: String) {
    self.status = status
    self.code = code
    self.message = message
  }

  static func invalidJSON(_ error: JSONError) -> Self {
    Self(
      status: 400, code: "invalid_json", message: "The body is not valid JSON: \(error.message).")
  }

  static let emptyBody = Self(status: 400, code: "empty_body", message: "The body is empty.")

  static func tooManyEvents(limit: Int) -> Self {
    Self(
      status: 413, code: "too_many_events",
      message: "The request has more than \(limit) events, which is the limit of one request.")
  }

  static func wrongProject(named: String) -> Self {
    Self(
      status: 403, code: "wrong_project",
      message: "The key of this request does not belong to project `\(named)`.")
  }

  static func unknownShape(expected: String) -> Self {
    Self(status: 400, code: "unknown_shape", message: "The body has no known shape: \(expected).")
  }
}
