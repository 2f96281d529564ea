package import Platform

/// Why a request's body could not be had.
package enum BodyError: Error, Equatable {
  /// The body is larger than its limit; the number is the limit.
  case tooLarge(limit: Int)
  case malformed(HTTPProblem)
  /// A content coding that we cannot undo.
  case unsupportedCoding
  /// The bytes are not what their content coding makes, in words for the log.
  case undecodable(String)
  /// The connection ended or went silent before the body did.
  case stream(StreamError)
}

/// The body of the request at hand, read from the connection as the handler asks for it.
package final class RequestBody {
  private let stream: any ByteStream
  private let limits: HTTPLimits
  private let timeouts: ServerTimeouts
  private var body = MessageBody()
  private var pace = BodyPace()
  private var mustContinue = false
  /// The connection ended or went silent inside the body.
  private var isBroken = false
  /// Bytes of the body that were read and not used.
  private var putBack: [UInt8] = []

  /// What arrived and is not consumed: the connection's buffer, lent for the time of the request.
  var input = InputBuffer()

  init(stream: any ByteStream, limits: HTTPLimits, timeouts: ServerTimeouts) {
    self.stream = stream
    self.limits = limits
    self.timeouts = timeouts
  }

  /// Begins the body of a new request.
  func begin(_ head: borrowing RequestHead) {
    body = MessageBody(head.body, limits: limits)
    mustContinue = head.expectsContinue
    isBroken = false
    putBack = []
    pace = BodyPace()
  }

  /// True once nothing of the body is left to read.
  package var isAtEnd: Bool { body.isAtEnd && putBack.isEmpty }

  /// True where the whole body has arrived already: having it costs no wait.
  var hasArrived: Bool { body.announced.map { $0 <= input.count } ?? false }

  /// The next piece, as it arrived; nil at the end.
  package func next() async throws(BodyError) -> [UInt8]? {
    if !putBack.isEmpty {
      defer { putBack = [] }
      return putBack
    }
    while !isAtEnd {
      if let piece = try takeArrived() { return piece }
      if isAtEnd { break }
      try await readMore()
    }
    return nil
  }

  /// The whole body, if it has at most `limit` bytes.
  package func collect(atMost limit: Int) async throws(BodyError) -> [UInt8] {
    var whole = putBack
    putBack = []
    guard whole.count <= limit else { throw .tooLarge(limit: limit) }
    if let announced = body.announced {
      guard announced <= limit - whole.count else { throw .tooLarge(limit: limit) }
      // A small body is in the buffer already, or soon is: one copy takes it out.
      while input.count < announced, announced <= Self.gathered { try await readMore() }
      if announced > Self.gathered { whole.reserveCapacity(whole.count + announced) }
    }
    while let piece = try await next() {
      guard whole.count + piece.count <= limit else { throw .tooLarge(limit: limit) }
      if whole.isEmpty { whole = piece } else { whole += piece }
    }
    return whole
  }

  /// The first `count` bytes, which are consumed; fewer where the body has no more. What follows them
  /// is had by `collect`: a handler looks at the head of a body before it decides about the rest.
  package func collectHead(_ count: Int) async throws(BodyError) -> [UInt8] {
    var head: [UInt8] = []
    while head.count < count, let piece = try await next() {
      let missing = count - head.count
      head += piece.prefix(missing)
      if piece.count > missing { putBack = Array(piece.dropFirst(missing)) }
    }
    return head
  }

  /// Whether what the handler left may be little enough to be read, so that another request can
  /// follow. Not where the client was never told to send it.
  func mayDrain(atMost limit: Int) -> Bool {
    body.isAtEnd || (!mustContinue && !isBroken && body.mayEnd(within: limit))
  }

  /// Reads what the handler left, if that is little; false if the connection has to be closed.
  func drain(atMost limit: Int) async -> Bool {
    guard mayDrain(atMost: limit) else { return false }
    var left = limit
    do {
      while let piece = try await next() {
        left -= piece.count
        guard left >= 0 else { return false }
      }
      return true
    } catch {
      return false
    }
  }

  private func takeArrived() throws(BodyError) -> [UInt8]? {
    do {
      return try body.take(from: &input)
    } catch {
      throw error == .bodyTooLarge ? .tooLarge(limit: limits.bodyBytes) : .malformed(error)
    }
  }

  /// Bodies up to this size are waited for and taken in one piece.
  private static let gathered = 64 * 1_024

  private func readMore() async throws(BodyError) {
    do throws(StreamError) {
      let start = SystemClock.monotonicNanoseconds
      stream.setDeadline(pace.deadline(timeouts, now: start))
      if mustContinue {
        mustContinue = false
        try await stream.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
      }
      let count = try await stream.read(into: &input)
      guard count > 0 else { throw .reset }
      pace.received(count, after: SystemClock.monotonicNanoseconds - start)
    } catch {
      isBroken = true
      throw .stream(error)
    }
  }
}

/// How slowly a body may come in: after the grace it has to have kept the lowest rate on average.
/// Only the time that we waited counts; a handler that takes its own is not the client's fault.
struct BodyPace {
  private var waited: UInt64 = 0
  private var total: UInt64 = 0

  mutating func received(_ count: Int, after nanoseconds: UInt64) {
    total += UInt64(count)
    waited += nanoseconds
  }

  /// The latest moment for the next bytes.
  func deadline(_ timeouts: ServerTimeouts, now: UInt64) -> UInt64 {
    // Four gigabytes buy time enough, and cannot overflow.
    let earned = min(total, 1 << 32) * 1_000_000_000 / UInt64(max(1, timeouts.bodyBytesPerSecond))
    let allowed = timeouts.bodyGrace + earned
    return now + (allowed > waited ? allowed - waited : 0)
  }
}
