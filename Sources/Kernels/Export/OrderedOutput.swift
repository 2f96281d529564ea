import Platform
import Synchronization

/// Takes what threads make in any order, and passes it on in order: by one of them, while the others
/// go on.
final class OrderedOutput: Sendable {
  /// So many wait for their turn before somebody who has more waits as well.
  private static let mostWaiting = 4

  private struct State {
    var next = 0
    var isBusy = false
    var isOpen = true
    var waiting: [Int: ByteArena] = [:]
    /// Empty ones, for whoever has given one away.
    var spare: [ByteArena] = []
  }

  // Sendable, because an arena has one owner at a time.
  private let state = Mutex(State())
  /// Held while something is passed on.
  private let turn = Mutex(())
  private let sink: @Sendable (Span<UInt8>) -> Bool

  init(_ sink: @escaping @Sendable (Span<UInt8>) -> Bool) { self.sink = sink }

  /// Takes what an arena has, and gives another one back; nil once nobody wants more.
  func deliver(_ number: Int, _ arena: ByteArena) -> ByteArena? {
    let (isOurs, isFull) = state.withLock { state in
      if state.isOpen, number == state.next, !state.isBusy {
        state.isBusy = true
        return (true, false)
      }
      state.waiting[number] = arena
      return (false, state.isBusy && state.waiting.count > Self.mostWaiting)
    }
    if isOurs { pass(arena) } else if isFull { turn.withLock { _ in } }
    return state.withLock { state in
      state.isOpen ? state.spare.popLast() ?? ByteArena(capacity: arena.capacity) : nil
    }
  }

  /// Passes on what is next, and all that waits behind it.
  private func pass(_ first: ByteArena) {
    var arena: ByteArena? = first
    while let current = arena {
      let wantsMore = turn.withLock { _ in current.withBytes { sink($0) } }
      arena = state.withLock { state in
        state.next += 1
        state.isOpen = wantsMore
        current.removeAll()
        state.spare.append(current)
        let next = wantsMore ? state.waiting.removeValue(forKey: state.next) : nil
        state.isBusy = next != nil
        return next
      }
    }
  }
}
