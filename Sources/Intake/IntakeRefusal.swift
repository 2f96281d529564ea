package import Dialects
internal import HTTP

/// Why a request is answered with an error: nothing of it was kept.
package struct IntakeRefusal: Error, Equatable, Sendable {
  package let status: Int
  /// For programs; it does not change once it has been released.
  package let code: String
  /// For people.
  package let message: String
  /// When the same request may do better.
  package let retryAfter: Duration?

  package init(status: Int, code: String, message: String, retryAfter: Duration? = nil) {
    self.status = status
    self.code = code
    self.message = message
    self.retryAfter = retryAfter
  }

  package init(_ refusal: DialectRefusal) {
    self.init(status: refusal.status, code: refusal.code, message: refusal.message)
  }

  package static let notEnrolled = Self(
    status: 503, code: "not_enrolled",
    message: "This collector belongs to no aggregator yet: run `tributary-collector enroll`.",
    retryAfter: .seconds(30))

  static let noKey = Self(
    status: 401, code: "unauthorized",
    message: "A key is missing: send it as X-API-Key or as a bearer token.")
  static let unknownKey = Self(
    status: 401, code: "unauthorized", message: "The key is not known here.")
  static let mayNotWrite = Self(
    status: 403, code: "forbidden", message: "This key may not send events.")
  static let wrongOrigin = Self(
    status: 403, code: "wrong_origin",
    message: "Pages of this origin may not send events for this client.")
  static let noProject = Self(
    status: 400, code: "missing_project",
    message: "This key belongs to no project: name one in X-Project-Id.")

  static func wrongProject(_ name: String) -> Self {
    Self(
      status: 403, code: "wrong_project",
      message: "The key of this request does not belong to project `\(name)`.")
  }

  static func body(_ error: BodyError) -> Self {
    switch error {
    case .tooLarge(let limit):
      Self(
        status: 413, code: "body_too_large",
        message: "The body has more than \(limit) bytes, which is the limit after decompression.")
    case .malformed(let problem):
      Self(status: problem.status, code: "malformed_body", message: problem.sentence)
    case .unsupportedCoding:
      Self(
        status: 415, code: "unsupported_coding",
        message: "Of content codings, gzip, deflate and zstd are understood.")
    case .undecodable:
      Self(
        status: 400, code: "undecodable_body",
        message: "The body is not what its Content-Encoding says.")
    case .stream:
      Self(status: 408, code: "body_incomplete", message: "The body did not arrive in time.")
    }
  }

  /// The answer, in the words that clients of all dialects look for.
  func response() -> Response {
    let reply = Reply(status: status, code: code, message: message)
    var response = Response.json(reply.body, HTTPStatus(status) ?? .internalServerError)
    if let retryAfter {
      let (seconds, rest) = retryAfter.components
      response.fields.append("Retry-After", max(1, Int(clamping: seconds) + (rest > 0 ? 1 : 0)))
    }
    return response
  }
}
