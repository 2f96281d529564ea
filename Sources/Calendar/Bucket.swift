/// The pieces that answers cut time into. Each begins where the calendar of a zone says and ends
/// where the next begins; none is "so many milliseconds".
package enum Bucket: Hashable, Sendable {
  /// From one full hour of the zone's clocks to the next, or to where the clocks are changed: an
  /// hour that is shown twice is two buckets, one that is left out is none.
  case hour
  case day
  case week(startingOn: Weekday)
  case month
  case quarter
  case year

  /// ISO 8601's week.
  package static let week = Bucket.week(startingOn: .monday)

  /// The start of the bucket that holds the instant.
  package func start(of instant: Instant, in zone: Zone = .utc) -> Instant {
    if self == .hour {
      let stretch = zone.rules.stretch(at: instant.milliseconds)
      return Self.hour(of: instant.milliseconds, stretch).start
    }
    return zone.start(of: firstDate(at: instant, in: zone))
  }

  /// The start of the bucket behind the one that starts at `start`; the last instant there is where
  /// there is none.
  package func next(after start: Instant, in zone: Zone = .utc) -> Instant {
    if self == .hour {
      let stretch = zone.rules.stretch(at: start.milliseconds)
      return Self.hour(of: start.milliseconds, stretch).end
    }
    return zone.start(of: firstDate(behind: firstDate(at: start, in: zone)))
  }

  /// The starts of all buckets that share an instant with the range, in order. The first may start
  /// before the range does. Nil where there are more than `limit`; no more than that are made.
  package func starts(
    in range: Range<Instant>, of zone: Zone = .utc, limit: Int
  ) -> [Instant]? {
    guard !range.isEmpty else { return [] }
    guard smallestCount(in: range) <= limit else { return nil }
    return self == .hour
      ? hours(in: range, of: zone, limit: limit) : dates(in: range, of: zone, limit: limit)
  }

  /// How a bucket is called by its start: an hour by its time and offset, others by their first day.
  package func label(of start: Instant, in zone: Zone) -> String {
    self == .hour ? zone.rfc3339(start) : "\(zone.date(at: start))"
  }

  // MARK: Hours

  private func hours(in range: Range<Instant>, of zone: Zone, limit: Int) -> [Instant]? {
    var stretch = zone.rules.stretch(at: range.lowerBound.milliseconds)
    var hour = Self.hour(of: range.lowerBound.milliseconds, stretch)
    var starts: [Instant] = []
    while hour.start < range.upperBound {
      guard starts.count < limit else { return nil }
      starts.append(hour.start)
      guard hour.end.milliseconds < .max else { break }  // At the end of all instants.
      if hour.end.milliseconds >= stretch.end {
        stretch = zone.rules.stretch(at: hour.end.milliseconds)
      }
      hour = Self.hour(of: hour.end.milliseconds, stretch)
    }
    return starts
  }

  private static func hour(
    of instant: Int64, _ stretch: ZoneRules.Stretch
  ) -> (start: Instant, end: Instant) {
    // How far the clock's minute hand has come. Offsets are far from the ends of 64 bits.
    let ofInstant = instant.flooringDivided(by: .millisecondsPerHour).remainder
    let elapsed = (ofInstant + stretch.offset).flooringDivided(by: .millisecondsPerHour).remainder
    let start = instant.saturatingAdding(-elapsed)
    let end = instant.saturatingAdding(.millisecondsPerHour - elapsed)
    return (
      Instant(milliseconds: max(start, stretch.start)), Instant(milliseconds: min(end, stretch.end))
    )
  }

  // MARK: Days and what is made of them

  private func dates(in range: Range<Instant>, of zone: Zone, limit: Int) -> [Instant]? {
    var date = firstDate(at: range.lowerBound, in: zone)
    var walk = ZoneWalk(zone.rules, from: LocalTime(date: date, millisecondOfDay: 0))
    var starts: [Instant] = []
    while true {
      let start = walk.firstInstant(showing: LocalTime(date: date, millisecondOfDay: 0))
      guard start < range.upperBound else { return starts }
      // Where clocks have left out all of a bucket, the next one has the same start.
      if start != starts.last {
        guard starts.count < limit else { return nil }
        starts.append(start)
      }
      let next = firstDate(behind: date)
      guard next > date else { return starts }
      date = next
    }
  }

  /// The first date of the bucket that holds the instant. Where clocks went back over midnight,
  /// they show yesterday once more; the new day has begun all the same.
  private func firstDate(at instant: Instant, in zone: Zone) -> CivilDate {
    var date = firstDate(of: zone.date(at: instant))
    while true {
      let next = firstDate(behind: date)
      let start = zone.start(of: next)
      guard start <= instant, start < Instant(milliseconds: .max) else { return date }
      date = next
    }
  }

  private func firstDate(of date: CivilDate) -> CivilDate {
    switch self {
    case .hour, .day: date
    case .week(let first): date.adding(days: -date.weekday.days(since: first))
    case .month: date.startOfMonth
    case .quarter: date.startOfMonth.adding(months: -((date.month - 1) % 3))
    case .year: date.startOfMonth.adding(months: 1 - date.month)
    }
  }

  private func firstDate(behind first: CivilDate) -> CivilDate {
    switch self {
    case .hour, .day: first.adding(days: 1)
    case .week: first.adding(days: 7)
    case .month: first.adding(months: 1)
    case .quarter: first.adding(months: 3)
    case .year: first.adding(months: 12)
    }
  }

  // MARK: Sizes

  /// How many buckets there are at least, from the longest that one can be.
  private func smallestCount(in range: Range<Instant>) -> Int64 {
    // Clocks that go back make a day longer, by no more than offsets can differ.
    let longest: Int64 =
      switch self {
      case .hour: .millisecondsPerHour
      case .day: 1 * .millisecondsPerDay + 2 * ZoneRules.largestOffset
      case .week: 7 * .millisecondsPerDay + 2 * ZoneRules.largestOffset
      case .month: 31 * .millisecondsPerDay + 2 * ZoneRules.largestOffset
      case .quarter: 92 * .millisecondsPerDay + 2 * ZoneRules.largestOffset
      case .year: 366 * .millisecondsPerDay + 2 * ZoneRules.largestOffset
      }
    return range.upperBound.milliseconds(since: range.lowerBound) / longest
  }
}
