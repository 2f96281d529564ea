package import Platform

/// Where a streamed response is written to: each piece goes out as one chunk.
package struct ResponseWriter: ~Copyable {
  private let stream: any ByteStream
  private let isChunked: Bool
  private let isDiscarded: Bool
  private let timeouts: ServerTimeouts

  init(stream: any ByteStream, isChunked: Bool, isDiscarded: Bool, timeouts: ServerTimeouts) {
    self.stream = stream
    self.isChunked = isChunked
    self.isDiscarded = isDiscarded
    self.timeouts = timeouts
  }

  /// Returns once the kernel has taken the bytes: a slow reader slows its writer down.
  package borrowing func write(_ bytes: [UInt8]) async throws(StreamError) {
    guard !bytes.isEmpty, !isDiscarded else { return }
    stream.setDeadline(SystemClock.monotonicNanoseconds + timeouts.response)
    guard isChunked else { return try await stream.write(bytes) }
    var chunk: [UInt8] = []
    chunk.reserveCapacity(bytes.count + 20)
    ChunkedEncoder.appendHead(of: bytes.count, to: &chunk)
    chunk += bytes
    ChunkedEncoder.appendTail(to: &chunk)
    try await stream.write(chunk)
  }

  borrowing func finish() async throws(StreamError) {
    guard isChunked, !isDiscarded else { return }
    var end: [UInt8] = []
    ChunkedEncoder.appendEnd(to: &end)
    stream.setDeadline(SystemClock.monotonicNanoseconds + timeouts.response)
    try await stream.write(end)
  }
}
