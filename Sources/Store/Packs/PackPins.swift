import Synchronization

/// Which packs somebody outside the store is reading, and which therefore stay where they are: a backup
/// copies them for minutes. Whoever unlinks a pack does so in `unlink`, and tries again later if that
/// says no.
package final class PackPins: Sendable {
  fileprivate struct State {
    /// Holders of every pack there is or will be.
    var holdersOfAll = 0
    var holders: [UInt64: Int] = [:]
  }

  private let state = Mutex(State())

  package init() {}

  /// Holds all packs, for whoever does not know yet which ones it needs: it looks at the catalogue
  /// next, and narrows the hold to what stands there.
  package func holdAll() -> PackHold {
    state.withLock { $0.holdersOfAll += 1 }
    return PackHold(pins: self)
  }

  /// Whether somebody holds this pack at the moment.
  package func isHeld(_ pack: UInt64) -> Bool { state.withLock { $0.isHeld(pack) } }

  /// Runs `body`, which unlinks this pack, unless somebody holds it; false then, and nothing was done.
  /// A hold that begins at the same instant waits until the file is gone.
  package func unlink<Problem: Error>(
    _ pack: UInt64, _ body: () throws(Problem) -> Void
  ) throws(Problem) -> Bool {
    try state.withLock { state throws(Problem) in
      if state.isHeld(pack) { return false }
      try body()
      return true
    }
  }

  fileprivate func narrow(to packs: Set<UInt64>) {
    state.withLock { state in
      for pack in packs { state.holders[pack, default: 0] += 1 }
      state.holdersOfAll -= 1
    }
  }

  fileprivate func release(_ packs: Set<UInt64>?) {
    state.withLock { state in
      guard let packs else {
        state.holdersOfAll -= 1
        return
      }
      for pack in packs {
        let rest = (state.holders[pack] ?? 1) - 1
        state.holders[pack] = rest > 0 ? rest : nil
      }
    }
  }
}

extension PackPins.State {
  fileprivate func isHeld(_ pack: UInt64) -> Bool { holdersOfAll > 0 || holders[pack] != nil }
}

/// A hold on packs, released when it goes.
package final class PackHold: Sendable {
  private let pins: PackPins
  private let packs = Mutex<Set<UInt64>?>(nil)

  fileprivate init(pins: PackPins) { self.pins = pins }

  deinit { pins.release(packs.withLock { $0 }) }

  /// Lets go of all packs but these. Once only.
  package func narrow(to packs: Set<UInt64>) {
    self.packs.withLock { held in
      precondition(held == nil, "a hold is narrowed twice")
      pins.narrow(to: packs)
      held = packs
    }
  }
}
