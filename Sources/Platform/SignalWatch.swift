internal import Glibc

/// The signals that a program answers, as values on a thread of its own, where anything may be done.
package struct SignalWatch: Sendable {
  package enum Signal: Sendable {
    /// SIGTERM or SIGINT: end in good order.
    case stop
    /// SIGHUP: read certificates again.
    case reload
  }

  /// Takes the signals over. To be called before any other thread is started, so that all of them
  /// inherit the mask; `handle` is called on the watch's thread.
  package static func start(_ handle: @escaping @Sendable (Signal) -> Void) {
    // A peer that goes away while we write is an error of that write, not of the program.
    _ = signal(SIGPIPE, SIG_IGN)
    var watched = sigset_t()
    // SAFETY: all calls work on our own set of signals.
    unsafe sigemptyset(&watched)
    for number in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&watched, number) }
    unsafe pthread_sigmask(SIG_BLOCK, &watched, nil)
    let signals = watched
    startThread(name: "signals") {
      var signals = signals
      while true {
        var number: CInt = 0
        guard unsafe sigwait(&signals, &number) == 0 else { continue }
        handle(number == SIGHUP ? .reload : .stop)
      }
    }
  }
}
