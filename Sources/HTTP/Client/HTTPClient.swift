package import Platform
import Synchronization

/// What came back to a request, whole.
package struct ClientResponse: Sendable {
  package let status: Int
  package let head: ResponseHead
  package let body: [UInt8]
  /// PEM of the authority that a pin named, where the connection was made with one.
  package let pinnedAuthority: [UInt8]?

  package func value(of name: StaticString) -> String? { head.value(of: name) }
}

/// Why no answer came.
package enum HTTPClientError: Error, Equatable {
  /// No connection: the address does not answer, or not in time.
  case unreachable(StreamError)
  /// TLS failed: the certificate is not trusted, has expired, or the protocol broke.
  case insecure(String)
  /// The connection ended or went silent before the answer was whole.
  case interrupted(StreamError)
  /// What came is no HTTP that we understand.
  case malformed(HTTPProblem)
  /// The answer's body is larger than the caller takes.
  case tooLarge(limit: Int)
}

/// A client of one server. Connections are kept for the next request; each serves one at a time, so
/// several requests at once use several.
package final class HTTPClient: Sendable {
  private struct Connection: Sendable {
    let stream: any ByteStream
    let pinnedAuthority: [UInt8]?
  }

  private let net: any Net
  private let address: Address
  private let host: String
  private let tls: TLSContext?
  private let limits: HTTPLimits
  private let idle = Mutex<[Connection]>([])

  /// Connections that wait for a next request; more are closed after theirs.
  static let maximumKeptConnections = 16

  var keptConnectionCount: Int { idle.withLock { $0.count } }

  /// `host` is what the server is called: what its certificate must be for.
  package init(
    net: any Net, address: Address, host: String, tls: TLSContext?, limits: HTTPLimits = .standard
  ) {
    self.net = net
    self.address = address
    self.host = host
    self.tls = tls
    self.limits = limits
  }

  /// Sends a request and waits for the whole answer, within `timeout` for all of it.
  ///
  /// A kept connection may have been closed by the server just now. If no byte of an answer came,
  /// the request goes out again over a new one, which is why requests must be safe to repeat: ours
  /// carry their own identity.
  package func send(
    _ request: OutgoingRequest, body: [UInt8] = [], timeout: Duration,
    maximumAnswer: Int = 1 << 20
  ) async throws(HTTPClientError) -> ClientResponse {
    let deadline = SystemClock.monotonicNanoseconds + UInt64(max(0, timeout.wholeNanoseconds))
    var hasBegun = false
    if let kept = takeKept() {
      do throws(HTTPClientError) {
        return try await exchange(kept, request, body, deadline, maximumAnswer, &hasBegun)
      } catch {
        guard !hasBegun, case .interrupted(let reason) = error, reason != .timedOut else {
          throw error
        }
      }
    }
    let connection = try await connect(deadline)
    return try await exchange(connection, request, body, deadline, maximumAnswer, &hasBegun)
  }

  /// The connection used last that is still good. What a server says unasked (that it waited too
  /// long, say) must not become the answer to the next request.
  private func takeKept() -> Connection? {
    while let kept = idle.withLock({ $0.popLast() }) {
      if kept.stream.isQuiet { return kept }
      kept.stream.close()
    }
    return nil
  }

  /// Keeps the connection for the next request, or closes it where enough are kept.
  private func keep(_ connection: Connection) {
    connection.stream.setDeadline(.max)
    let isKept = idle.withLock { idle in
      guard idle.count < Self.maximumKeptConnections else { return false }
      idle.append(connection)
      return true
    }
    if !isKept { connection.stream.close() }
  }

  deinit { close() }

  /// Closes the connections that are kept.
  package func close() {
    let kept = idle.withLock { idle in
      defer { idle = [] }
      return idle
    }
    for connection in kept { connection.stream.close() }
  }

  private func connect(_ deadline: UInt64) async throws(HTTPClientError) -> Connection {
    let socket: any ByteStream
    do { socket = try await net.connect(to: address, deadline: deadline) } catch {
      throw .unreachable(error)
    }
    socket.setDeadline(deadline)
    guard let tls else { return Connection(stream: socket, pinnedAuthority: nil) }
    do {
      let stream = try await TLSStream.open(over: socket, tls, host: host)
      return Connection(stream: stream, pinnedAuthority: stream.pinnedAuthority)
    } catch {
      socket.close()
      if case .broken(let reason) = error { throw .insecure(reason) }
      throw .unreachable(error)
    }
  }

  private func exchange(
    _ connection: Connection, _ request: OutgoingRequest, _ body: [UInt8], _ deadline: UInt64,
    _ maximumAnswer: Int, _ hasBegun: inout Bool
  ) async throws(HTTPClientError) -> ClientResponse {
    let stream = connection.stream
    stream.setDeadline(deadline)
    do {
      let (response, keeps) = try await Self.exchange(
        connection, request, body, limits, maximumAnswer, &hasBegun)
      if keeps {
        keep(connection)
      } else {
        stream.close()
      }
      return response
    } catch {
      stream.close()
      throw error
    }
  }

  private static func exchange(
    _ connection: Connection, _ request: OutgoingRequest, _ body: [UInt8], _ limits: HTTPLimits,
    _ maximumAnswer: Int, _ hasBegun: inout Bool
  ) async throws(HTTPClientError) -> (ClientResponse, keeps: Bool) {
    let stream = connection.stream
    var output: [UInt8] = []
    output.reserveCapacity(body.count + 512)
    request.append(to: &output)
    output += body
    var input = InputBuffer()
    var isSent = true
    do { try await stream.write(output) } catch {
      // A server that refuses early answers and closes while we still write: hear it out.
      guard error == .reset else { throw .interrupted(error) }
      isSent = false
    }
    defer { hasBegun = hasBegun || !input.isEmpty }
    let head = try await readHead(of: request, &input, from: stream, limits)
    hasBegun = true
    var message = MessageBody(head.body, limits: limits)
    var answer: [UInt8] = []
    while !message.isAtEnd {
      while let piece = try take(&message, from: &input, limits) {
        guard answer.count + piece.count <= maximumAnswer else {
          throw .tooLarge(limit: maximumAnswer)
        }
        answer += piece
      }
      if message.isAtEnd { break }
      if try await read(&input, from: stream) == 0 {
        guard message.connectionEnded() else { throw .interrupted(.reset) }
      }
    }
    let response = ClientResponse(
      status: head.status.code, head: head, body: answer,
      pinnedAuthority: connection.pinnedAuthority)
    let keeps = isSent && head.keepsAlive && input.isEmpty && head.body != .untilClose
    return (response, keeps)
  }

  private static func readHead(
    of request: OutgoingRequest, _ input: inout InputBuffer, from stream: any ByteStream,
    _ limits: HTTPLimits
  ) async throws(HTTPClientError) -> ResponseHead {
    var head = ResponseHead()
    while true {
      switch head.parse(
        input.storage.span.extracting(input.window), toHead: request.method == .head,
        limits: limits)
      {
      case .complete(let byteCount):
        input.consume(byteCount)
        return head
      case .refused(let problem): throw .malformed(problem)
      case .needMore:
        guard try await read(&input, from: stream) > 0 else { throw .interrupted(.reset) }
      }
    }
  }

  private static func take(
    _ message: inout MessageBody, from input: inout InputBuffer, _ limits: HTTPLimits
  ) throws(HTTPClientError) -> [UInt8]? {
    do { return try message.take(from: &input) } catch {
      throw error == .bodyTooLarge ? .tooLarge(limit: limits.bodyBytes) : .malformed(error)
    }
  }

  private static func read(
    _ input: inout InputBuffer, from stream: any ByteStream
  ) async throws(HTTPClientError) -> Int {
    do { return try await stream.read(into: &input) } catch { throw .interrupted(error) }
  }
}
