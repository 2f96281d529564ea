internal import Glibc
import Synchronization

/// The signals that a program answers, as values for one task to wait for.
package final class SignalWatch: Sendable {
  package enum Signal: Sendable {
    /// SIGTERM or SIGINT: end in good order.
    case stop
    /// SIGHUP: read certificates again.
    case reload
  }

  private struct State {
    var signals: [Signal] = []
    var waiter: Waiter?
  }
  private let state = Mutex(State())

  /// Takes the signals over. To be made before any other thread is started, so that all of them
  /// inherit the mask.
  package init() {
    // A peer that goes away while we write is an error of that write, not of the program.
    _ = signal(SIGPIPE, SIG_IGN)
    var watched = sigset_t()
    // SAFETY: all calls work on our own set of signals.
    unsafe sigemptyset(&watched)
    for number in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&watched, number) }
    unsafe pthread_sigmask(SIG_BLOCK, &watched, nil)
    let signals = watched
    startThread(name: "signals") { [self] in
      var signals = signals
      while true {
        var number: CInt = 0
        guard unsafe sigwait(&signals, &number) == 0 else { continue }
        receive(number == SIGHUP ? .reload : .stop)
      }
    }
  }

  /// The next signal.
  package func next() async -> Signal {
    while true {
      let signal = state.withLock { $0.signals.isEmpty ? nil : $0.signals.removeFirst() }
      if let signal { return signal }
      await Waiter.wait { waiter in
        state.withLock { state in
          if !state.signals.isEmpty { return false }
          state.waiter = waiter
          return true
        }
      }
    }
  }

  private func receive(_ signal: Signal) {
    let waiter = state.withLock { state in
      state.signals.append(signal)
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.wake()
  }
}
