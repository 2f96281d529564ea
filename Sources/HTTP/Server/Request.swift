package import Platform

/// One request as a handler sees it: the head, and the body as a stream.
///
/// It belongs to its connection, which uses it again for the next request: a handler keeps what it
/// reads from it, never the request itself.
package final class Request {
  package internal(set) var head = RequestHead()
  package let body: RequestBody
  /// The other end of the connection.
  package let peer: PeerAddress
  package let security: ConnectionSecurity
  /// What the connection's requests have proved so far; a route says so of this one.
  package let standing: ConnectionStanding
  /// When the head was complete, on the monotonic clock.
  package internal(set) var arrivedNanoseconds: UInt64 = 0
  /// What the route's pattern left open, in its order: `user/{id}` gives one. Decoded.
  package internal(set) var parameters: [String] = []
  /// The route that took the request: for metrics, which must not count by path.
  package internal(set) var route = RequestRoute.none

  init(
    body: RequestBody, peer: PeerAddress, security: ConnectionSecurity,
    standing: ConnectionStanding
  ) {
    self.body = body
    self.peer = peer
    self.security = security
    self.standing = standing
  }
}

/// A route by its pattern, and by a number that is quicker to look up.
package struct RequestRoute: Sendable {
  package let pattern: String
  package let number: Int

  /// No route took the request.
  static let none = RequestRoute(pattern: "none", number: 0)
  /// The request was no HTTP of ours.
  static let refused = RequestRoute(pattern: "refused", number: -1)
}

/// What protects a connection.
package enum ConnectionSecurity: Sendable {
  case none
  case tls12
  case tls13
}
