/// What a handler answers.
package struct Response: Sendable {
  package typealias Stream = @Sendable (borrowing ResponseWriter) async throws -> Void

  package enum Body: Sendable {
    case bytes([UInt8])
    /// Written piece by piece, while it is made. What it throws breaks the connection, so that the
    /// client cannot take a part for the whole.
    case stream(Stream)
  }

  package var status: HTTPStatus
  package var fields: FieldLines
  package var body: Body
  /// The connection is closed behind this response.
  package var closes = false

  package init(_ status: HTTPStatus, _ fields: FieldLines = FieldLines(), body: Body = .bytes([])) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  package static func json(_ body: [UInt8], _ status: HTTPStatus = .ok) -> Response {
    Response(status, jsonFields, body: .bytes(body))
  }

  package static func text(_ text: String, _ status: HTTPStatus = .ok) -> Response {
    Response(status, textFields, body: .bytes(Array(text.utf8)))
  }

  private static let jsonFields = FieldLines(["Content-Type": "application/json"])
  private static let textFields = FieldLines(["Content-Type": "text/plain; charset=utf-8"])
}
