private import Glibc
package import Platform
import Synchronization

/// The one door through which a program's log lines leave: it knows the level in force, limits what
/// repeats, and hands each line to the kernel whole, with one `write`.
///
/// The descriptor is the caller's and stays open. Where it is a pipe that nobody reads, a writer waits,
/// as with any program; a line that the kernel refuses is counted and forgotten.
package final class LogOutput: Sendable {
  /// Lines of one message in one window before the rest of them are only counted.
  package static let defaultLimit = LogLimiter.Limit(lines: 50, per: .seconds(10))

  private let service: String
  private let descriptor: CInt
  private let clock: any Clock
  private let minimum: Atomic<Int>
  private let limiter: Mutex<LogLimiter>
  private let isLimited: Bool
  private let leftOut = Atomic(0)
  private let refused = Atomic(0)

  /// - Parameter limit: nil writes everything, whatever it costs.
  package init(
    service: String, level: LogLevel = .info, descriptor: CInt = 2, clock: any Clock,
    limit: LogLimiter.Limit? = defaultLimit
  ) {
    self.service = service
    self.descriptor = descriptor
    self.clock = clock
    minimum = Atomic(level.rawValue)
    limiter = Mutex(LogLimiter(limit ?? Self.defaultLimit))
    isLimited = limit != nil
  }

  /// The least level that is written. It may change while the program runs.
  package var level: LogLevel {
    get { LogLevel(rawValue: minimum.load(ordering: .relaxed)) ?? .info }
    set { minimum.store(newValue.rawValue, ordering: .relaxed) }
  }

  @inline(__always)
  package func isEnabled(_ level: LogLevel) -> Bool {
    level.rawValue >= minimum.load(ordering: .relaxed)
  }

  /// Lines that were only counted, because their message repeated too often.
  package var linesLeftOut: Int { leftOut.load(ordering: .relaxed) }
  /// Lines that the kernel did not take.
  package var linesRefused: Int { refused.load(ordering: .relaxed) }

  func write(
    _ level: LogLevel, _ message: StaticString, _ fields: LogFields, project: String?,
    trace: TraceID?
  ) {
    guard admits(level, message) else { return }
    emit(
      LogLine.encode(
        at: clock.wallMilliseconds, level, service: service, project: project, trace: trace,
        message: message, fields))
  }

  /// Says how many lines were left out so far. Call it at the end, and now and then.
  package func flush() {
    guard isLimited else { return }
    let now = clock.monotonicNanoseconds
    report(limiter.withLock { $0.sweep(at: now, everything: true) })
  }

  /// Whoever asks for debug lines wants all of them.
  private func admits(_ level: LogLevel, _ message: StaticString) -> Bool {
    guard isLimited, level > .debug else { return true }
    let now = clock.monotonicNanoseconds
    let (isAdmitted, over) = limiter.withLock { limiter in
      let over = limiter.sweep(at: now)
      return (limiter.admit(level, message, at: now), over)
    }
    report(over)
    if !isAdmitted { leftOut.wrappingAdd(1, ordering: .relaxed) }
    return isAdmitted
  }

  private func report(_ summaries: [LogLimiter.Summary]) {
    for summary in summaries {
      emit(
        LogLine.encode(
          at: clock.wallMilliseconds, summary.level, service: service, project: nil, trace: nil,
          message: "log lines left out",
          ["repeated": .text(summary.message.description), "left_out": .integer(summary.leftOut)]))
    }
  }

  private func emit(_ line: [UInt8]) {
    var start = 0
    while start < line.count {
      let written = unsafe line.withUnsafeBytes { bytes in
        // SAFETY: the bytes from `start` on, for the length of the call.
        unsafe Glibc.write(descriptor, bytes.baseAddress! + start, bytes.count - start)
      }
      if written > 0 {
        start += written
      } else if written < 0, errno == EINTR {
        continue
      } else {
        refused.wrappingAdd(1, ordering: .relaxed)
        return
      }
    }
  }
}
