import Platform
import Synchronization

/// For how long after a start nothing is taken, counted by the monotonic clock.
final class IntakePause: Sendable {
  private let clock: any Clock
  /// 0 where there is none, or none any more.
  private let until: Atomic<UInt64>

  init(_ pause: Duration?, clock: any Clock) {
    self.clock = clock
    guard let pause, pause > .zero else {
      until = Atomic(0)
      return
    }
    until = Atomic(clock.monotonicNanoseconds &+ UInt64(pause / .nanoseconds(1)))
  }

  /// What is left of it; nil once intake is open.
  var rest: Duration? {
    let end = until.load(ordering: .relaxed)
    if end == 0 { return nil }
    let now = clock.monotonicNanoseconds
    if now < end { return .nanoseconds(Int64(clamping: end - now)) }
    until.store(0, ordering: .relaxed)
    return nil
  }
}
