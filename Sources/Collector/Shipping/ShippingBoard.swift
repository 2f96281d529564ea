import Synchronization
import Telemetry

/// How shipping is doing, kept where health, metrics and the status command can read it.
final class ShippingBoard: Sendable {
  struct State: Equatable, Sendable {
    var trouble: Trouble?
    var hold: ShippingPlan.Hold?
    var failures = 0
    var failingSince: UInt64?
    var underWay = 0
    var isBreakerTripped = false
  }

  struct Totals: Equatable, Sendable {
    var batches = 0
    var events = 0
    var bytes = 0
    var rejected = 0
    var quarantined = 0
    var rotations = 0
    var lastAcknowledged: Int64?
  }

  private let state = Mutex(State())
  private let counted = Mutex(Totals())
  private let backlog = Atomic<Int64>(0)
  private let onChange: @Sendable (State) -> Void

  init(onChange: @escaping @Sendable (State) -> Void = { _ in }) { self.onChange = onChange }

  var current: State { state.withLock { $0 } }
  var totals: Totals { counted.withLock { $0 } }

  /// What was waiting at the last look, of the project that was looked at.
  var backlogEvents: Int64 {
    get { backlog.load(ordering: .relaxed) }
    set { backlog.store(newValue, ordering: .relaxed) }
  }

  func publish(_ new: State) {
    let hasChanged = state.withLock { state in
      defer { state = new }
      return state.trouble != new.trouble || state.hold != new.hold
        || state.isBreakerTripped != new.isBreakerTripped
    }
    if hasChanged { onChange(new) }
  }

  func acknowledged(events: Int, bytes: Int, rejected: Int, at wall: Int64, monotonic: UInt64) {
    counted.withLock { totals in
      totals.batches += 1
      totals.events += events
      totals.bytes += bytes
      totals.rejected += rejected
      totals.lastAcknowledged = wall
    }
  }

  func quarantined(_ events: Int) { counted.withLock { $0.quarantined += events } }
  func rotated() { counted.withLock { $0.rotations += 1 } }
}
