import Platform
import Synchronization

/// One client's connection: request after request, in order, until either side has had enough.
final class ServerConnection: Sendable {
  private let stream: any ByteStream
  private let security: ConnectionSecurity
  private let standing: ConnectionStanding
  private let service: Server.Service
  private let phase = Mutex(Phase())
  private let mustLinger = Atomic<Bool>(false)

  private struct Phase {
    /// Between two requests: nothing is lost if the connection ends here.
    var isIdle = true
    var isDraining = false
  }

  init(
    _ stream: any ByteStream, security: ConnectionSecurity, standing: ConnectionStanding,
    service: Server.Service
  ) {
    self.stream = stream
    self.security = security
    self.standing = standing
    self.service = service
  }

  /// Lets the request at hand finish, and nothing after it.
  func drain() {
    let isIdle = phase.withLock { phase in
      phase.isDraining = true
      return phase.isIdle
    }
    if isIdle { stream.close() }
  }

  func close() { stream.close() }

  func serve() async {
    let body = RequestBody(stream: stream, limits: service.limits, timeouts: service.timeouts)
    let request = Request(
      body: body, peer: stream.peer, security: security, standing: standing)
    var output: [UInt8] = []
    // What breaks a connection is the peer's business: there is nobody left to tell.
    try? await serveAll(request, &output)
    await stream.finishWriting()
    await linger(request)
    stream.close()
  }

  /// Reads on for a moment where the client may still be writing: closing at once would answer its
  /// bytes with a reset, which can overtake our answer (RFC 9112 9.6).
  private func linger(_ request: Request) async {
    guard mustLinger.load(ordering: .relaxed) else { return }
    stream.setDeadline(SystemClock.monotonicNanoseconds + service.timeouts.linger)
    var left = service.limits.drainedBodyBytes * 16
    while left > 0 {
      request.body.input.consume(request.body.input.count)
      guard let count = try? await stream.read(into: &request.body.input), count > 0 else { return }
      left -= count
    }
  }

  private func serveAll(_ request: Request, _ output: inout [UInt8]) async throws {
    var answeredNanoseconds: UInt64 = 0
    while let byteCount = try await nextHead(request, &output) {
      request.body.input.consume(byteCount)
      request.body.begin(request.head)
      // An answer waits for those behind it a moment at most, and never for a body to come.
      let isOverdue = request.arrivedNanoseconds &- answeredNanoseconds > Self.gatheredNanoseconds
      if isOverdue || !request.body.hasArrived { try await flush(&output) }
      let response = await service.handler(request)
      if output.isEmpty { answeredNanoseconds = SystemClock.monotonicNanoseconds }
      let keeps = try await send(response, to: request, &output)
      service.observe(request, response.status.code)
      // A client may wait for the answer before it sends the rest of a body that nobody wants.
      if !request.body.isAtEnd { try await flush(&output) }
      guard keeps, await request.body.drain(atMost: service.limits.drainedBodyBytes) else {
        let isWriting = !request.body.isAtEnd || !request.body.input.isEmpty
        mustLinger.store(isWriting, ordering: .relaxed)
        try await flush(&output)
        return
      }
    }
  }

  /// Waits for a head; nil at the end, or after a refusal, which is sent.
  private func nextHead(_ request: Request, _ output: inout [UInt8]) async throws -> Int? {
    var isFirstRead = true
    while true {
      if !request.body.input.isEmpty {
        switch parseHead(request) {
        case .complete(let byteCount):
          request.arrivedNanoseconds = SystemClock.monotonicNanoseconds
          phase.withLock { $0.isIdle = false }
          standing.requestBegins()
          return byteCount
        case .refused(let problem):
          observeRefusal(of: request, problem.status)
          compose(service.refusal(problem), to: request, keepsAlive: false, &output)
          mustLinger.store(true, ordering: .relaxed)
          try await flush(&output)
          return nil
        case .needMore: break
        }
      }
      // Pipelined requests are answered together: what is ready goes out before we wait.
      try await flush(&output)
      let isDraining = phase.withLock { phase in
        phase.isIdle = true
        return phase.isDraining
      }
      if isDraining { return nil }
      standing.requestEnds()
      if request.body.input.isEmpty {
        giveBackMemory(request, &output)
        stream.setDeadline(SystemClock.monotonicNanoseconds + service.timeouts.idle)
      } else if isFirstRead {
        isFirstRead = false
        stream.setDeadline(SystemClock.monotonicNanoseconds + service.timeouts.head)
      }
      let count: Int
      do {
        count = try await stream.read(into: &request.body.input)
      } catch {
        // A head that came too slowly is counted, but nobody is there to read an answer.
        if !request.body.input.isEmpty { observeRefusal(of: request, 408) }
        throw error
      }
      if count == 0 { return nil }
    }
  }

