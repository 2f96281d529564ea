internal import Platform
/// Decides which lines of a storm are written: the first of each message in a window; the rest are
/// counted, and the count is told. Messages are constants, so there are as many as the source has.
package struct LogLimiter {
  package struct Limit: Equatable, Sendable {
    package var lines: Int
    package var window: Duration
    package init(lines: Int, per window: Duration) {
      self.lines = lines
      self.window = window
    }
  }

  /// What became of one message in a window that is over.
  struct Summary {
    let level: LogLevel
    let message: StaticString
    let leftOut: Int
  }

  private struct Window {
    let level: LogLevel
    let message: StaticString
    let end: UInt64
    var written = 0
    var leftOut = 0
  }

  private let limit: Limit
  private let length: UInt64
  private var windows: [UInt: Window] = [:]
  private var nextSweep: UInt64 = 0

  init(_ limit: Limit) {
    self.limit = limit
    length = UInt64(clamping: limit.window.wholeNanoseconds)
  }

  /// Whether this line is written, `now` being nanoseconds that never go back.
  mutating func admit(_ level: LogLevel, _ message: StaticString, at now: UInt64) -> Bool {
    let key = message.identity &* 4 &+ UInt(level.rawValue)
    let fresh = Window(level: level, message: message, end: now.addingClamped(length))
    var window = windows[key] ?? fresh
    defer { windows[key] = window }
    guard window.written < limit.lines else {
      window.leftOut += 1
      return false
    }
    window.written += 1
    return true
  }

  /// Forgets the windows that are over and returns those from which lines are missing; with
  /// `everything`, also those still open. Looks at most once a window length, so it is cheap.
  mutating func sweep(at now: UInt64, everything: Bool = false) -> [Summary] {
    guard everything || now >= nextSweep, !windows.isEmpty else { return [] }
    var over: [Summary] = []
    var next = now.addingClamped(length)
    for (key, window) in windows {
      guard everything || window.end <= now else {
        next = min(next, window.end)
        continue
      }
      windows[key] = nil
      guard window.leftOut > 0 else { continue }
      over.append(Summary(level: window.level, message: window.message, leftOut: window.leftOut))
    }
    nextSweep = next
    return over
  }
}

extension UInt64 {
  fileprivate func addingClamped(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

extension StaticString {
  /// The same for every use of one literal.
  fileprivate var identity: UInt {
    guard hasPointerRepresentation else { return UInt(unicodeScalar.value) }
    return unsafe UInt(bitPattern: utf8Start)  // SAFETY: the address is only a number here.
  }
}
