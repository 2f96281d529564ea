import Batches
import Events
import Platform

/// The projects whose batches the aggregator does not take from this collector, while it takes those
/// of others: each waits by itself, from one minute up to a quarter of an hour, and is then tried
/// again.
struct ProjectPauses: Sendable {
  struct Pause: Equatable, Sendable {
    let trouble: Trouble
    /// When it began, on the wall clock.
    let since: Int64
    fileprivate(set) var until: UInt64
    fileprivate var refusals = 1
    /// When the last refusal came: what was sent before says nothing new.
    fileprivate var lastRefusal: UInt64
    /// The wait is over, and no answer has come since.
    fileprivate(set) var isOnTrial = false
  }

  private(set) var all: [ProjectID: Pause] = [:]

  /// The projects of which nothing goes out now.
  var waiting: Set<ProjectID> { Set(all.lazy.filter { !$0.value.isOnTrial }.map(\.key)) }

  /// The end of the next wait.
  var nextEnd: UInt64? { all.values.lazy.filter { !$0.isOnTrial }.map(\.until).min() }

  mutating func refused(
    _ project: ProjectID, _ trouble: Trouble, sentAt: UInt64, at now: UInt64, wall: Int64,
    _ random: any RandomSource
  ) {
    var pause =
      all[project] ?? Pause(trouble: trouble, since: wall, until: 0, lastRefusal: 0)
    if all[project] != nil {
      // Several that were under way together are refused together.
      guard sentAt >= pause.lastRefusal else { return }
      pause.refusals += 1
    }
    let wait: Duration = min(.seconds(60) * (1 << min(pause.refusals - 1, 4)), .seconds(900))
    let whole = wait + Backoff.chance(upTo: wait / 5, random)
    pause.until = now &+ UInt64(max(0, whole.wholeNanoseconds))
    pause.lastRefusal = now
    pause.isOnTrial = false
    all[project] = pause
  }

  /// Ends the waits that are over; true where there was one.
  mutating func expire(at now: UInt64) -> Bool {
    var hasChanged = false
    for (project, pause) in all where !pause.isOnTrial && pause.until <= now {
      all[project]?.isOnTrial = true
      hasChanged = true
    }
    return hasChanged
  }

  /// The aggregator takes this project's batches.
  mutating func lift(_ project: ProjectID) { all[project] = nil }
}
