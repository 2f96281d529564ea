import Synchronization

/// What is wrong with packs at the moment, for health.
final class PackTroubles: Sendable {
  private let troubles: Mutex<[PackTrouble]>

  init(_ troubles: [PackTrouble]) { self.troubles = Mutex(troubles) }

  var all: [PackTrouble] { troubles.withLock { $0 } }

  func forget(_ number: UInt64) {
    troubles.withLock { $0.removeAll { $0.number == number } }
  }

  func replace(_ trouble: PackTrouble) {
    troubles.withLock { troubles in
      troubles.removeAll { $0.number == trouble.number }
      troubles.append(trouble)
      troubles.sort { $0.number < $1.number }
    }
  }
}

extension PackTrouble {
  /// A pack whose events are being taken in.
  init(returning pack: Pack) {
    self.init(
      number: pack.header.number,
      reason: "it is back after it was missing: its events are taken in, so that none counts twice")
  }
}
