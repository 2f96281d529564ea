package import Calendar
package import Events

/// What all parts of a question share: when, by whose clock and calendar, and which events count at
/// all.
package struct Scope: Equatable, Sendable {
  /// Half open.
  package var range: Range<Instant>
  package var zone: Zone
  package var weekStart: Weekday
  package var kinds: EventKinds
  /// For every part of the question, as a filter that leaves a company's own people out.
  package var filter: Filter
  package var profiles: ProfileTime

  package init(
    _ range: Range<Instant>, zone: Zone = .utc, weekStart: Weekday = .monday,
    kinds: EventKinds = .events, filter: Filter = .everything, profiles: ProfileTime = .current
  ) {
    self.range = range
    self.zone = zone
    self.weekStart = weekStart
    self.kinds = kinds
    self.filter = filter
    self.profiles = profiles
  }

  /// How many days of the zone's calendar the range touches.
  package var days: Int {
    guard !range.isEmpty else { return 0 }
    let last = range.upperBound.saturatingAdding(milliseconds: -1)
    return zone.date(at: last).daysSinceEpoch - zone.date(at: range.lowerBound).daysSinceEpoch + 1
  }
}

/// Sorts of events. Questions about events leave the operations on profiles out.
package struct EventKinds: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package init(_ kind: EventKind) { rawValue = 1 << kind.rawValue }

  /// All that are no operations.
  package static let events = EventKind.allCases.reduce(into: EventKinds()) { kinds, kind in
    if !kind.isOperation { kinds.insert(EventKinds(kind)) }
  }
  package static let operations = EventKind.allCases.reduce(into: EventKinds()) { kinds, kind in
    if kind.isOperation { kinds.insert(EventKinds(kind)) }
  }

  package func holds(_ kind: EventKind) -> Bool { contains(EventKinds(kind)) }
}

/// Which attributes of a profile a path means.
package enum ProfileTime: String, CaseIterable, Sendable {
  /// Those that it has when the question is answered.
  case current
  /// Those that it had when the event happened.
  case event
}

/// The pieces into which a question cuts its range.
package enum Interval: String, CaseIterable, Sendable {
  case hour, day, week, month, quarter, year
  /// The whole range as one piece.
  case total

  /// Nil where there is one piece whatever the calendar says.
  package func bucket(_ weekStart: Weekday) -> Bucket? {
    switch self {
    case .hour: .hour
    case .day: .day
    case .week: .week(startingOn: weekStart)
    case .month: .month
    case .quarter: .quarter
    case .year: .year
    case .total: nil
    }
  }
}

extension Scope {
  /// The same scope over whole pieces: from the start of the first to the end of the last. Questions
  /// about who was active in a piece look at all of it.
  package func whole(by interval: Interval) throws(QueryError) -> Scope {
    guard let bucket = interval.bucket(weekStart), !range.isEmpty else { return self }
    let starts = try starts(by: interval)
    guard let first = starts.first, let last = starts.last else { return self }
    var scope = self
    scope.range = first..<max(range.upperBound, bucket.next(after: last, in: zone))
    return scope
  }

  /// A hundred years of days, four of hours.
  package static let maximumPieces = 40_000

  /// The first instants of the pieces of the range, in order; a piece ends where the next begins, and
  /// the first may begin before the range.
  package func starts(by interval: Interval) throws(QueryError) -> [Instant] {
    guard let bucket = interval.bucket(weekStart) else {
      return range.isEmpty ? [] : [range.lowerBound]
    }
    guard let starts = bucket.starts(in: range, of: zone, limit: Self.maximumPieces) else {
      throw .tooManyBuckets(limit: Self.maximumPieces)
    }
    return starts
  }
}
