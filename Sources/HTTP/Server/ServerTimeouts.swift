/// How long a peer may take, in nanoseconds: slow clients must not hold slots for ever.
package struct ServerTimeouts: Sendable {
  package var handshake: UInt64 = 10_000_000_000
  /// From the first byte of a head to its last.
  package var head: UInt64 = 10_000_000_000
  /// After this, a body has to have come at `bodyBytesPerSecond` on average.
  package var bodyGrace: UInt64 = 10_000_000_000
  package var bodyBytesPerSecond = 1_024
  /// Between two requests.
  package var idle: UInt64 = 60_000_000_000
  /// For the peer to take a whole response, or one piece of a streamed one.
  package var response: UInt64 = 60_000_000_000
  /// For a client that was refused to stop writing.
  package var linger: UInt64 = 2_000_000_000

  package init() {}
}