  private func parseHead(_ request: Request) -> HeadOutcome {
    let bytes = request.body.input.storage
    return request.head.parse(
      bytes.span.extracting(request.body.input.window), limits: service.limits)
  }

  /// What an idle connection keeps is small, whatever its last request and answer were.
  private func giveBackMemory(_ request: Request, _ output: inout [UInt8]) {
    request.head.releaseBytes(above: Self.keptWhenIdle)
    if output.capacity > Self.keptWhenIdle { output = [] }
  }

  private func observeRefusal(of request: Request, _ status: Int) {
    request.head = RequestHead()  // What was read of a head means nothing, and points nowhere.
    request.route = .refused
    request.arrivedNanoseconds = SystemClock.monotonicNanoseconds
    service.observe(request, status)
  }

  /// Writes the response; false if the connection ends with it.
  private func send(
    _ response: Response, to request: Request, _ output: inout [UInt8]
  ) async throws -> Bool {
    let keeps =
      !response.closes && !phase.withLock { $0.isDraining }
      && request.body.mayDrain(atMost: service.limits.drainedBodyBytes)
    let framing = compose(response, to: request, keepsAlive: keeps, &output)
    switch response.body {
    case .bytes:
      // Large answers are not gathered; small ones wait for those that are pipelined behind them.
      if output.count > Self.gathered { try await flush(&output) }
    case .stream(let write):
      try await flush(&output)
      let writer = ResponseWriter(
        stream: stream, isChunked: framing == .chunked,
        isDiscarded: request.head.method == .head || response.status.isBodiless,
        timeouts: service.timeouts)
      do {
        try await write(writer)
        try await writer.finish()
      } catch {
        // An orderly end would be the end of the body for a client that knows no chunks.
        stream.abort()
        throw error
      }
    }
    return keeps && request.head.keepsAlive && framing != .untilClose
  }

  @discardableResult
  private func compose(
    _ response: Response, to request: Request, keepsAlive: Bool, _ output: inout [UInt8]
  ) -> BodyFraming {
    let framing: BodyFraming =
      switch response.body {
      case .bytes(let bytes): bytes.isEmpty ? .none : .length(bytes.count)
      case .stream: .streamed(to: request.head.version)
      }
    let head = OutgoingResponse(
      response.status, response.fields, body: framing,
      connection: ConnectionLine(answering: request.head, weKeepAlive: keepsAlive))
    head.append(to: &output, date: service.date.current)
    if case .bytes(let bytes) = response.body, request.head.method != .head,
      !response.status.isBodiless
    {
      output += bytes
    }
    return framing
  }

  /// More than this is sent at once, and its buffer is not kept.
  private static let gathered = 64 * 1_024
  /// After this long answers are sent before the next request is looked at.
  private static let gatheredNanoseconds: UInt64 = 1_000_000
  /// What a buffer may hold on to between two requests.
  private static let keptWhenIdle = 2 * 1_024

  private func flush(_ output: inout [UInt8]) async throws {
    guard !output.isEmpty else { return }
    stream.setDeadline(SystemClock.monotonicNanoseconds + service.timeouts.response)
    try await stream.write(output)
    output.removeAll(keepingCapacity: output.capacity <= Self.gathered)
  }
}
