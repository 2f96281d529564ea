package import Platform
package import Synchronization

/// An HTTP/1.1 server: listeners on event loops, plain, unix or TLS, and one handler for all.
package final class Server: Sendable {
  /// What all connections share.
  struct Service: Sendable {
    let handler: Handler
    let limits: HTTPLimits
    let timeouts: ServerTimeouts
    let refusal: @Sendable (HTTPProblem) -> Response
    let observe: @Sendable (Request, Int) -> Void
    let date: DateField
  }

  private struct State {
    var listeners: [Listener] = []
    var connections: [ObjectIdentifier: ServerConnection] = [:]
    var isDraining = false
    var drained: Waiter?
  }

  private let loops: [EventLoop]
  private let service: Service
  private let maximumConnections: Int
  private let state = Mutex(State())
  /// Connections closed unanswered because there were too many.
  package let refusedConnections = Atomic<Int>(0)
  /// TLS handshakes that came to nothing.
  package let failedHandshakes = Atomic<Int>(0)

  /// `refusal` words the answer to a request that cannot be parsed; `observe` is told of every
  /// answer, once it is composed.
  package init(
    on loops: [EventLoop], limits: HTTPLimits = .standard, timeouts: ServerTimeouts = .init(),
    maximumConnections: Int, refusal: @escaping @Sendable (HTTPProblem) -> Response,
    observe: @escaping @Sendable (Request, Int) -> Void, handler: @escaping Handler
  ) {
    self.loops = loops
    self.maximumConnections = maximumConnections
    service = Service(
      handler: handler, limits: limits, timeouts: timeouts, refusal: refusal, observe: observe,
      date: DateField())
  }

  /// Starts to listen, and returns the address as bound.
  package func listen(
    on address: Address, tls: TLSContext? = nil
  ) throws(SystemError) -> Address {
    let listener = try Listener(
      address, on: loops, maximumConnections: maximumConnections,
      accepted: { [self] socket, loop in
        Task(executorPreference: loop) { await self.serve(socket, tls) }
      },
      refused: { [self] in refusedConnections.add(1, ordering: .relaxed) })
    state.withLock { $0.listeners.append(listener) }
    return listener.address
  }

  package var connectionCount: Int { state.withLock { $0.connections.count } }

  private func serve(_ socket: Socket, _ tls: TLSContext?) async {
    var stream: any ByteStream = socket
    var security = ConnectionSecurity.none
    if let tls {
      socket.setDeadline(SystemClock.monotonicNanoseconds + service.timeouts.handshake)
      do throws(StreamError) {
        let secured = try await TLSStream.open(over: socket, tls)
        stream = secured
        security = secured.isModern ? .tls13 : .tls12
      } catch {
        failedHandshakes.add(1, ordering: .relaxed)
        socket.close()
        return
      }
    }
    let connection = ServerConnection(stream, security: security, service: service)
    let isWelcome = state.withLock { state in
      if state.isDraining { return false }
      state.connections[ObjectIdentifier(connection)] = connection
      return true
    }
    guard isWelcome else { return connection.close() }
    await connection.serve()
    let drained = state.withLock { state -> Waiter? in
      state.connections[ObjectIdentifier(connection)] = nil
      guard state.connections.isEmpty else { return nil }
      defer { state.drained = nil }
      return state.drained
    }
    drained?.wake()
  }

  /// Stops accepting, lets the requests at hand finish, and closes what is left at the deadline. A
  /// handler that does not notice is left behind: a shutdown always comes to its end.
  package func shutDown(within deadline: Duration) async {
    let (listeners, connections) = state.withLock { state in
      state.isDraining = true
      defer { state.listeners = [] }
      return (state.listeners, Array(state.connections.values))
    }
    for listener in listeners { listener.close() }
    for connection in connections { connection.drain() }
    let alarm = Task {
      await loops[0].sleep(for: deadline)
      for connection in state.withLock({ Array($0.connections.values) }) { connection.close() }
      await loops[0].sleep(for: Self.lastGrace)
      takeDrained()?.wake()
    }
    await Waiter.wait { waiter in
      state.withLock { state in
        if state.connections.isEmpty { return false }
        state.drained = waiter
        return true
      }
    }
    alarm.cancel()
  }

  /// For handlers to notice that their connections were closed.
  private static let lastGrace = Duration.milliseconds(250)

  private func takeDrained() -> Waiter? {
    state.withLock { state in
      defer { state.drained = nil }
      return state.drained
    }
  }
}
