import Batches
import Platform
import Synchronization

/// How far the collectors' clocks are off, as their last hellos showed, for each boot.
///
/// A batch is never judged by when it was made: a backlog is old, not wrong. Only what a collector's
/// own clock said in the very boot that was measured is put right.
final class CollectorClocks: Sendable {
  private struct Measured {
    let boot: BootID
    let shift: Int64
  }

  private let measured = Mutex<[CollectorID: Measured]>([:])

  /// Smaller errors are left alone: transit and scheduling make them.
  static let tolerance: Int64 = 5 * 60_000

  func note(_ collector: CollectorID, _ created: BatchHeader.Created, serverMilliseconds: Int64) {
    let shift = serverMilliseconds.subtractingReportingOverflow(created.wallMilliseconds)
    guard !shift.overflow else { return }
    measured.withLock {
      $0[collector] = Measured(boot: created.boot, shift: shift.partialValue)
    }
  }

  /// Milliseconds to add to what the collector's clock said when it sealed this batch.
  func shift(_ collector: CollectorID, _ boot: BootID) -> Int64 {
    measured.withLock { measured in
      guard let found = measured[collector], found.boot == boot,
        found.shift.magnitude > Self.tolerance.magnitude
      else { return 0 }
      return found.shift
    }
  }
}
