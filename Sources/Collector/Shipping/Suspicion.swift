import Events
import Platform
import Spool

/// What is to be done about a batch that the aggregator calls wrong: the same bytes once more, for
/// they may have been damaged on the way; then its halves, and theirs; and at the end the one event
/// that cannot be shipped is set aside. A bad deploy must not set the world aside, so there is a
/// circuit breaker (RELIABILITY B4).
struct Suspicion: Sendable {
  enum Step: Equatable, Sendable {
    /// Verify the stored copy and send it again.
    case sendAgain
    /// Seal it again in batches of at most so many.
    case bisect(events: Int)
    case quarantine
    /// Too much was set aside: keep everything, and call somebody.
    case stop
  }

  static let window: Duration = .seconds(600)
  static let freeEvents = 10

  private struct Range: Sendable {
    let project: ProjectID
    let sequences: Swift.Range<Int64>
  }

  private var refusedOnce: Set<BatchKey> = []
  /// What was cut in pieces. A piece that is refused is not sent a second time.
  private var suspects: [Range] = []
  private var quarantined: [(at: UInt64, events: Int)] = []
  private var delivered: [(at: UInt64, events: Int)] = []
  private(set) var isTripped = false

  mutating func refused(_ batch: OutgoingBatch, at now: UInt64) -> Step {
    let range =
      batch.firstSequence..<(batch.firstSequence + Int64(max(1, batch.count)))
    let isSuspect = suspects.contains {
      $0.project == batch.key.project && $0.sequences.overlaps(range)
    }
    if !isSuspect, refusedOnce.insert(batch.key).inserted { return .sendAgain }
    refusedOnce.remove(batch.key)
    if batch.count > 1 {
      if !isSuspect { suspects.append(Range(project: batch.key.project, sequences: range)) }
      return .bisect(events: (batch.count + 1) / 2)
    }
    // A gap is not an event: it can wait for ever.
    guard batch.count == 1, mayQuarantine(at: now) else {
      isTripped = true
      return .stop
    }
    quarantined.append((now, 1))
    return .quarantine
  }

  mutating func acknowledged(_ batch: OutgoingBatch, at now: UInt64) {
    refusedOnce.remove(batch.key)
    // Many small batches are counted together: the list stays short.
    if let last = delivered.last, now &- last.at < 10_000_000_000 {
      delivered[delivered.count - 1].events += batch.count
    } else {
      forgetOld(at: now)
      delivered.append((now, batch.count))
    }
    if isTripped, mayQuarantine(at: now) { isTripped = false }
  }

  /// All numbers are new after this.
  mutating func rotated() {
    refusedOnce = []
    suspects = []
  }

  private mutating func mayQuarantine(at now: UInt64) -> Bool {
    let set = quarantined.reduce(1) { $0 + $1.events }
    let good = delivered.reduce(0) { $0 + $1.events }
    if set <= Self.freeEvents || set * 100 <= good { return true }
    // Time alone heals nothing here: only deliveries show that the other side is sane again.
    return false
  }

  /// Beyond the window deliveries no longer excuse anything, and neither do old quarantines accuse
  /// once something was delivered after them.
  private mutating func forgetOld(at now: UInt64) {
    let span = UInt64(Self.window.wholeNanoseconds)
    delivered.removeAll { now &- $0.at > span }
    quarantined.removeAll { now &- $0.at > span }
    suspects.removeFirst(max(0, suspects.count - 1_000))
  }
}
