package import Calendar
package import Query

/// Cuts one person's events, fed in the order of time, into sessions by gaps. A late event needs
/// nothing of its own: cut again, it lengthens a session backwards or joins two.
package struct SessionCutter {
  private let idle: Int64
  private let cap: Int64
  private let midnights: Zone?
  private var session: Session?
  /// The last instant that the session may reach whatever happens.
  private var limit: Int64 = 0

  package init(_ rules: SessionRules, zone: Zone) {
    precondition(rules.cut == .gaps, "sessions by id are found by their ids")
    idle = rules.idleMilliseconds
    cap = rules.capMilliseconds
    midnights = rules.splitsAtMidnight ? zone : nil
  }

  /// The session that the event ends by not belonging to it.
  @inline(__always)
  package mutating func add(_ event: SessionEvent) -> Session? {
    if let last = session?.last, UInt64(bitPattern: event.time &- last) <= UInt64(bitPattern: idle),
      event.time <= limit
    {
      session?.add(event)
      return nil
    }
    return begin(event)
  }

  private mutating func begin(_ event: SessionEvent) -> Session? {
    let ended = session
    session = Session(event)
    limit = event.time.addingReportingOverflow(cap).overflow ? .max : event.time + cap
    if let midnights {
      let today = Bucket.day.start(of: Instant(milliseconds: event.time), in: midnights)
      limit = min(limit, Bucket.day.next(after: today, in: midnights).milliseconds - 1)
    }
    return ended
  }

  /// The last session; the next event is another person's.
  package mutating func finish() -> Session? {
    defer { session = nil }
    return session
  }
}
