private import Glibc

/// The processor time that this process has used.
package enum ProcessTime {
  /// User and system time of all threads.
  package static var seconds: Double {
    var usage = rusage()
    // SAFETY: the kernel fills in our own struct.
    guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    return [usage.ru_utime, usage.ru_stime].reduce(0) {
      $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
    }
  }
}
