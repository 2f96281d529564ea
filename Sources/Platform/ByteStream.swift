/// Why a stream gave up.
package enum StreamError: Error, Equatable {
  /// The deadline set on the stream passed.
  case timedOut
  /// The stream was closed on our side, at shutdown for instance.
  case closed
  /// The peer broke the connection.
  case reset
  case system(SystemError)
  /// A protocol under the bytes failed (TLS), in words for the log.
  case broken(String)
}

/// A connection as a stream of bytes each way. Reading and writing may go on at the same time, each
/// by one task.
package protocol ByteStream: AnyObject, Sendable {
  /// Waits for bytes and adds them to `buffer`; 0 says that the peer will send no more.
  func read(into buffer: inout InputBuffer) async throws(StreamError) -> Int
  /// Returns once all bytes are with the kernel.
  func write(_ bytes: [UInt8]) async throws(StreamError)
  /// Says that nothing more will be written; what comes in can still be read.
  func finishWriting() async
  /// Ends both directions at once, also for a task that waits in `read` or `write`.
  func close()
  /// Ends the connection at once, so that the peer does not take what it got for all there is.
  func abort()
  /// True while the peer has neither sent what nobody has read, nor ended the connection.
  var isQuiet: Bool { get }
  /// From when on reads and writes fail with `timedOut`: monotonic nanoseconds, `.max` for never. A
  /// new deadline replaces the old one, also one that has passed.
  func setDeadline(_ nanoseconds: UInt64)
  /// What the other side is called in logs and, for TCP, where `ctx.ip` comes from.
  var peer: PeerAddress { get }
}

extension ByteStream {
  package func abort() { close() }
  package var isQuiet: Bool { true }
}
