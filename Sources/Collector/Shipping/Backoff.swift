import Platform

/// How long to wait before trying again (RELIABILITY B5): chance between nothing and a bound that
/// doubles, so that a fleet does not come back in step. Only an acknowledged batch starts it over:
/// a connection that succeeds proves little.
struct Backoff: Sendable {
  static let base: Duration = .milliseconds(500)
  static let cap: Duration = .seconds(60)
  /// After `patience` of failing.
  static let longCap: Duration = .seconds(300)
  static let patience: Duration = .seconds(600)

  private(set) var failures = 0
  /// When the first failure since the last acknowledgement was, on the monotonic clock.
  private(set) var failingSince: UInt64?

  /// The wait after a failure.
  mutating func failed(at now: UInt64, _ random: any RandomSource) -> Duration {
    let since = failingSince ?? now
    failingSince = since
    let cap =
      now &- since >= UInt64(Self.patience.wholeNanoseconds) ? Self.longCap : Self.cap
    let bound = min(cap, Self.base * (1 << min(failures, 20)))
    failures += 1
    return Self.chance(upTo: bound, random)
  }

  mutating func acknowledged() { self = Backoff() }

  /// The wait that a server asked for, and up to a fifth more.
  static func respecting(_ wait: Duration, _ random: any RandomSource) -> Duration {
    wait + chance(upTo: wait / 5, random)
  }

  static func chance(upTo bound: Duration, _ random: any RandomSource) -> Duration {
    var generator = RandomGenerator(random)
    return .nanoseconds(Int64.random(in: 0...max(0, bound.wholeNanoseconds), using: &generator))
  }
}
