package import Platform

/// Why a request's body could not be had.
package enum BodyError: Error, Equatable {
  /// The body is larger than its limit; the number is the limit.
  case tooLarge(limit: Int)
  case malformed(HTTPProblem)
  /// The connection ended or went silent before the body did.
  case stream(StreamError)
}

/// The body of the request at hand, read from the connection as the handler asks for it.
package final class RequestBody {
  private let stream: any ByteStream
  private let limits: HTTPLimits
  private let timeouts: ServerTimeouts
  private var framing = Framing.none
  private var pace = BodyPace()
  private var mustContinue = false

  /// What arrived and is not consumed: the connection's buffer, lent for the time of the request.
  var input = InputBuffer()

  private enum Framing {
    case none
    case length(left: Int)
    case chunked(ChunkedDecoder)
  }

  init(stream: any ByteStream, limits: HTTPLimits, timeouts: ServerTimeouts) {
    self.stream = stream
    self.limits = limits
    self.timeouts = timeouts
  }

  /// Begins the body of a new request.
  func begin(_ head: borrowing RequestHead) {
    switch head.body {
    case .none, .untilClose: framing = .none
    case .length(let count): framing = .length(left: count)
    case .chunked:
      framing = .chunked(ChunkedDecoder(maximumBytes: limits.bodyBytes, limits: limits))
    }
    mustContinue = head.expectsContinue
    pace = BodyPace()
  }

  /// True once nothing of the body is left to read.
  package var isAtEnd: Bool {
    switch framing {
    case .none: true
    case .length(let left): left == 0
    case .chunked: false
    }
  }

  /// The next piece, as it arrived; nil at the end.
  package func next() async throws(BodyError) -> [UInt8]? {
    while !isAtEnd {
      if let piece = try takeArrived() { return piece }
      if isAtEnd { break }
      try await readMore()
    }
    return nil
  }

  /// The whole body, if it has at most `limit` bytes.
  package func collect(atMost limit: Int) async throws(BodyError) -> [UInt8] {
    if case .length(let left) = framing {
      guard left <= limit else { throw .tooLarge(limit: limit) }
      while input.count < left { try await readMore() }
      framing = .length(left: 0)
      return input.take(left)
    }
    var whole: [UInt8] = []
    while let piece = try await next() {
      guard whole.count + piece.count <= limit else { throw .tooLarge(limit: limit) }
      whole += piece
    }
    return whole
  }

  /// Reads what the handler left, if that is little; false if the connection has to be closed.
  func drain(atMost limit: Int) async -> Bool {
    if isAtEnd { return true }
    if mustContinue { return false }  // The client was never told to send it.
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
    guard !input.isEmpty else { return nil }
    switch framing {
    case .none: return nil
    case .length(let left):
      let piece = input.take(min(left, input.count))
      framing = .length(left: left - piece.count)
      return piece
    case .chunked(var decoder):
      framing = .none  // The decoder lives in one place: no copy of its state is made.
      let bytes = input.storage
      let window = input.window
      var position = 0
      do throws(HTTPProblem) {
        switch try decoder.next(bytes.span.extracting(window), at: &position) {
        case .needMore:
          framing = .chunked(decoder)
          input.consume(position)
          return nil
        case .data(let range):
          framing = .chunked(decoder)
          input.consume(position)
          let start = window.lowerBound
          return Array(bytes[(start + range.lowerBound)..<(start + range.upperBound)])
        case .end:
          input.consume(position)
          return nil
        }
      } catch {
        throw error == .bodyTooLarge ? .tooLarge(limit: limits.bodyBytes) : .malformed(error)
      }
    }
  }

  private func readMore() async throws(BodyError) {
    do throws(StreamError) {
      if mustContinue {
        mustContinue = false
        try await stream.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
      }
      stream.setDeadline(pace.deadline(timeouts, now: SystemClock.monotonicNanoseconds))
      let count = try await stream.read(into: &input)
      guard count > 0 else { throw .reset }
      pace.received(count)
    } catch {
      throw .stream(error)
    }
  }
}

/// How slowly a body may come in: after the grace it has to have kept the lowest rate on average.
struct BodyPace {
  private var start: UInt64?
  private var total: UInt64 = 0

  mutating func received(_ count: Int) { total += UInt64(count) }

  /// The latest moment for the next bytes.
  mutating func deadline(_ timeouts: ServerTimeouts, now: UInt64) -> UInt64 {
    let start = start ?? now
    self.start = start
    let earned = total * 1_000_000_000 / UInt64(timeouts.bodyBytesPerSecond)
    return start + timeouts.bodyGrace + earned
  }
}
