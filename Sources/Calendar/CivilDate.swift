/// A day of the Gregorian calendar, carried on into all years before it was invented (the year 0
/// comes before the year 1). It knows nothing of time zones; `Zone` says which instants it has.
package struct CivilDate: Hashable, Sendable {
  /// More than the days of all instants, and so few that no sum of them overflows.
  package static let years = -400_000_000...400_000_000

  package let year: Int
  /// From 1.
  package let month: Int
  /// From 1.
  package let day: Int

  /// Nil where the calendar has no such day.
  package init?(year: Int, month: Int, day: Int) {
    guard Self.years.contains(year), (1...12).contains(month),
      day >= 1, day <= Self.days(inMonth: month, of: year)
    else { return nil }
    self.init(valid: year, month, day)
  }

  private init(valid year: Int, _ month: Int, _ day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// The day that comes so many after 1970-01-01; nil beyond the years that are supported.
  package init?(daysSinceEpoch days: Int) {
    // Years that begin in March end with the leap day, and 400 of them are one period of 146,097
    // days that ends with a leap day of its own. 719,468 days lie between 0000-03-01 and 1970.
    guard days.magnitude <= UInt(Self.years.upperBound) * 365 else { return nil }
    let (period, dayOfPeriod) = (days + 719_468).flooringDivided(by: 146_097)
    let yearOfPeriod =
      (dayOfPeriod - dayOfPeriod / 1460 + dayOfPeriod / 36_524 - dayOfPeriod / 146_096) / 365
    let dayOfYear = dayOfPeriod - (365 * yearOfPeriod + yearOfPeriod / 4 - yearOfPeriod / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    self.init(
      valid: period * 400 + yearOfPeriod + (month <= 2 ? 1 : 0), month,
      dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
  }

  package var daysSinceEpoch: Int {
    let yearFromMarch = month <= 2 ? year - 1 : year
    let (period, yearOfPeriod) = yearFromMarch.flooringDivided(by: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return period * 146_097 + yearOfPeriod * 365 + yearOfPeriod / 4 - yearOfPeriod / 100 + dayOfYear
      - 719_468
  }

  package var weekday: Weekday {
    // 1970-01-01 was a Thursday.
    let sinceMonday = (daysSinceEpoch + 3).flooringDivided(by: 7).remainder
    return Weekday.allCases[sinceMonday]
  }

  /// The day so many later, or earlier; the last supported day where there is none.
  package func adding(days: Int) -> CivilDate {
    let (sum, overflow) = daysSinceEpoch.addingReportingOverflow(days)
    if !overflow, let date = CivilDate(daysSinceEpoch: sum) { return date }
    return days < 0
      ? CivilDate(valid: Self.years.lowerBound, 1, 1)
      : CivilDate(valid: Self.years.upperBound, 12, 31)
  }

  /// The same day so many months later, or the month's last where it is too short for that.
  package func adding(months: Int) -> CivilDate {
    let limit = 12 * Self.years.upperBound
    let index = year * 12 + month - 1 + min(max(months, -2 * limit), 2 * limit)
    let (year, month) = index.flooringDivided(by: 12)
    let bounded = min(max(year, Self.years.lowerBound), Self.years.upperBound)
    return CivilDate(
      valid: bounded, month + 1, min(day, Self.days(inMonth: month + 1, of: bounded)))
  }

  package var startOfMonth: CivilDate { CivilDate(valid: year, month, 1) }

  package static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  package static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

extension CivilDate: Comparable {
  package static func < (left: CivilDate, right: CivilDate) -> Bool {
    (left.year, left.month, left.day) < (right.year, right.month, right.day)
  }
}

/// The days of the week as ISO 8601 orders them.
package enum Weekday: Int, CaseIterable, Sendable {
  case monday, tuesday, wednesday, thursday, friday, saturday, sunday

  /// How many days after the last `first` this one comes: 0 to 6.
  package func days(since first: Weekday) -> Int { (rawValue - first.rawValue + 7) % 7 }
}

extension Int {
  func flooringDivided(by divisor: Int) -> (quotient: Int, remainder: Int) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
