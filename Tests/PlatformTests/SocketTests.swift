import Synchronization
import Testing

@testable import Platform

/// Two loops, a listener that echoes, and a client's side of the network.
private struct EchoWorld {
  let loops: [EventLoop]
  let net: SystemNet
  let listener: Listener
  let refusals = Refusals()

  final class Refusals: Sendable {
    let count = Atomic<Int>(0)
  }

  init(_ address: Address = .tcp(host: "127.0.0.1", port: 0), maximumConnections: Int = 100) throws
  {
    let loops = [try EventLoop(name: "echo-0"), try EventLoop(name: "echo-1")]
    self.loops = loops
    net = SystemNet(loops: loops, resolver: Worker(name: "resolver"))
    let refusals = self.refusals
    listener = try Listener(
      address, on: loops, maximumConnections: maximumConnections,
      accepted: { socket, loop in
        Task(executorPreference: loop) {
          var buffer = InputBuffer()
          while let count = try? await socket.read(into: &buffer), count > 0 {
            let bytes = buffer.take(buffer.count)
            guard (try? await socket.write(bytes)) != nil else { break }
          }
          socket.close()
        }
      }, refused: { refusals.count.add(1, ordering: .relaxed) })
  }

  func connect() async throws -> any ByteStream {
    try await net.connect(to: listener.address, deadline: inSeconds(600))
  }
}

private func inSeconds(_ seconds: Double) -> UInt64 {
  SystemClock.monotonicNanoseconds + UInt64(seconds * 1e9)
}

private func temporaryPath(_ name: String) -> String {
  "/tmp/tributary-\(name)-\(SystemRandom().next())"
}

@Suite("Sockets") struct SocketTests {
  @Test(
    "what is written comes back, in pieces of any size",
    arguments: [Address.tcp(host: "127.0.0.1", port: 0), .unix(path: temporaryPath("echo"))])
  func echo(address: Address) async throws {
    let world = try EchoWorld(address)
    defer { world.listener.close() }
    let stream = try await world.connect()
    defer { stream.close() }
    let sizes = [1, 100, 16_384, 16_385, 3_000_000]
    for size in sizes {
      let sent = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      // More than the socket buffers hold: reading and writing have to go on together.
      async let writing: Void = stream.write(sent)
      var received = InputBuffer()
      while received.count < size {
        let count = try await stream.read(into: &received)
        try #require(count > 0)
      }
      try await writing
      let same = received.take(size) == sent
      #expect(same)
    }
  }

  @Test("half a connection can end: the rest still arrives, then the end")
  func halfClose() async throws {
    let world = try EchoWorld()
    defer { world.listener.close() }
    for _ in 0..<50 {
      let stream = try await world.connect()
      try await stream.write([1, 2, 3])
      await stream.finishWriting()
      var received = InputBuffer()
      while try await stream.read(into: &received) > 0 {}
      let all = received.take(received.count)
      #expect(all == [1, 2, 3])
      stream.close()
    }
  }

  @Test("a deadline ends a read that waits, and every call after it")
  func deadline() async throws {
    let world = try EchoWorld()
    defer { world.listener.close() }
    let stream = try await world.connect()
    stream.setDeadline(inSeconds(0.01))
    var buffer = InputBuffer()
    await #expect(throws: StreamError.timedOut) { _ = try await stream.read(into: &buffer) }
    await #expect(throws: StreamError.timedOut) { try await stream.write([1]) }
    stream.close()
  }

  @Test("closing wakes the task that reads")
  func closeWakesReader() async throws {
    let world = try EchoWorld()
    defer { world.listener.close() }
    let stream = try await world.connect()
    let reader = Task {
      var buffer = InputBuffer()
      return await #expect(throws: StreamError.closed) {
        _ = try await stream.read(into: &buffer)
      }
    }
    await world.loops[0].sleep(for: .milliseconds(5))
    stream.close()
    _ = await reader.value
  }

  @Test("beyond the limit a connection is closed at once and counted; slots come back")
  func connectionLimit() async throws {
    // Client and server sockets live on the same loops, and the listener is one more.
    let world = try EchoWorld(maximumConnections: 6)
    defer { world.listener.close() }
    let first = try await world.connect()
    try await first.write([1])
    var buffer = InputBuffer()
    #expect(try await first.read(into: &buffer) == 1)
    var others: [any ByteStream] = []
    for _ in 0..<4 { others.append(try await world.connect()) }
    while world.refusals.count.load(ordering: .relaxed) == 0 {
      await world.loops[0].sleep(for: .milliseconds(1))
    }
    for stream in others { stream.close() }
    try await first.write([2])
    #expect(try await first.read(into: &buffer) == 1)
    first.close()
  }

  @Test("a refused connect says so")
  func refusedConnect() async throws {
    let world = try EchoWorld()
    let address = world.listener.address
    world.listener.close()
    await #expect(throws: StreamError.self) {
      _ = try await world.net.connect(to: address, deadline: inSeconds(600))
    }
  }
}

