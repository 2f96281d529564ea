/// A moment, in milliseconds since 1970-01-01T00:00:00Z as POSIX counts them: leap seconds have
/// none. Every 64-bit number is one, so nothing that was read can be out of range; arithmetic that
/// leaves the range says so or stops at its end.
package struct Instant: Hashable, Comparable, Sendable {
  package let milliseconds: Int64

  @inlinable
  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  package init?(seconds: Int64) {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return nil }
    milliseconds = product
  }

  package static let epoch = Instant(milliseconds: 0)

  @inlinable
  package static func < (left: Instant, right: Instant) -> Bool {
    left.milliseconds < right.milliseconds
  }

  /// The instant so much later, or earlier if negative; nil where 64 bits do not hold it.
  package func adding(milliseconds distance: Int64) -> Instant? {
    let (sum, overflow) = milliseconds.addingReportingOverflow(distance)
    return overflow ? nil : Instant(milliseconds: sum)
  }

  /// The same, but no further than the last instant there is.
  package func saturatingAdding(milliseconds distance: Int64) -> Instant {
    Instant(milliseconds: milliseconds.saturatingAdding(distance))
  }

  /// How much later this is, no further than 64 bits go.
  package func milliseconds(since earlier: Instant) -> Int64 {
    let (difference, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
    guard overflow else { return difference }
    return self < earlier ? .min : .max
  }
}

extension Int64 {
  static let millisecondsPerSecond: Int64 = 1000
  static let millisecondsPerQuarterHour: Int64 = 900_000
  static let millisecondsPerHour: Int64 = 3_600_000
  static let millisecondsPerDay: Int64 = 86_400_000

  /// The sum, or the end of 64 bits that it is beyond.
  func saturatingAdding(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  /// The quotient rounded down, also below zero, and what is left: never negative.
  func flooringDivided(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
