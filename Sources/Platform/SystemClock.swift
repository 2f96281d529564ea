internal import Glibc

/// The machine's own clocks; sleeping is a timer on an event loop.
package struct SystemClock: Clock {
  private let timers: EventLoop

  package init(timers: EventLoop) { self.timers = timers }

  package var wallMilliseconds: Int64 { Self.wallMilliseconds }
  package var monotonicNanoseconds: UInt64 { Self.monotonicNanoseconds }

  package func sleep(for duration: Duration) async { await timers.sleep(for: duration) }

  package static var wallMilliseconds: Int64 {
    let now = time(CLOCK_REALTIME)
    return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
  }

  package static var monotonicNanoseconds: UInt64 {
    let now = time(CLOCK_MONOTONIC)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
  }

  private static func time(_ clock: clockid_t) -> timespec {
    var now = timespec()
    unsafe clock_gettime(clock, &now)  // Cannot fail for these two clocks.
    return now
  }
}
