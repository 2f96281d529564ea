internal import Glibc

/// The seam to the network: how a client gets its streams. A simulation hands out its own.
package protocol Net: Sendable {
  /// Connects, or fails with `timedOut` once `deadline` (monotonic nanoseconds) has passed.
  func connect(to address: Address, deadline: UInt64) async throws(StreamError) -> any ByteStream
}

/// The machine's own network. Sockets live on the loops in turn; names are resolved on a worker,
/// because the system's resolver blocks.
package final class SystemNet: Net {
  private let loops: [EventLoop]
  private let resolver: Resolver

  package init(loops: [EventLoop], resolver: Worker) {
    self.loops = loops
    self.resolver = Resolver(worker: resolver)
  }

  package func connect(
    to address: Address, deadline: UInt64
  ) async throws(StreamError) -> any ByteStream {
    let targets: [SocketAddress]
    switch address {
    case .tcp(let host, let port): targets = try await resolver.resolve(host: host, port: port)
    case .unix(let path): targets = [.unix(path: path)]
    }
    var failure = StreamError.system(
      SystemError(code: EHOSTUNREACH, call: "connect", subject: address.description))
    for target in targets {
      do throws(StreamError) {
        return try await connect(to: target, address, deadline: deadline)
      } catch {
        failure = error
        if error == .timedOut { break }
      }
    }
    throw failure
  }

  private func connect(
    to target: SocketAddress, _ address: Address, deadline: UInt64
  ) async throws(StreamError) -> any ByteStream {
    let socket: Socket
    do throws(SystemError) {
      let descriptor = try Listener.newSocket(target.family, address)
      if target.family != AF_UNIX { Listener.sendAtOnce(descriptor) }
      let result = unsafe target.withPointer { unsafe Glibc.connect(descriptor.raw, $0, $1) }
      guard result == 0 || errno == EINPROGRESS else {
        throw SystemError(last: "connect", address.description)
      }
      let loop = loops.min { $0.load < $1.load } ?? loops[0]
      let host = target.numeric?.host ?? ""
      socket = try Socket(descriptor, peer: PeerAddress(text: host), on: loop)
    } catch {
      throw .system(error)
    }
    socket.setDeadline(deadline)
    do {
      try await socket.finishConnecting()
    } catch {
      socket.close()
      throw error
    }
    return socket
  }
}

/// Names to addresses, one question at a time.
private actor Resolver {
  private let worker: Worker
  init(worker: Worker) { self.worker = worker }
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe worker.asUnownedSerialExecutor() }

  func resolve(host: String, port: UInt16) throws(StreamError) -> [SocketAddress] {
    do { return try SocketAddress.resolve(host: host, port: port) } catch { throw .system(error) }
  }
}
