/// How much a peer may send before we stop listening. Every number bounds memory or time, so none
/// of them is optional.
package struct HTTPLimits: Equatable, Sendable {
  /// A whole head: request or status line, fields, and the empty line (431).
  package var headBytes = 16 * 1024
  /// The request target (414).
  package var targetBytes = 8 * 1024
  /// A method's name; longer ones are nobody's (501).
  package var methodBytes = 32
  /// The fields of one head (431).
  package var fields = 64

  /// The extension of one chunk, and of all chunks of one body together.
  package var chunkExtensionBytes = 256
  package var chunkExtensionTotalBytes = 4 * 1024
  /// The trailer section behind the last chunk, with its empty line, and its fields.
  package var trailerBytes = 4 * 1024
  package var trailerFields = 16

  /// A request's body as sent (413), and again after its content coding is undone.
  package var bodyBytes = 32 * 1024 * 1024
  /// What is read of a body that its handler left unread, before the connection is closed instead.
  package var drainedBodyBytes = 64 * 1024

  /// The 1xx heads a server may send before its answer; all of them share `headBytes`.
  package var interimResponses = 8

  /// The content codings laid over one body: each is a bomb's chance to grow.
  package static let contentCodings = 2

  /// What a listener allows unless it is told otherwise.
  package static let standard = HTTPLimits()

  /// Places in a head are kept as 16-bit numbers.
  static let greatestHeadBytes = Int(UInt16.max)

  package init() {}
}
