import Platform
import Synchronization

/// Wakes one task that waits for something to happen. A ring that nobody waits for is kept for the
/// next wait; several are one.
final class Bell: Sendable {
  private struct State {
    var isRung = false
    var waiter: Waiter?
  }

  private let state = Mutex(State())

  func ring() {
    let waiter = state.withLock { state in
      guard let waiter = state.waiter else {
        state.isRung = true
        return nil as Waiter?
      }
      state.waiter = nil
      return waiter
    }
    waiter?.wake()
  }

  /// Returns at the next ring, or at once after one that nobody has heard.
  func wait() async {
    await Waiter.wait { waiter in
      state.withLock { state in
        if state.isRung {
          state.isRung = false
          return false
        }
        state.waiter = waiter
        return true
      }
    }
  }
}
