import Platform
import Synchronization

/// How a connection stands with its server: as a stranger's, until a request on it has shown a key or
/// a signature, and as a peer's once a request has proved whose it is.
///
/// It lasts as long as the connection. What comes through a proxy may prove now one peer and now
/// another; the connection then counts for the last one.
package final class ConnectionStanding: Sendable {
  private let slots: ConnectionSlots
  private let stream: any ByteStream
  private let isKnown: Atomic<Bool>
  /// A request is under way; without one, nothing is lost if the connection ends.
  private let isBusy = Atomic<Bool>(false)

  init(_ slots: ConnectionSlots, _ stream: any ByteStream, isKnown: Bool) {
    self.slots = slots
    self.stream = stream
    self.isKnown = Atomic(isKnown)
  }

  /// The request at hand has shown a key that is good, or was admitted without one. Asked with every
  /// request, so it costs next to nothing after the first.
  package func prove() {
    guard !isKnown.load(ordering: .relaxed) else { return }
    isKnown.store(true, ordering: .relaxed)
    slots.release(strange: self)
  }

  /// The request at hand was signed by this peer. False where the peer has its most of connections
  /// at work already: the request is then to be refused, and the connection to end.
  package func prove(as peer: String) -> Bool {
    guard slots.admit(self, as: peer) else { return false }
    isKnown.store(true, ordering: .relaxed)
    return true
  }

  var isAtRest: Bool { !isBusy.load(ordering: .relaxed) }

  func requestBegins() { isBusy.store(true, ordering: .relaxed) }

  func requestEnds() { isBusy.store(false, ordering: .relaxed) }

  /// Ends the connection in favour of another.
  func close() { stream.close() }

  /// The connection is gone, and its slot with it.
  func leave() { slots.leave(self) }
}
