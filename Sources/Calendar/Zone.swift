/// What clocks on the wall show at an instant. Everything that asks for a day, a bucket or a local
/// time asks through this type, and so far there is one zone.
package struct Zone: Hashable, Sendable {
  package static let utc = Zone()

  private init() {}

  package var name: String { "UTC" }

  /// How far the zone's clocks are ahead of UTC.
  package func offsetMilliseconds(at instant: Instant) -> Int64 { 0 }

  package func localTime(at instant: Instant) -> LocalTime {
    let local = instant.saturatingAdding(milliseconds: offsetMilliseconds(at: instant))
    let (days, milliseconds) = local.milliseconds.flooringDivided(by: .millisecondsPerDay)
    guard let date = CivilDate(daysSinceEpoch: Int(days)) else {
      preconditionFailure("the supported years hold every instant")
    }
    return LocalTime(date: date, millisecondOfDay: milliseconds)
  }

  package func date(at instant: Instant) -> CivilDate { localTime(at: instant).date }

  /// The first instant of the day, and no further than instants go.
  package func start(of date: CivilDate) -> Instant {
    instant(of: LocalTime(date: date, millisecondOfDay: 0))
  }

  /// When the zone's clocks show this time, and no further than instants go.
  package func instant(of time: LocalTime) -> Instant {
    let days = Int64(time.date.daysSinceEpoch)
    // Counted from the end of a day before 1970: its start may lie before the first instant.
    let (anchor, rest) =
      days < 0
      ? (days + 1, time.millisecondOfDay - .millisecondsPerDay) : (days, time.millisecondOfDay)
    let (midnight, overflow) = anchor.multipliedReportingOverflow(by: .millisecondsPerDay)
    guard !overflow else { return Instant(milliseconds: days < 0 ? .min : .max) }
    return Instant(milliseconds: midnight).saturatingAdding(milliseconds: rest)
  }
}

/// A date and what a clock on the wall shows, wherever that wall is.
package struct LocalTime: Hashable, Comparable, Sendable {
  package let date: CivilDate
  /// Below 86,400,000.
  package let millisecondOfDay: Int64

  package init(date: CivilDate, millisecondOfDay: Int64) {
    precondition((0..<Int64.millisecondsPerDay).contains(millisecondOfDay), "no time of day")
    self.date = date
    self.millisecondOfDay = millisecondOfDay
  }

  package var hour: Int { Int(millisecondOfDay / .millisecondsPerHour) }
  package var minute: Int { Int(millisecondOfDay / 60_000 % 60) }
  package var second: Int { Int(millisecondOfDay / .millisecondsPerSecond % 60) }
  package var millisecond: Int { Int(millisecondOfDay % .millisecondsPerSecond) }

  package static func < (left: LocalTime, right: LocalTime) -> Bool {
    (left.date, left.millisecondOfDay) < (right.date, right.millisecondOfDay)
  }
}
