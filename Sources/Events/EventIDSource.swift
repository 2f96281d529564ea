package import Platform
import Synchronization

/// Mints ids that only ever grow within this process, also while the clock stands still or steps
/// back (RFC 9562, 6.2, a counter with a random start).
///
/// Inside one millisecond the 12 bits beside the version count upwards from a random start in their
/// lower half; when they are used up, the id's time runs ahead of the clock by a millisecond. The
/// other 62 bits are chance. Callable from any thread, for about 20 ns.
package final class EventIDSource: Sendable {
  private struct State {
    var milliseconds: Int64 = -1
    var counter: UInt64 = 0
  }

  private let state = Mutex(State())
  private let clock: any Clock
  private let random: any RandomSource

  package init(clock: any Clock, random: any RandomSource) {
    self.clock = clock
    self.random = random
  }

  /// An id of now.
  package func next() -> EventID { next(at: clock.wallMilliseconds) }

  /// An id of this reading of the clock, or of a later time if one has been minted for it.
  package func next(at reading: Int64) -> EventID {
    let chance = random.next()
    let now = min(max(reading, 0), EventID.maximumMilliseconds)
    return state.withLock { state in
      if now > state.milliseconds {
        state.milliseconds = now
        state.counter = Self.start(random.next())
      } else if state.counter < 0xFFF {
        state.counter += 1
      } else {
        // At the very end of 48 bits the order is given up, not the uniqueness.
        state.milliseconds = min(state.milliseconds + 1, EventID.maximumMilliseconds)
        state.counter = Self.start(random.next())
      }
      return EventID(milliseconds: state.milliseconds, chance: (state.counter, chance))
    }
  }

  /// A random start that leaves at least half of the counter's range to count in.
  private static func start(_ chance: UInt64) -> UInt64 { chance & 0x7FF }
}
