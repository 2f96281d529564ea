import Platform
import Synchronization

/// Takes what threads make in any order, and passes it on in order.
final class OrderedOutput: Sendable {
  private struct State {
    var next = 0
    /// Made before its turn: as many as there are threads, about.
    var waiting: [Int: [UInt8]] = [:]
    var isOpen = true
  }

  private let state = Mutex(State())
  private let sink: @Sendable (Span<UInt8>) -> Bool

  init(_ sink: @escaping @Sendable (Span<UInt8>) -> Bool) { self.sink = sink }

  /// Whether anybody wants more.
  func deliver(_ number: Int, _ bytes: Span<UInt8>) -> Bool {
    state.withLock { state in
      guard state.isOpen else { return false }
      guard number == state.next else {
        state.waiting[number] = Array(bytes)
        return true
      }
      state.isOpen = sink(bytes)
      state.next += 1
      while state.isOpen, let waiting = state.waiting.removeValue(forKey: state.next) {
        state.isOpen = sink(waiting.span)
        state.next += 1
      }
      return state.isOpen
    }
  }
}
