import Platform
import Synchronization

/// When to seal: once so much is hot, or the oldest of it so old, or so much of one project is laid out.
final class SealSchedule: Sendable {
  struct Limits: Sendable {
    var events = 1_000_000
    var age: Duration = .seconds(86_400)
    /// A project of which so much is laid out does not wait for the others.
    var eventsOfOne = HotSection.packRows
  }

  private struct State {
    var isRunning = false
    var lastStart: UInt64?
    /// Of everything.
    var lastWhole: UInt64?
    var trouble: StoreError?
  }

  /// Nil: nothing is ever sealed unless somebody asks.
  private let limits: Limits?
  private let clock: any Clock
  private let state = Mutex(State())

  init(_ limits: Limits?, clock: any Clock) {
    self.limits = limits
    self.clock = clock
  }

  /// Why the last seal came to nothing; nil if it did not.
  var trouble: StoreError? { state.withLock { $0.trouble } }

  /// What a seal is of: everything, or one project that has enough.
  enum Scope { case everything, one }

  /// The seal that is to begin now, if one is; it is under way then until `finish`. `oldest` is when the
  /// first of what is hot was received, by the wall clock, which goes on while no store runs.
  func begin(hotEvents: Int, oldest: Int64?, laidOut: Int = 0) -> Scope? {
    guard let limits else { return nil }
    let now = clock.monotonicNanoseconds
    let age = oldest.map { Duration.milliseconds(max(0, clock.wallMilliseconds &- $0)) }
    func since(_ start: UInt64?) -> Duration? {
      start.map { Duration.nanoseconds(Int64(clamping: now &- min(now, $0))) }
    }
    return state.withLock { state in
      // After a failure a minute passes before the next attempt. What stays hot though it is old, as it
      // cannot be read, does not make a pack of whatever else came in that minute.
      let pause = state.trouble == nil ? Duration.zero : Self.pauseAfterTrouble
      let agePause = max(pause, min(limits.age, Self.pauseOfAge))
      guard !state.isRunning, since(state.lastStart) ?? pause >= pause else { return nil }
      let isFull = hotEvents >= limits.events
      let isOld =
        age.map { $0 >= limits.age } ?? false && since(state.lastWhole) ?? agePause >= agePause
      guard isFull || isOld || laidOut >= limits.eventsOfOne else { return nil }
      state.isRunning = true
      state.lastStart = now
      // What one project alone can spare is the cheapest, unless the others grow meanwhile.
      let isTooFull = hotEvents / 2 >= limits.events
      if laidOut >= limits.eventsOfOne, !isOld, !isTooFull { return .one }
      state.lastWhole = now
      return .everything
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
