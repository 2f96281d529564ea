private import CLinux

/// What a descriptor is ready for.
struct Readiness: OptionSet {
  let rawValue: UInt32
  static let readable = Readiness(rawValue: UInt32(CLINUX_READABLE))
  static let writable = Readiness(rawValue: UInt32(CLINUX_WRITABLE))
  static let hangup = Readiness(rawValue: UInt32(CLINUX_HANGUP))
  static let ended = Readiness(rawValue: UInt32(CLINUX_ENDED))
}

/// Something with a descriptor that a loop watches.
protocol EventSource: AnyObject, Sendable {
  /// Called on the loop's thread when the kernel reports a change.
  func becameReady(_ readiness: Readiness)
  /// When the source wants `expire` to be called, in monotonic nanoseconds; `.max` for never.
  var deadline: UInt64 { get }
  /// Called on the loop's thread once the deadline has passed, if it was not moved in between.
  func expire(at now: UInt64)
}

/// The sources of a loop by token. A token is a slot and the generation of its use, so a report that
/// was under way when a slot changed hands reaches nobody.
struct EventSourceTable {
  private struct Slot {
    var generation: UInt32
    var source: (any EventSource)?
  }
  private var slots: [Slot] = []
  private var free: [Int] = []

  mutating func insert(_ source: any EventSource) -> UInt64 {
    if let index = free.popLast() {
      slots[index].source = source
      return token(index)
    }
    slots.append(Slot(generation: 0, source: source))
    return token(slots.count - 1)
  }

  /// True if the token was still in use.
  mutating func remove(_ token: UInt64) -> Bool {
    guard self[token] != nil else { return false }
    let index = Int(token & 0xFFFF_FFFF)
    slots[index].source = nil
    slots[index].generation &+= 1
    free.append(index)
    return true
  }

  subscript(token: UInt64) -> (any EventSource)? {
    let index = Int(token & 0xFFFF_FFFF)
    guard index < slots.count, slots[index].generation == UInt32(token >> 32) else { return nil }
    return slots[index].source
  }

  var all: [any EventSource] { slots.compactMap(\.source) }

  private func token(_ index: Int) -> UInt64 {
    UInt64(slots[index].generation) << 32 | UInt64(index)
  }
}
