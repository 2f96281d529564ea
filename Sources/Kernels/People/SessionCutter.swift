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

/// The sessions of one person by the ids that events carry, however they overlap.
package struct SessionsByID {
  private var ids: [UInt64] = []
  private var sessions: [Session] = []
  private var places: [UInt64: Int] = [:]
  private var lastPlace = -1
  /// Room for so many is kept for the next person.
  private static let few = 1_024

  package init() {}

  /// Ids are codes of the caller's. Says which of the person's sessions it is, from 0.
  @discardableResult
  package mutating func add(_ event: SessionEvent, id: UInt64) -> Int {
    // Mostly one session goes on.
    if lastPlace >= 0, ids[lastPlace] == id {
      sessions[lastPlace].add(event)
      return lastPlace
    }
    if let place = places[id] {
      lastPlace = place
      sessions[place].add(event)
    } else {
      lastPlace = sessions.count
      places[id] = lastPlace
      ids.append(id)
      sessions.append(Session(event))
    }
    return lastPlace
  }

  /// How many there are; they are in the order of their starts.
  package var count: Int { sessions.count }

  package func session(_ place: Int) -> Session { sessions[place] }

  /// About what they take, their places in the table included.
  package var byteCount: Int { (MemoryLayout<Session>.stride + 48) * sessions.count }

  /// The next event is another person's.
  package mutating func removeAll() {
    if sessions.isEmpty { return }
    // To clear a large table takes as long for everybody who comes after.
    let keeps = sessions.count <= Self.few
    ids.removeAll(keepingCapacity: keeps)
    sessions.removeAll(keepingCapacity: keeps)
    places.removeAll(keepingCapacity: keeps)
    lastPlace = -1
  }
}
