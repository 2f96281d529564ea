import Platform

/// The body of a message while it arrives: takes its bytes out of what has come, by its framing.
struct MessageBody {
  private enum State {
    case ended
    case length(left: Int)
    case chunked(ChunkedDecoder)
    case untilClose
    /// Nobody knows where this body ends, so no message can follow it.
    case refused(HTTPProblem)
  }

  private var state = State.ended

  init() {}

  init(_ framing: BodyFraming, limits: HTTPLimits) {
    state =
      switch framing {
      case .none: .ended
      case .length(0): .ended
      case .length(let count):
        count <= limits.bodyBytes ? .length(left: count) : .refused(.bodyTooLarge)
      case .chunked: .chunked(ChunkedDecoder(maximumBytes: limits.bodyBytes, limits: limits))
      case .untilClose: .untilClose
      }
  }

  /// True once nothing of the body is left to read.
  var isAtEnd: Bool {
    if case .ended = state { true } else { false }
  }

  /// The bytes still to come, where the message said how many there are.
  var announced: Int? {
    switch state {
    case .ended: 0
    case .length(let left): left
    case .chunked, .untilClose, .refused: nil
    }
  }

  /// Whether reading on may lead to the end before `limit` bytes more.
  func mayEnd(within limit: Int) -> Bool {
    switch state {
    case .ended, .chunked: true
    case .length(let left): left <= limit
    case .untilClose, .refused: false
    }
  }

  /// The next piece of what has arrived; nil where more has to arrive first, or at the end.
  mutating func take(from input: inout InputBuffer) throws(HTTPProblem) -> [UInt8]? {
    if case .refused(let problem) = state { throw problem }
    guard !input.isEmpty else { return nil }
    switch state {
    case .ended, .refused: return nil
    case .untilClose: return input.take(input.count)
    case .length(let left):
      let piece = input.take(min(left, input.count))
      state = piece.count == left ? .ended : .length(left: left - piece.count)
      return piece
    case .chunked(var decoder):
      state = .ended  // The decoder lives in one place: no copy of its state is made.
      let bytes = input.storage
      let window = input.window
      var position = 0
      let step: ChunkedDecoder.Step
      do {
        step = try decoder.next(bytes.span.extracting(window), at: &position)
      } catch {
        state = .refused(error)
        throw error
      }
      input.consume(position)
      switch step {
      case .end: return nil
      case .needMore:
        state = .chunked(decoder)
        return nil
      case .data(let range):
        state = .chunked(decoder)
        let start = window.lowerBound
        return Array(bytes[(start + range.lowerBound)..<(start + range.upperBound)])
      }
    }
  }

  /// Whether the end of the connection is the end of this body.
  mutating func connectionEnded() -> Bool {
    guard case .untilClose = state else { return isAtEnd }
    state = .ended
    return true
  }
}
