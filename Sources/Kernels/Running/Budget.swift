package import Platform
package import Query

/// What a question may still spend: until when it may run, and how much it may hold.
package struct Budget: Sendable {
  package let memoryBytes: Int
  private let clock: any Clock
  private let deadline: UInt64

  /// The time begins now.
  package init(_ limits: Limits, clock: any Clock) {
    memoryBytes = limits.memoryBytes
    self.clock = clock
    let nanoseconds = UInt64(max(0, limits.time.wholeNanoseconds))
    deadline = clock.monotonicNanoseconds.addingReportingOverflow(nanoseconds).partialValue
  }

  package func check() throws(QueryError) {
    guard clock.monotonicNanoseconds <= deadline else { throw .deadlineExceeded }
  }

  /// Refuses what would hold more than may be held.
  package func check(bytes: Int) throws(QueryError) {
    guard bytes <= memoryBytes else { throw .overBudget(bytes: bytes) }
  }
}
