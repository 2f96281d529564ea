import Platform
import Spool

/// How large the next batch shall be. A trickle travels in small batches soon; a backlog in large
/// ones; and what was called too large stays small for an hour.
struct BatchTarget: Equatable, Sendable {
  static let fresh = BlockLimit(events: 1_000, bytes: 1 << 20)
  /// What is read ahead is bounded, so that a backlog costs no more memory than a trickle.
  static let catchingUp = BlockLimit(events: 10_000, bytes: 2 << 20)
  /// More waiting than this is a backlog.
  static let backlogEvents: Int64 = 5_000
  static let memory: Duration = .seconds(3_600)
  /// How long the first event waits for company.
  static let linger: Duration = .milliseconds(250)

  /// The most events after a refusal, and until when that is remembered.
  private struct Narrowing: Equatable, Sendable {
    let events: Int
    let until: UInt64
  }

  private var narrowed: Narrowing?
  /// What the aggregator said that it takes.
  var ceiling = BlockLimit(events: 10_000, bytes: 8 << 20)

  init() {}

  func limit(backlog: Int64, at now: UInt64) -> BlockLimit {
    let wish = backlog > Self.backlogEvents ? Self.catchingUp : Self.fresh
    var events = min(wish.events, ceiling.events)
    if let narrowed, now < narrowed.until { events = min(events, narrowed.events) }
    return BlockLimit(events: max(1, events), bytes: min(wish.bytes, ceiling.bytes))
  }

  /// A batch of this many events was too large; the answer is how many to put into each instead,
  /// nil where it was a single one.
  mutating func refused(events count: Int, at now: UInt64) -> Int? {
    guard count > 1 else { return nil }
    let half = (count + 1) / 2
    var events = half
    if let narrowed, now < narrowed.until { events = min(events, narrowed.events) }
    narrowed = Narrowing(
      events: events, until: now &+ UInt64(Self.memory.wholeNanoseconds))
    return half
  }
}
