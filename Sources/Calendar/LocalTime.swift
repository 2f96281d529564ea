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

  /// What a clock shows that was started with 1970 and never touched.
  init(elapsedMilliseconds: Int64) {
    let (days, milliseconds) = elapsedMilliseconds.flooringDivided(by: .millisecondsPerDay)
    guard let date = CivilDate(daysSinceEpoch: Int(days)) else {
      preconditionFailure("the supported years hold every instant")
    }
    self.init(date: date, millisecondOfDay: milliseconds)
  }

  package var hour: Int { Int(millisecondOfDay / .millisecondsPerHour) }
  package var minute: Int { Int(millisecondOfDay / 60_000 % 60) }
  package var second: Int { Int(millisecondOfDay / .millisecondsPerSecond % 60) }
  package var millisecond: Int { Int(millisecondOfDay % .millisecondsPerSecond) }

  /// How long such a clock has run when it shows this; the first or last number there is where 64
  /// bits hold none.
  var elapsedMilliseconds: Int64 {
    let days = Int64(date.daysSinceEpoch)
    // Counted from the end of a day before 1970: its start may lie before the first instant.
    let (anchor, rest) =
      days < 0
      ? (days + 1, millisecondOfDay - .millisecondsPerDay) : (days, millisecondOfDay)
    let (midnight, overflow) = anchor.multipliedReportingOverflow(by: .millisecondsPerDay)
    guard !overflow else { return days < 0 ? .min : .max }
    return midnight.saturatingAdding(rest)
  }

  package static func < (left: LocalTime, right: LocalTime) -> Bool {
    (left.date, left.millisecondOfDay) < (right.date, right.millisecondOfDay)
  }
}
