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
    var lastStart: UInt64?
    var trouble: StoreError?
  }

  private let limits: Limits
  private let clock: any Clock
  private let state = Mutex(State())

  init(_ limits: Limits, clock: any Clock) {
    self.limits = limits
    self.clock = clock
  }

  /// Why the last seal came to nothing; nil if it did not.
  var trouble: StoreError? { state.withLock { $0.trouble } }

  /// True if a seal is to begin now; it is under way then until `finish`. `oldest` is when the first
  /// of what is hot was received, by the wall clock, which goes on while no store runs.
  func begin(hotEvents: Int, oldest: Int64?) -> Bool {
    let now = clock.monotonicNanoseconds
    let age = oldest.map { Duration.milliseconds(max(0, clock.wallMilliseconds &- $0)) }
    return state.withLock { state in
      let since = state.lastStart.map { Duration.nanoseconds(Int64(clamping: now &- min(now, $0))) }
      // After a failure a minute passes before the next attempt. What stays hot though it is old, as it
      // cannot be read, does not make a pack of whatever else came in that minute.
      let pause = state.trouble == nil ? Duration.zero : Self.pauseAfterTrouble
      let agePause = max(pause, min(limits.age, Self.pauseOfAge))
      let isFull = hotEvents >= limits.events && since ?? pause >= pause
      let isOld = (age ?? .zero) >= limits.age && age != nil && since ?? agePause >= agePause
      guard !state.isRunning, isFull || isOld else { return false }
      state.isRunning = true
      state.lastStart = now
      return true
    }
  }

  private static let pauseAfterTrouble = Duration.seconds(60)
  private static let pauseOfAge = Duration.seconds(3_600)

  func finish(_ trouble: StoreError?) {
    state.withLock { state in
      state.isRunning = false
      state.trouble = trouble
    }
  }
}
