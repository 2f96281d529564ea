import Platform
package import Synchronization

/// The connections that a program's servers hold together, and who may have how many of them
/// (RELIABILITY O7).
///
/// A connection comes as a stranger's. Strangers share a part of the slots, so that whoever proves
/// nothing cannot keep those out who can. Where their part is taken, a newcomer gets the place of one
/// that has rested for long; where none rests, it is refused. So does a peer that has its most of
/// connections: a link that broke without a word may leave some behind, which must not keep it out.
package final class ConnectionSlots: Sendable {
  private struct State {
    var strangers = StrangerQueue()
    /// The connections of each peer, those it proved last behind.
    var peers: [String: [ConnectionStanding]] = [:]
    var names: [ObjectIdentifier: String] = [:]

    /// Takes a connection away from the peer that it counts for.
    mutating func forget(_ standing: ConnectionStanding) {
      guard let peer = names.removeValue(forKey: ObjectIdentifier(standing)) else { return }
      peers[peer]?.removeAll { $0 === standing }
      if peers[peer]?.isEmpty == true { peers[peer] = nil }
    }
  }

  /// The most connections, over all servers.
  let maximum: Int
  /// The most of them that strangers have together.
  package let strangerMaximum: Int
  /// The most that one peer has.
  package let peerMaximum: Int

  private let state = Mutex(State())
  private let farewells = Atomic<Int>(0)
  /// Strangers who were refused because their part was taken.
  package let refusedStrangers = Atomic<Int>(0)
  /// Strangers at rest whose connections were closed in favour of newcomers.
  package let displacedStrangers = Atomic<Int>(0)
  /// Connections refused to peers that had their most.
  package let refusedPeers = Atomic<Int>(0)

  /// What a collector needs is six: five batches under way, and a hello.
  package static let standardPeerMaximum = 8
  package static let standardStrangerPercent = 25
  /// Refused strangers who are told why at one time; more are closed without a word.
  private static let maximumFarewells = 64

  package init(
    _ maximum: Int, strangerPercent: Int = standardStrangerPercent,
    peerMaximum: Int = standardPeerMaximum
  ) {
    self.maximum = maximum
    strangerMaximum = max(
      1, maximum / 100 * strangerPercent + maximum % 100 * strangerPercent / 100)
    self.peerMaximum = peerMaximum
  }

  package var strangerCount: Int { state.withLock { $0.strangers.count } }

  /// A place for a connection that was accepted; nil where it has to be refused. Whoever reaches a
  /// trusted listener is no stranger.
  func admit(_ stream: any ByteStream, isTrusted: Bool) -> ConnectionStanding? {
    let standing = ConnectionStanding(self, stream, isKnown: isTrusted)
    if isTrusted { return standing }
    let (isAdmitted, displaced) = state.withLock { state -> (Bool, ConnectionStanding?) in
      var displaced: ConnectionStanding?
      if state.strangers.count >= strangerMaximum {
        displaced = state.strangers.takeOldestAtRest()
        if displaced == nil { return (false, nil) }
      }
      state.strangers.append(standing)
      return (true, displaced)
    }
    if let displaced {
      displacedStrangers.add(1, ordering: .relaxed)
      displaced.close()
    }
    if isAdmitted { return standing }
    refusedStrangers.add(1, ordering: .relaxed)
    return nil
  }

  /// Frees a stranger's place: the connection has shown that it is none.
  func release(strange standing: ConnectionStanding) {
    state.withLock { $0.strangers.remove(standing) }
  }

  /// Counts a connection as this peer's.
  func admit(_ standing: ConnectionStanding, as peer: String) -> Bool {
    let (isAdmitted, displaced) = state.withLock { state -> (Bool, ConnectionStanding?) in
      if state.names[ObjectIdentifier(standing)] == peer { return (true, nil) }
      var displaced: ConnectionStanding?
      if let held = state.peers[peer], held.count >= peerMaximum {
        displaced = held.first { $0.isAtRest }
        guard let displaced else { return (false, nil) }
        state.forget(displaced)
      }
      state.forget(standing)
      state.strangers.remove(standing)
      state.names[ObjectIdentifier(standing)] = peer
      state.peers[peer, default: []].append(standing)
      return (true, displaced)
    }
    displaced?.close()
    if !isAdmitted { refusedPeers.add(1, ordering: .relaxed) }
    return isAdmitted
  }

  func leave(_ standing: ConnectionStanding) {
    state.withLock { state in
      state.strangers.remove(standing)
      state.forget(standing)
    }
  }

  // MARK: Farewells

  /// Whether one more who is refused may be told why; if so, `endFarewell` has to follow.
  func beginFarewell() -> Bool {
    if farewells.add(1, ordering: .relaxed).newValue <= Self.maximumFarewells { return true }
    endFarewell()
    return false
  }

  func endFarewell() { farewells.subtract(1, ordering: .relaxed) }
}
