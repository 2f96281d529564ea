import Platform
import Synchronization

/// When to seal: once so much is hot, or the oldest of it so old.
final class SealSchedule: Sendable {
  struct Limits: Sendable {
    var events = 1_000_000
    var age: Duration = .seconds(86_400)
  }

  private struct State {
    var isRunning = false
    var lastStart: UInt64
    var trouble: StoreError?
  }

  private let limits: Limits
  private let clock: any Clock
  private let state: Mutex<State>

  init(_ limits: Limits, clock: any Clock) {
    self.limits = limits
    self.clock = clock
    state = Mutex(State(lastStart: clock.monotonicNanoseconds))
  }

  /// Why the last seal came to nothing; nil if it did not.
  var trouble: StoreError? { state.withLock { $0.trouble } }

  /// True if a seal is to begin now; it is under way then until `finish`.
  func begin(hotEvents: Int) -> Bool {
    let now = clock.monotonicNanoseconds
    return state.withLock { state in
      let since = now &- min(now, state.lastStart)
      let isOld = hotEvents > 0 && since >= UInt64(limits.age / .nanoseconds(1))
      // After a failure a minute passes before the next attempt.
      let isTooSoon = state.trouble != nil && since < 60_000_000_000
      guard !state.isRunning, !isTooSoon, hotEvents >= limits.events || isOld else { return false }
      state.isRunning = true
      state.lastStart = now
      return true
    }
  }

  func finish(_ trouble: StoreError?) {
    state.withLock { state in
      state.isRunning = false
      state.trouble = trouble
    }
  }
}