@Suite("Addresses") struct AddressTests {
  @Test(
    "written forms",
    arguments: [
      ("127.0.0.1:80", Address.tcp(host: "127.0.0.1", port: 80)),
      ("[::1]:65535", .tcp(host: "::1", port: 65_535)),
      ("unix:/run/x.sock", .unix(path: "/run/x.sock")),
      ("example.org:0", .tcp(host: "example.org", port: 0)),
    ])
  func writtenForms(text: String, address: Address) {
    #expect(Address(text) == address)
    #expect(address.description == text)
  }

  @Test(
    "what is no address is refused",
    arguments: ["", "host", ":80", "host:", "host:65536", "host:-1", "::1:80", "unix:"])
  func refused(text: String) {
    #expect(Address(text) == nil)
  }
}

@Suite("Input buffer") struct InputBufferTests {
  @Test("behaves like an array that is appended to and cut off in front", arguments: UInt64(0)..<64)
  func agreesWithModel(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    var buffer = InputBuffer()
    var model: [UInt8] = []
    for _ in 0..<200 {
      let more = (0..<Int.random(in: 0...50, using: &random)).map { _ in
        UInt8.random(in: .min ... .max, using: &random)
      }
      buffer.append(more)
      model += more
      let count = Int.random(in: 0...model.count, using: &random)
      if Bool.random(using: &random) {
        let taken = buffer.take(count)
        #expect(taken == Array(model.prefix(count)))
      } else {
        buffer.consume(count)
      }
      model.removeFirst(count)
      #expect(Array(buffer.storage[buffer.window]) == model)
      buffer.releaseIfEmpty()
    }
  }
}

@Suite("Deadlines") struct DeadlineTests {
  @Test("a new deadline gives a socket another chance, also after one that passed")
  func newDeadline() async throws {
    let world = try EchoWorld()
    defer { world.listener.close() }
    let stream = try await world.connect()
    defer { stream.close() }
    stream.setDeadline(inSeconds(0.01))
    var buffer = InputBuffer()
    await #expect(throws: StreamError.timedOut) { _ = try await stream.read(into: &buffer) }
    stream.setDeadline(inSeconds(60))
    try await stream.write([1])
    #expect(try await stream.read(into: &buffer) == 1)
  }

  @Test("a deadline that was moved while the loop swept is not held against the socket")
  func movedDeadline() async throws {
    let world = try EchoWorld()
    defer { world.listener.close() }
    let stream = try await world.connect()
    defer { stream.close() }
    let socket = try #require(stream as? Socket)
    socket.setDeadline(inSeconds(60))
    socket.expire(at: SystemClock.monotonicNanoseconds)
    try await stream.write([1])
    var buffer = InputBuffer()
    #expect(try await stream.read(into: &buffer) == 1)
  }
}

@Suite("Ends of connections") struct EndingTests {
  @Test("a stream is quiet until something comes, or the end")
  func quiet() async throws {
    let world = try EchoWorld()
    defer { world.listener.close() }
    let stream = try await world.connect()
    #expect(stream.isQuiet)
    try await stream.write([1, 2])
    while stream.isQuiet { await world.loops[0].sleep(for: .milliseconds(1)) }
    var buffer = InputBuffer()
    #expect(try await stream.read(into: &buffer) == 2)
    #expect(stream.isQuiet)
    await stream.finishWriting()
    while stream.isQuiet { await world.loops[0].sleep(for: .milliseconds(1)) }
    stream.close()
    #expect(!stream.isQuiet)
  }

  @Test("an aborted connection is no orderly end for the peer")
  func abort() async throws {
    let loop = try EventLoop(name: "test")
    let net = SystemNet(loops: [loop], resolver: Worker(name: "resolver"))
    let listener = try Listener(
      .tcp(host: "127.0.0.1", port: 0), on: [loop], maximumConnections: 10,
      accepted: { socket, loop in
        Task(executorPreference: loop) {
          var buffer = InputBuffer()
          _ = try? await socket.read(into: &buffer)
          try? await socket.write([1])
          socket.abort()
        }
      }, refused: {})
    defer { listener.close() }
    let stream = try await net.connect(to: listener.address, deadline: inSeconds(60))
    defer { stream.close() }
    try await stream.write([1])
    await #expect(throws: StreamError.reset) {
      var buffer = InputBuffer()
      while try await stream.read(into: &buffer) > 0 {}
    }
  }
}

@Suite("Memory of connections") struct ConnectionMemoryTests {
  @Test("those that wait for bytes keep no room for them")
  func waiting() async throws {
    let world = try EchoWorld()
    defer { world.listener.close() }
    var streams: [any ByteStream] = []
    for _ in 0..<20 {
      let stream = try await world.connect()
      try await stream.write([1])
      var buffer = InputBuffer()
      #expect(try await stream.read(into: &buffer) == 1)
      streams.append(stream)
    }
    // All twenty have read, one after the other, with the same room.
    for loop in world.loops {
      let count = await Task(executorPreference: loop) { loop.spareRoomCount }.value
      #expect(count == 1)
    }
    for stream in streams { stream.close() }
  }
}
