import Synchronization

/// What waits for the store's thread, in the order in which it came.
final class StoreInbox: Sendable {
  enum Content: Sendable {
    case batch(ArrivedBatch)
    case gap(ArrivedGap)
  }

  /// Called once with what became of an arrival.
  typealias Reply = @Sendable (Result<CommitOutcome, StoreError>) -> Void

  struct Arrival: Sendable {
    let content: Content
    private let reply: Reply

    init(_ content: Content, _ reply: @escaping Reply) {
      self.content = content
      self.reply = reply
    }

    func answer(_ result: Result<CommitOutcome, StoreError>) { reply(result) }

    var byteCount: Int {
      switch content {
      case .batch(let batch): batch.bytes.count
      case .gap: 0
      }
    }
  }

  private struct State {
    var waiting: [Arrival] = []
    var isDraining = false
    var closed: StoreError?
  }

  private let state = Mutex(State())

  /// One commit takes this much and what exceeds it last: more would make the first wait too long.
  private static let groupBytes = 8 << 20

  /// Queues an arrival; true if the thread has to be told. A closed inbox answers at once.
  func put(_ arrival: Arrival) -> Bool {
    let (mustWake, closed) = state.withLock { state -> (Bool, StoreError?) in
      if let closed = state.closed { return (false, closed) }
      state.waiting.append(arrival)
      defer { state.isDraining = true }
      return (!state.isDraining, nil)
    }
    if let closed { arrival.answer(.failure(closed)) }
    return mustWake
  }

  /// The next group; empty once nothing waits, and the thread may sleep.
  func take() -> [Arrival] {
    state.withLock { state in
      var bytes = 0
      var count = 0
      while count < state.waiting.count, bytes < Self.groupBytes {
        bytes += state.waiting[count].byteCount
        count += 1
      }
      let group = Array(state.waiting[..<count])
      state.waiting.removeFirst(count)
      if group.isEmpty { state.isDraining = false }
      return group
    }
  }

  /// Answers all that wait, and all that come, with `error`.
  func close(_ error: StoreError) {
    let waiting = state.withLock { state in
      state.closed = state.closed ?? error
      defer { state.waiting = [] }
      return state.waiting
    }
    for arrival in waiting { arrival.answer(.failure(error)) }
  }
}
