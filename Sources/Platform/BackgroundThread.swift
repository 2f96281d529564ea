private import Glibc

/// What a thread does that works for nobody who waits.
package enum BackgroundThread {
  /// Has the calling thread stand behind all others where processors are scarce.
  package static func yieldToOthers() {
    // On Linux this is the priority of the calling thread alone; without it the work is only less polite.
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
  }

  /// Blocks the calling thread.
  package static func rest(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    // A signal that cuts it short does no harm.
    _ = unsafe nanosleep(&time, nil)
  }
}
