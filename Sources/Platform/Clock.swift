/// The seam to time. Whatever waits asks the monotonic side, whatever dates an event asks the wall.
package protocol Clock: Sendable {
  /// Milliseconds since 1970 as the machine's wall clock has them. It may jump, also backwards.
  var wallMilliseconds: Int64 { get }
  /// Nanoseconds since some start. It never goes back, and stands still only in suspension.
  var monotonicNanoseconds: UInt64 { get }
  /// Returns after `duration` on the monotonic clock, or at once when the task is cancelled.
  func sleep(for duration: Duration) async
}

extension Duration {
  /// The whole nanoseconds of a duration, capped at what 64 bits hold (292 years).
  package var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, over) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    return over ? .max : sum
  }

  package var wholeMilliseconds: Int64 { wholeNanoseconds / 1_000_000 }
}
