package import Calendar

/// The earlier range that a question is answered for as well.
package enum Comparison: Hashable, Sendable {
  /// As long, and immediately before: as many calendar days where the range begins and ends at the
  /// same time of day, else as many milliseconds.
  case periodBefore
  /// The same days a month before, for a month to date.
  case monthBefore
  /// The same days a year before.
  case yearBefore

  /// The first instant and the last are moved on the calendar, not the end: so February's last day is
  /// inside whenever it has to stand for days that February does not have. Nil at the beginning of
  /// time, where there is nothing earlier.
  package func range(for range: Range<Instant>, in zone: Zone) -> Range<Instant>? {
    switch self {
    case .periodBefore:
      let (start, end) = (
        zone.localTime(at: range.lowerBound), zone.localTime(at: range.upperBound)
      )
      let earlier =
        if start.millisecondOfDay == end.millisecondOfDay, start.date != end.date {
          zone.shifted(
            range.lowerBound, byDays: start.date.daysSinceEpoch - end.date.daysSinceEpoch)
        } else {
          range.lowerBound.saturatingAdding(
            milliseconds: -range.upperBound.milliseconds(since: range.lowerBound))
        }
      return earlier < range.lowerBound ? earlier..<range.lowerBound : nil
    case .monthBefore: return Self.moved(range, months: -1, in: zone)
    case .yearBefore: return Self.moved(range, months: -12, in: zone)
    }
  }

  private static func moved(
    _ range: Range<Instant>, months: Int, in zone: Zone
  ) -> Range<Instant>? {
    func moved(_ instant: Instant) -> Instant {
      let time = zone.localTime(at: instant)
      return zone.instant(
        of: LocalTime(
          date: time.date.adding(months: months), millisecondOfDay: time.millisecondOfDay))
    }
    guard !range.isEmpty else { return nil }
    let start = moved(range.lowerBound)
    let last = moved(range.upperBound.saturatingAdding(milliseconds: -1))
    return start <= last ? start..<last.saturatingAdding(milliseconds: 1) : nil
  }
}
