/// The pieces that answers cut time into. Each begins where the calendar of a zone says and ends
/// where the next begins; none is "so many milliseconds".
package enum Bucket: Hashable, Sendable {
  case hour
  case day
  case week(startingOn: Weekday)
  case month

  /// ISO 8601's week.
  package static let week = Bucket.week(startingOn: .monday)

  /// The start of the bucket that holds the instant.
  package func start(of instant: Instant, in zone: Zone = .utc) -> Instant {
    switch self {
    case .hour:
      let offset = zone.offsetMilliseconds(at: instant)
      let local = instant.saturatingAdding(milliseconds: offset).milliseconds
      let (hours, _) = local.flooringDivided(by: .millisecondsPerHour)
      return Instant(milliseconds: hours.saturatingMultiplied(by: .millisecondsPerHour))
        .saturatingAdding(milliseconds: -offset)
    case .day, .week, .month:
      return zone.start(of: firstDate(of: zone.date(at: instant)))
    }
  }

  /// The start of the bucket behind the one that starts at `start`; the last instant there is where
  /// there is none.
  package func next(after start: Instant, in zone: Zone = .utc) -> Instant {
    let date = zone.date(at: start)
    return switch self {
    case .hour: start.saturatingAdding(milliseconds: .millisecondsPerHour)
    case .day: zone.start(of: date.adding(days: 1))
    case .week: zone.start(of: date.adding(days: 7))
    case .month: zone.start(of: date.startOfMonth.adding(months: 1))
    }
  }

  /// The starts of all buckets that share an instant with the range, in order. The first may start
  /// before the range does. Nil where there are more than `limit`, found out before any is made.
  package func starts(
    in range: Range<Instant>, of zone: Zone = .utc, limit: Int
  ) -> [Instant]? {
    guard !range.isEmpty else { return [] }
    guard smallestCount(in: range) <= limit else { return nil }
    var starts: [Instant] = []
    var start = start(of: range.lowerBound, in: zone)
    while start < range.upperBound {
      starts.append(start)
      let next = next(after: start, in: zone)
      guard next > start else { break }  // At the end of all instants.
      start = next
    }
    return starts.count <= limit ? starts : nil
  }

  /// How many buckets there are at least, from the longest that one can be.
  private func smallestCount(in range: Range<Instant>) -> Int64 {
    let longest: Int64 =
      switch self {
      case .hour: .millisecondsPerHour
      case .day: 25 * .millisecondsPerHour
      case .week: 8 * .millisecondsPerDay
      case .month: 32 * .millisecondsPerDay
      }
    return range.upperBound.milliseconds(since: range.lowerBound) / longest
  }

  private func firstDate(of date: CivilDate) -> CivilDate {
    switch self {
    case .hour, .day: date
    case .week(let first): date.adding(days: -date.weekday.days(since: first))
    case .month: date.startOfMonth
    }
  }
}

extension Int64 {
  fileprivate func saturatingMultiplied(by factor: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? ((self < 0) == (factor < 0) ? .max : .min) : product
  }
}
