/// A request's head: line, fields, and what they say about body and connection, all checked.
///
/// A connection keeps one and has it `parse` head after head: as long as nobody else holds a copy,
/// the memory of the last head serves the next one, and nothing is allocated.
package struct RequestHead: Sendable {
  package internal(set) var method = Method.get
  package internal(set) var target = RequestTarget()
  package internal(set) var version = HTTPVersion.http11
  package internal(set) var fields = FieldSection()
  package internal(set) var body = BodyFraming.none
  /// Whether the client lets the connection live on: the default of HTTP/1.1, a wish in HTTP/1.0.
  package internal(set) var keepsAlive = true
  /// Whether the client waits for `100 Continue` before it sends the body.
  package internal(set) var expectsContinue = false
  /// Content-Length as sent, also if it is zero.
  package internal(set) var contentLength: Int?
  /// The place of the Host field, which HTTP/1.0 may lack.
  var hostIndex: Int?
  /// The bytes that were there the last time there were too few.
  var seen = 0

  package init() {}

  package var isChunked: Bool { body == .chunked }

  /// The bytes that all ranges of this head point into.
  package var bytes: [UInt8] { fields.bytes }

  /// Gives the memory of the last head back if it is more than `limit`; that head means nothing then.
  mutating func releaseBytes(above limit: Int) {
    if fields.bytes.capacity > limit { self = RequestHead() }
  }

  /// The path as sent, percent-encoding and all.
  package var path: String { fields.text(in: target.path) }
  /// The query as sent, without its question mark.
  package var query: String? { target.query.map { fields.text(in: $0) } }
  /// The target as sent, for logs.
  package var targetText: String { fields.text(in: target.whole) }

  /// Host and port the request is for: an absolute target's, which outranks the Host field.
  package var host: String? {
    if let authority = target.authority { return fields.text(in: authority) }
    return hostIndex.map { fields.value(at: $0) }
  }

  package func value(of name: StaticString) -> String? { fields.value(of: name) }

  /// Whether the path is exactly `text`, as sent.
  package func path(is text: StaticString) -> Bool {
    Scan.equals(text, at: target.path, in: fields.bytes.span)
  }
}
