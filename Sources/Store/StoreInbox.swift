import Batches
import Synchronization

/// What waits for the store's thread, in the order in which it came.
package final class StoreInbox: Sendable {
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

    /// About what it takes in memory while it waits: the sealed bytes, and the columns as the shelf
    /// counts them.
    var memoryBytes: Int {
      switch content {
      case .batch(let batch): batch.bytes.count + batch.columns.core.recordBytes * 2
      case .gap: 0
      }
    }
  }

  /// How much may wait for the disk.
  package struct Limits: Equatable, Sendable {
    package var bytes: Int
    package var requests: Int

    package init(bytes: Int, requests: Int) {
      self.bytes = bytes
      self.requests = requests
    }

    /// Whether something of this size may join what waits. A single one larger than the bound passes
    /// when it is alone.
    package func admit(_ size: Int, beside waiting: Waiting) -> Bool {
      waiting.requests == 0
        || (waiting.requests < requests && waiting.bytes + size <= bytes)
    }
  }

  package struct Waiting: Equatable, Sendable {
    package var requests = 0
    package var bytes = 0
    package init() {}
  }

  private struct State {
    var waiting: [Arrival] = []
    var size = Waiting()
    var isDraining = false
    var closed: StoreError?
  }

  private let state = Mutex(State())
  let limits: Limits
  private let counters: StoreCounters

  init(limits: Limits, counters: StoreCounters) {
    self.limits = limits
    self.counters = counters
  }

  /// One commit takes this much and what exceeds it last: more would make the first wait too long.
  private static let groupBytes = 8 << 20

  /// What waits at the moment.
  var waiting: Waiting { state.withLock { $0.size } }

  /// Why an arrival of no size would not be queued now.
  var refusal: StoreError? {
    state.withLock { state in
      if let closed = state.closed { return closed }
      return limits.admit(0, beside: state.size) ? nil : .busy(limits)
    }
  }

  /// Queues an arrival; true if the thread has to be told. A closed inbox, and a full one, answers at
  /// once.
  func put(_ arrival: Arrival) -> Bool {
    let size = arrival.memoryBytes
    let (mustWake, refusal) = state.withLock { state -> (Bool, StoreError?) in
      if let closed = state.closed { return (false, closed) }
      guard limits.admit(size, beside: state.size) else { return (false, .busy(limits)) }
      state.waiting.append(arrival)
      state.size.requests += 1
      state.size.bytes += size
      defer { state.isDraining = true }
      return (!state.isDraining, nil)
    }
    if let refusal {
      if case .busy = refusal { counters.inboxRefused.add(1, ordering: .relaxed) }
      arrival.answer(.failure(refusal))
    }
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
      state.size.requests -= count
      for arrival in group { state.size.bytes -= arrival.memoryBytes }
      if group.isEmpty { state.isDraining = false }
      return group
    }
  }

  /// Answers all that wait, and all that come, with `error`.
  func close(_ error: StoreError) {
    let waiting = state.withLock { state in
      state.closed = state.closed ?? error
      defer {
        state.waiting = []
        state.size = Waiting()
      }
      return state.waiting
    }
    for arrival in waiting { arrival.answer(.failure(error)) }
  }
}
