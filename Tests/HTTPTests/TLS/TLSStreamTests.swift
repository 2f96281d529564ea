import Platform
import Synchronization
import Testing

@testable import HTTP

private func inSeconds(_ seconds: UInt64) -> UInt64 {
  SystemClock.monotonicNanoseconds + seconds * 1_000_000_000
}

/// A transport that notes how much is written at once, and can be told to hold writes back.
private final class WatchedStream: ByteStream {
  private let inner: any ByteStream
  private let greatest = Atomic<Int>(0)
  private let gate = Mutex<(isShut: Bool, waiting: [Waiter])>((false, []))

  init(_ inner: any ByteStream) { self.inner = inner }

  var greatestWrite: Int { greatest.load(ordering: .relaxed) }
  var waitingWriters: Int { gate.withLock { $0.waiting.count } }
  func shutGate() { gate.withLock { $0.isShut = true } }
  func openGate() {
    let waiting = gate.withLock { gate in
      defer { gate = (false, []) }
      return gate.waiting
    }
    for waiter in waiting { waiter.wake() }
  }

  func read(into buffer: inout InputBuffer) async throws(StreamError) -> Int {
    try await inner.read(into: &buffer)
  }
  func write(_ bytes: [UInt8]) async throws(StreamError) {
    greatest.max(bytes.count, ordering: .relaxed)
    await Waiter.wait { waiter in
      gate.withLock { gate in
        if gate.isShut { gate.waiting.append(waiter) }
        return gate.isShut
      }
    }
    try await inner.write(bytes)
  }
  func finishWriting() async { await inner.finishWriting() }
  func close() { inner.close() }
  func setDeadline(_ nanoseconds: UInt64) { inner.setDeadline(nanoseconds) }
  var peer: PeerAddress { inner.peer }
}

/// A TLS listener on loopback whose connections are given to the test.
private struct TLSLoopback {
  let loop: EventLoop
  let net: SystemNet
  let listener: Listener
  let trust: TLSContext

  init(_ serve: @escaping @Sendable (TLSStream, Socket) async throws -> Void) throws {
    let world = try TLSWorld()
    let context = try TLSContext(server: world.credentials(try world.credential()))
    trust = try TLSContext(client: world.trust)
    let loop = try EventLoop(name: "tls")
    self.loop = loop
    net = SystemNet(loops: [loop], resolver: Worker(name: "resolver"))
    listener = try Listener(
      .tcp(host: "127.0.0.1", port: 0), on: [loop], maximumConnections: 100,
      accepted: { socket, loop in
        Task(executorPreference: loop) {
          defer { socket.close() }
          socket.setDeadline(inSeconds(60))
          guard let stream = try? await TLSStream.open(over: socket, context) else { return }
          try? await serve(stream, socket)
        }
      }, refused: {})
  }

  func connect() async throws -> (stream: TLSStream, transport: WatchedStream) {
    let transport = WatchedStream(
      try await net.connect(to: listener.address, deadline: inSeconds(60)))
    return (try await TLSStream.open(over: transport, trust, host: "localhost"), transport)
  }

  var client: HTTPClient {
    HTTPClient(net: net, address: listener.address, host: "localhost", tls: trust)
  }
}

@Suite("TLS streams") struct TLSStreamTests {
  /// Sends back what comes, in pieces of any size.
  private static let echo: @Sendable (TLSStream, Socket) async throws -> Void = { stream, _ in
    var buffer = InputBuffer()
    while try await stream.read(into: &buffer) > 0 {
      try await stream.write(buffer.take(buffer.count))
    }
    await stream.finishWriting()
  }

  @Test("6: what is written comes back, both ways at once, in records of bounded number")
  func bigTransfers() async throws {
    let loopback = try TLSLoopback(Self.echo)
    let (stream, transport) = try await loopback.connect()
    defer { stream.close() }
    for size in [1, 100, 16_384, 16_385, 1_500_000] {
      let sent = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      async let writing: Void = stream.write(sent)
      var received = InputBuffer()
      while received.count < size { try #require(try await stream.read(into: &received) > 0) }
      try await writing
      let same = received.take(size) == sent
      #expect(same)
    }
    // Not the whole at once: what OpenSSL has grown a buffer to, it keeps.
    #expect(transport.greatestWrite < 70_000)
    await stream.finishWriting()
    var rest = InputBuffer()
    #expect(try await stream.read(into: &rest) == 0)
  }

  @Test("7: an end without a farewell is no end", .timeLimit(.minutes(1)))
  func truncation() async throws {
    for hasFarewell in [true, false] {
      let loopback = try TLSLoopback { stream, socket in
        var buffer = InputBuffer()
        _ = try await stream.read(into: &buffer)
        try await stream.write(Array("HTTP/1.1 200 OK\r\n\r\npart".utf8))
        if hasFarewell { await stream.finishWriting() } else { await socket.finishWriting() }
        while try await stream.read(into: &buffer) > 0 {}
      }
      let request = try OutgoingRequest(.get, target: "/", host: "localhost")
      if hasFarewell {
        let answer = try await loopback.client.send(request, timeout: .seconds(60))
        #expect(answer.body == Array("part".utf8))
      } else {
        await #expect(throws: HTTPClientError.interrupted(.reset)) {
          try await loopback.client.send(request, timeout: .seconds(60))
        }
      }
    }
  }

