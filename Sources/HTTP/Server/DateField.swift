import Platform
import Synchronization

/// The `Date` of responses, written once a second.
final class DateField: Sendable {
  private let line = Mutex(DateLine(at: 0))

  var current: DateLine {
    let second = SystemClock.wallMilliseconds / 1_000
    return line.withLock { line in
      if line.second != second { line.update(to: second) }
      return line
    }
  }
}
