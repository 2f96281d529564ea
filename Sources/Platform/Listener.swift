private import CLinux
internal import Glibc
import Synchronization

/// A listening socket. Connections are accepted on one loop and handed to the loop that has fewest.
package final class Listener: EventSource {
  private let descriptor: Descriptor
  private let loops: [EventLoop]
  private let maximumConnections: Int
  private let accepted: @Sendable (Socket, EventLoop) -> Void
  private let refused: @Sendable () -> Void
  private let token = Atomic<UInt64>(.max)
  private let retryDeadline = Atomic<UInt64>(.max)
  /// The address as bound: with port 0 asked for, the port that was given.
  package let address: Address

  /// Binds and listens. `accepted` is called on the first loop, for each connection; beyond
  /// `maximumConnections` a new one is closed at once and `refused` is told.
  package init(
    _ address: Address, on loops: [EventLoop], maximumConnections: Int,
    accepted: @escaping @Sendable (Socket, EventLoop) -> Void,
    refused: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    descriptor = try Self.bind(address)
    self.address = Self.bound(descriptor, as: address)
    self.loops = loops
    self.maximumConnections = maximumConnections
    self.accepted = accepted
    self.refused = refused
    let token = try loops[0].add(self, descriptor: self.descriptor.raw)
    self.token.store(token, ordering: .relaxed)
  }

  /// Stops accepting. Connections that exist go on.
  package func close() {
    loops[0].remove(token.load(ordering: .relaxed), descriptor: descriptor.raw)
    _ = shutdown(descriptor.raw, Int32(SHUT_RDWR))
    if case .unix(let path) = address { _ = unsafe unlink(path) }
  }

  // MARK: The loop's side

  func becameReady(_ readiness: Readiness) { acceptAll() }

  var deadline: UInt64 { retryDeadline.load(ordering: .relaxed) }

  func expire(at now: UInt64) {
    retryDeadline.store(.max, ordering: .relaxed)
    acceptAll()
  }

  private func acceptAll() {
    while true {
      let (peer, number) = unsafe SocketAddress.filled {
        unsafe clinux_accept(descriptor.raw, $0, $1)
      }
      guard number >= 0 else {
        switch errno {
        // Errors of the one connection, which is taken off the queue with them (accept(2)).
        case EINTR, ECONNABORTED, EPERM, EPROTO, ENETDOWN, ENETUNREACH, EHOSTUNREACH, ENOPROTOOPT:
          continue
        case EMFILE, ENFILE, ENOMEM, ENOBUFS:
          // No new edge comes for those that wait in the backlog: try again in a moment.
          let retry = SystemClock.monotonicNanoseconds + 100_000_000
          retryDeadline.store(retry, ordering: .relaxed)
          loops[0].sweep(retry)
          return
        default: return
        }
      }
      let connection = Descriptor(adopting: number)
      guard loops.reduce(0, { $0 + $1.load }) < maximumConnections else {
        refused()
        continue
      }
      let host = peer.numeric?.host ?? ""
      if !host.isEmpty { Self.sendAtOnce(connection) }
      let loop = loops.min { $0.load < $1.load } ?? loops[0]
      // A connection that cannot be watched is closed by its descriptor's end: the peer tries again.
      guard let socket = try? Socket(connection, peer: PeerAddress(text: host), on: loop) else {
        continue
      }
      accepted(socket, loop)
    }
  }

  // MARK: Binding

  private static func bind(_ address: Address) throws(SystemError) -> Descriptor {
    switch address {
    case .tcp(let host, let port):
      guard let target = try SocketAddress.resolve(host: host, port: port, toListen: true).first
      else { throw SystemError(code: EADDRNOTAVAIL, call: "bind", subject: address.description) }
      return try listen(on: target, address)
    case .unix(let path):
      if isLeftBehind(path) { _ = unsafe unlink(path) }
      let descriptor = try listen(on: .unix(path: path), address)
      _ = unsafe chmod(path, 0o660)
      return descriptor
    }
  }

  /// The address with the port that was given where port 0 was asked for.
  private static func bound(_ descriptor: borrowing Descriptor, as address: Address) -> Address {
    guard case .tcp(let host, let port) = address else { return address }
    let number = descriptor.raw
    let (name, _) = unsafe SocketAddress.filled { unsafe getsockname(number, $0, $1) }
    return .tcp(host: host, port: name.numeric?.port ?? port)
  }

  private static func listen(
    on target: SocketAddress, _ address: Address
  ) throws(SystemError) -> Descriptor {
    let descriptor = try newSocket(target.family, address)
    var yes: Int32 = 1
    // SAFETY: the kernel reads one 32-bit number.
    _ = unsafe setsockopt(
      descriptor.raw, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard unsafe target.withPointer({ unsafe Glibc.bind(descriptor.raw, $0, $1) }) == 0 else {
      throw SystemError(last: "bind", address.description)
    }
    guard Glibc.listen(descriptor.raw, 1_024) == 0 else {
      throw SystemError(last: "listen", address.description)
    }
    return descriptor
  }

  /// Whether a socket stands there on which nobody listens: left from a run that was killed. Another
  /// file, or a server that is merely busy, is not ours to remove.
  private static func isLeftBehind(_ path: String) -> Bool {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK,
      let probe = try? newSocket(AF_UNIX, .unix(path: path))
    else { return false }
    return unsafe SocketAddress.unix(path: path).withPointer {
      unsafe connect(probe.raw, $0, $1) != 0 && errno == ECONNREFUSED
    }
  }

  // MARK: What connecting needs too

  static func newSocket(_ family: Int32, _ address: Address) throws(SystemError) -> Descriptor {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let number = socket(family, kind, 0)
    guard number >= 0 else { throw SystemError(last: "socket", address.description) }
    return Descriptor(adopting: number)
  }

  /// Small answers must not wait for the acknowledgement of the one before (Nagle).
  static func sendAtOnce(_ descriptor: borrowing Descriptor) {
    var yes: Int32 = 1
    // SAFETY: the kernel reads one 32-bit number.
    _ = unsafe setsockopt(
      descriptor.raw, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
  }
}
