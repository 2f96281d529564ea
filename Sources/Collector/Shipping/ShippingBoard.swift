import Events
import Synchronization
import Telemetry

/// How shipping is doing, kept where health, metrics and the status command can read it.
final class ShippingBoard: Sendable {
  /// The aggregator does not answer a hello as it should.
  struct Outage: Equatable, Sendable {
    let reason: String
    /// When the first hello failed, on the wall clock.
    let since: Int64
  }

  /// A project of which nothing is shipped.
  struct PausedProject: Equatable, Sendable {
    let project: ProjectID
    let trouble: Trouble
    let since: Int64
  }

  struct State: Equatable, Sendable {
    var trouble: Trouble?
    var hold: ShippingPlan.Hold?
    /// When trouble or hold began, on the wall clock.
    var troubleSince: Int64?
    /// What hello met, which also speaks while there is nothing to ship.
    var outage: Outage?
    var paused: [PausedProject] = []
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

  /// What shipping says of itself; what hello said stays.
  func publish(_ new: State) {
    change { state in
      let outage = state.outage
      state = new
      state.outage = outage
    }
  }

  /// What hello says: nil where the aggregator answers as it should.
  func publish(_ outage: Outage?) { change { $0.outage = outage } }

  private func change(_ body: (inout State) -> Void) {
    let news = state.withLock { state -> State? in
      let old = state
      body(&state)
      let isNews =
        state.trouble != old.trouble || state.hold != old.hold || state.outage != old.outage
        || state.paused != old.paused || state.isBreakerTripped != old.isBreakerTripped
      return isNews ? state : nil
    }
    if let news { onChange(news) }
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
