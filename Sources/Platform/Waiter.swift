/// A suspended task that somebody else will wake, exactly once.
///
/// It costs no allocation and is not checked: whoever stores a waiter takes it out, under the lock
/// that guards the place, before waking it.
@safe package struct Waiter: Sendable {
  // SAFETY: see above; the places that store waiters are few and small.
  private let continuation: UnsafeContinuation<Void, Never>

  package func wake() { unsafe continuation.resume() }

  /// Suspends the calling task until its waiter is woken. `store` puts the waiter where it will be
  /// found and returns true, or returns false if there is no need to wait after all.
  @inline(__always)
  package static func wait(_ store: (Waiter) -> Bool) async {
    await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      let waiter = unsafe Waiter(continuation: continuation)
      if !store(waiter) { waiter.wake() }
    }
  }
}
