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
  private let slots: ConnectionSlots
  private let state = Mutex(State())
  /// Connections closed unanswered because there were too many.
  package let refusedConnections = Atomic<Int>(0)
  /// TLS handshakes that came to nothing.
  package let failedHandshakes = Atomic<Int>(0)

  /// `slots` may be shared with other servers. `refusal` words the answer to a request that cannot be
  /// parsed; `observe` is told of every answer, once it is composed.
  package init(
    on loops: [EventLoop], limits: HTTPLimits = .standard, timeouts: ServerTimeouts = .init(),
    slots: ConnectionSlots, refusal: @escaping @Sendable (HTTPProblem) -> Response,
    observe: @escaping @Sendable (Request, Int) -> Void, handler: @escaping Handler
  ) {
    self.loops = loops
    self.slots = slots
    service = Service(
      handler: handler, limits: limits, timeouts: timeouts, refusal: refusal, observe: observe,
      date: DateField())
  }

  /// Starts to listen, and returns the address as bound.
  package func listen(
    on address: Address, tls: TLSContext? = nil
  ) throws(SystemError) -> Address {
    // Who reaches a socket in a folder has been let in by the folder's rights.
    let isTrusted = if case .unix = address { true } else { false }
    let listener = try Listener(
      address, on: loops, maximumConnections: slots.maximum,
      accepted: { [self] socket, loop in
        guard let standing = slots.admit(socket, isTrusted: isTrusted) else {
          turnAway(socket, loop, isPlain: tls == nil)
          return
        }
        Task(executorPreference: loop) {
          await self.serve(socket, tls, standing)
          standing.leave()
        }
      },
      refused: { [self] in refusedConnections.add(1, ordering: .relaxed) })
    state.withLock { $0.listeners.append(listener) }
    return listener.address
  }

  package var connectionCount: Int { state.withLock { $0.connections.count } }

  /// Ends a connection that has no place. A plain one is told why; TLS would cost a handshake first.
  private func turnAway(_ socket: Socket, _ loop: EventLoop, isPlain: Bool) {
    guard isPlain, slots.beginFarewell() else { return socket.close() }
    Task(executorPreference: loop) {
      // Whoever has gone does not hear it.
      try? await self.sayFarewell(socket)
      socket.close()
      self.slots.endFarewell()
    }
  }

  private func sayFarewell(_ socket: Socket) async throws {
    socket.setDeadline(SystemClock.monotonicNanoseconds + service.timeouts.linger)
    try await socket.write(Response.crowded.encodedFarewell(service.date.current))
    await socket.finishWriting()
    // Its request may be on the way: a reset in answer to that could overtake our words.
    var input = InputBuffer()
    while try await socket.read(into: &input) > 0, input.count < Self.lastWords {}
  }

  /// What is read of a connection that was refused.
  private static let lastWords = 64 * 1_024

  private func serve(
    _ socket: Socket, _ tls: TLSContext?, _ standing: ConnectionStanding
  ) async {
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
    let connection = ServerConnection(
      stream, security: security, standing: standing, service: service)
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
