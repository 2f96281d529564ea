private import Glibc

/// How a thread stands behind others that want the processor.
package enum ThreadPriority {
  /// Has the calling thread run when others leave room. Linux counts niceness by thread; where that is
  /// refused the thread only goes on as before.
  package static func lower() {
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 15)
  }
}
