/// The range that an answer is compared with.
package enum Comparison: Hashable, Sendable {
  /// What lies directly before, as long as the range: as many days where it is made of whole days
  /// of the zone, as many milliseconds otherwise. Before March come the 31 days before March.
  case periodBefore
  /// The same begin of the month before, for "this month to date": as many days from a month before
  /// the range's start on, but no further than that start.
  case monthBefore
  /// The same dates a year before; February 28 for February 29.
  case yearBefore

  /// The range to compare with, in whose place in time the zone's clocks may have been changed.
  /// Nil at the beginning of time, where there is none.
  package func range(for range: Range<Instant>, in zone: Zone) -> Range<Instant>? {
    let (start, end) =
      switch self {
      case .periodBefore: Self.periodBefore(range, zone)
      case .monthBefore: Self.monthBefore(range, zone)
      case .yearBefore: Self.yearBefore(range, zone)
      }
    return start < end ? start..<end : nil
  }

  private static func periodBefore(_ range: Range<Instant>, _ zone: Zone) -> (Instant, Instant) {
    guard let days = wholeDays(of: range, zone) else {
      let length = range.upperBound.milliseconds(since: range.lowerBound)
      return (range.lowerBound.saturatingAdding(milliseconds: -length), range.lowerBound)
    }
    let first = zone.date(at: range.lowerBound).adding(days: -days)
    return (zone.start(of: first), range.lowerBound)
  }

  private static func monthBefore(_ range: Range<Instant>, _ zone: Zone) -> (Instant, Instant) {
    let start = zone.localTime(at: range.lowerBound)
    let end = zone.localTime(at: range.upperBound)
    let earlier = start.date.adding(months: -1)
    let days = end.date.daysSinceEpoch - start.date.daysSinceEpoch
    let first = LocalTime(date: earlier, millisecondOfDay: start.millisecondOfDay)
    let last = LocalTime(
      date: earlier.adding(days: days), millisecondOfDay: end.millisecondOfDay)
    return (zone.instant(of: first), min(zone.instant(of: last), range.lowerBound))
  }

  private static func yearBefore(_ range: Range<Instant>, _ zone: Zone) -> (Instant, Instant) {
    func earlier(_ time: LocalTime) -> LocalTime {
      LocalTime(
        date: time.date.adding(months: -12), millisecondOfDay: time.millisecondOfDay)
    }
    let start = zone.localTime(at: range.lowerBound)
    let end = zone.localTime(at: range.upperBound)
    var last = earlier(end)
    // An end at the beginning of February 29 is the end of the 28th.
    if (end.date.month, end.date.day, end.millisecondOfDay) == (2, 29, 0) {
      last = LocalTime(date: last.date.adding(days: 1), millisecondOfDay: 0)
    }
    return (zone.instant(of: earlier(start)), zone.instant(of: last))
  }

  /// How many days of the zone's calendar the range is made of; nil where it begins or ends within
  /// one.
  private static func wholeDays(of range: Range<Instant>, _ zone: Zone) -> Int? {
    let first = zone.date(at: range.lowerBound)
    let behind = zone.date(at: range.upperBound)
    guard zone.start(of: first) == range.lowerBound, zone.start(of: behind) == range.upperBound
    else { return nil }
    return behind.daysSinceEpoch - first.daysSinceEpoch
  }
}