  @Test("a body with a length is whole or an error, farewell or not", .timeLimit(.minutes(1)))
  func truncatedLength() async throws {
    for hasFarewell in [true, false] {
      let loopback = try TLSLoopback { stream, socket in
        var buffer = InputBuffer()
        _ = try await stream.read(into: &buffer)
        try await stream.write(Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\npart".utf8))
        if hasFarewell { await stream.finishWriting() } else { await socket.finishWriting() }
        while try await stream.read(into: &buffer) > 0 {}
      }
      let request = try OutgoingRequest(.get, target: "/", host: "localhost")
      await #expect(throws: HTTPClientError.interrupted(.reset)) {
        try await loopback.client.send(request, timeout: .seconds(60))
      }
    }
  }

  @Test("8: a write returns when its bytes are sent, also while another is sending")
  func writesWait() async throws {
    let loopback = try TLSLoopback(Self.echo)
    let (stream, transport) = try await loopback.connect()
    defer { stream.close() }
    transport.shutGate()
    let isSecondDone = Flag()
    let first = Task { try await stream.write([1]) }
    while transport.waitingWriters == 0 { await loopback.loop.sleep(for: .milliseconds(1)) }
    let second = Task {
      try await stream.write([2])
      isSecondDone.set()
    }
    await loopback.loop.sleep(for: .milliseconds(100))
    #expect(!isSecondDone.isSet)
    transport.openGate()
    try await first.value
    try await second.value
    var received = InputBuffer()
    while received.count < 2 { try #require(try await stream.read(into: &received) > 0) }
    #expect(received.take(2) == [1, 2])
  }

  @Test("bytes that came before a fatal error are had before it", .timeLimit(.minutes(1)))
  func errorAfterBytes() async throws {
    let loopback = try TLSLoopback { stream, socket in
      try await stream.write(Array("last words".utf8))
      try await socket.write([23, 3, 3, 0, 20] + [UInt8](repeating: 9, count: 20))
      var buffer = InputBuffer()
      while try await stream.read(into: &buffer) > 0 {}
    }
    let (stream, _) = try await loopback.connect()
    defer { stream.close() }
    // Both are here before the first is read.
    await loopback.loop.sleep(for: .milliseconds(50))
    var buffer = InputBuffer()
    #expect(try await stream.read(into: &buffer) == 10)
    #expect(buffer.take(10) == Array("last words".utf8))
    for _ in 0..<2 {
      await #expect(throws: StreamError.self) { _ = try await stream.read(into: &buffer) }
    }
  }

  @Test("a client that does not trust the server says so, and sends nothing of its request")
  func untrusted() async throws {
    let heard = Mutex<[UInt8]>([])
    let loopback = try TLSLoopback { stream, _ in
      var buffer = InputBuffer()
      defer { heard.withLock { $0 += buffer.take(buffer.count) } }
      while try await stream.read(into: &buffer) > 0 {}
    }
    let stranger = try TLSWorld()
    for trust in [stranger.trust, .pinnedAuthority(sha256: try stranger.pin)] {
      let client = HTTPClient(
        net: loopback.net, address: loopback.listener.address, host: "localhost",
        tls: try TLSContext(client: trust))
      let request = try OutgoingRequest(.get, target: "/secret", host: "localhost")
      await #expect {
        try await client.send(request, timeout: .seconds(60))
      } throws: { error in
        if case .insecure = error as? HTTPClientError { true } else { false }
      }
    }
    await loopback.loop.sleep(for: .milliseconds(50))
    #expect(heard.withLock { $0 } == [])
  }
}

@Suite("HTTP over TLS") struct HTTPOverTLSTests {
  @Test("requests of any size, kept connections, and 1.3 as the server sees it")
  func server() async throws {
    let tls = try TLSWorld()
    let context = try TLSContext(server: tls.credentials(try tls.credential()))
    let world = try World(tls: context) { router in
      router.add(.post, "/echo") { request in
        guard case .tls13 = request.security else { return .text("old", .badRequest) }
        return .json((try? await request.body.collect(atMost: 1 << 22)) ?? [])
      }
    }
    let client = world.client(tls: try TLSContext(client: tls.trust))
    for size in [1, 65_537, 3_000_000] {
      let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let request = try OutgoingRequest(
        .post, target: "/echo", host: "localhost", body: .length(size))
      let answer = try await client.send(
        request, body: body, timeout: .seconds(60), maximumAnswer: 1 << 22)
      #expect(answer.status == 200)
      let same = answer.body == body
      #expect(same)
    }
    #expect(world.server.connectionCount == 1)
    // Reloaded: the connection that exists goes on, a new one meets the new certificate.
    try context.replace(tls.credentials(try tls.credential(["elsewhere.test"])))
    let small = try OutgoingRequest(.post, target: "/echo", host: "localhost")
    #expect(try await client.send(small, timeout: .seconds(60)).status == 200)
    await #expect(throws: HTTPClientError.self) {
      try await world.client(tls: TLSContext(client: tls.trust)).send(small, timeout: .seconds(60))
    }
  }

  @Test("a handshake that does not come gives its slot back")
  func handshakeTimeout() async throws {
    let tls = try TLSWorld()
    var timeouts = ServerTimeouts()
    timeouts.handshake = 50_000_000
    let world = try World(
      timeouts: timeouts, tls: try TLSContext(server: tls.credentials(try tls.credential()))
    ) { _ in }
    #expect(try await world.say([]) == "")
    // The first five bytes of a hello, and then no more.
    #expect(try await world.say([22, 3, 1, 2, 0]) == "")
    #expect(world.server.failedHandshakes.load(ordering: .relaxed) == 2)
    let plain = try await world.say(Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
    #expect(!plain.contains("HTTP"))
  }
}
