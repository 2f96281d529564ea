import Synchronization

/// Where the events of many callers meet the one writer: a caller leaves its request with its
/// continuation, and the first of a batch wakes the writer.
final class Inbox: Sendable {
  @safe struct Entry: Sendable {
    let request: AppendRequest
    // SAFETY: whoever takes an entry out answers it, once; a checked continuation would cost an
    // allocation for each event.
    private let reply: UnsafeContinuation<SpoolError?, Never>

    @unsafe init(request: AppendRequest, reply: UnsafeContinuation<SpoolError?, Never>) {
      self.request = request
      unsafe self.reply = reply
    }

    /// Tells the caller: kept, or why not.
    func answer(_ error: SpoolError?) { unsafe reply.resume(returning: error) }
  }

  private struct State {
    var waiting: [Entry] = []
    var bytes = 0
    var refused: UInt64 = 0
    /// Why nothing is taken at the moment.
    var refusal: SpoolError?
    /// The writer has been woken and has not yet found the inbox empty.
    var isAwake = false
  }

  private let state = Mutex(State())
  private let maximumBytes: Int

  init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  enum Outcome { case waits, waitsForWakeUp, refused(SpoolError) }

  func put(_ entry: Entry) -> Outcome {
    state.withLock { state in
      if let refusal = state.refusal {
        state.refused += 1
        return .refused(refusal)
      }
      let size = entry.request.records.count
      // A single request larger than the bound passes when it is alone.
      guard state.bytes == 0 || state.bytes + size <= maximumBytes else {
        state.refused += 1
        return .refused(.full(retryAfter: .seconds(1)))
      }
      state.waiting.append(entry)
      state.bytes += size
      if state.isAwake { return .waits }
      state.isAwake = true
      return .waitsForWakeUp
    }
  }

  /// Swaps what waits against an empty array of the writer. When nothing waits the writer may sleep:
  /// the next request wakes it.
  func take(into entries: inout [Entry]) {
    state.withLock { state in
      swap(&state.waiting, &entries)
      state.bytes = 0
      if entries.isEmpty { state.isAwake = false }
    }
  }

  /// From now on requests are refused with this, or taken again (nil). A final refusal stays.
  func refuse(_ error: SpoolError?) {
    state.withLock { state in
      switch state.refusal {
      case .failed, .stopping: break
      default: state.refusal = error
      }
    }
  }

  /// As `refuse`, for good, also instead of another final refusal.
  func close(_ error: SpoolError) { state.withLock { $0.refusal = error } }

  /// Requests that never reached the writer.
  var refused: UInt64 { state.withLock { $0.refused } }

  var refusal: SpoolError? { state.withLock { $0.refusal } }
}
