/// The stretch of time whose events lie together: a month of UTC, or everything that no month takes.
package enum Window: Hashable, Comparable, Sendable {
  /// Months since January 1970.
  case month(Int32)
  /// Times before a project's floor or too far ahead of its clock: always read, never pruned.
  case skew

  /// The month of a time within the range of event ids.
  package init(of cts: Int64) { self = .month(Self.month(of: cts)) }

  /// What files say: the month, or -1.
  package var code: Int32 {
    switch self {
    case .month(let month): month
    case .skew: -1
    }
  }

  package init(code: Int32) { self = code < 0 ? .skew : .month(code) }

  /// The skew family comes first, as its code does.
  package static func < (left: Self, right: Self) -> Bool { left.code < right.code }

  /// The first millisecond, and the first of the next window; nil for the skew family.
  package var range: Range<Int64>? {
    guard case .month(let month) = self else { return nil }
    return Self.start(ofMonth: Int64(month))..<Self.start(ofMonth: Int64(month) + 1)
  }

  /// Whether all of it is before this time; the skew family never is.
  package func isOver(before time: Int64) -> Bool { range.map { $0.upperBound <= time } ?? false }

  private static let dayMilliseconds: Int64 = 86_400_000

  private static func start(ofMonth month: Int64) -> Int64 {
    daysFromCivil(year: 1970 + month / 12, month: month % 12 + 1) * dayMilliseconds
  }

  private static func month(of cts: Int64) -> Int32 {
    let days = max(cts, 0) / dayMilliseconds
    // A month is 30.436875 days: the guess is right or off by one.
    var month = days * 1_000_000 / 30_436_875
    while start(ofMonth: month) > cts, month > 0 { month -= 1 }
    while start(ofMonth: month + 1) <= cts { month += 1 }
    return Int32(truncatingIfNeeded: month)
  }

  /// Days from 1970-01-01 to the first of a month, in the proleptic Gregorian calendar. The year is
  /// taken to begin in March, so that the leap day is its last.
  private static func daysFromCivil(year: Int64, month: Int64) -> Int64 {
    let shifted = month > 2 ? year : year - 1
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
