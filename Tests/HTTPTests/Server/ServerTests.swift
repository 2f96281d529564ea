import Platform
import Synchronization
import Testing

@testable import HTTP

private func get(_ target: String) throws -> OutgoingRequest {
  try OutgoingRequest(.get, target: target, host: "localhost")
}

@Suite("HTTP server and client") struct ServerTests {
  private static func echo(_ router: inout Router) {
    router.add(.post, "/echo") { request in
      do { return .json(try await request.body.collect(atMost: 1 << 20)) } catch {
        return .text("\(error)", .contentTooLarge)
      }
    }
    router.add(.get, "/small") { _ in .text("small") }
    router.add(.get, "/user/{id}/{part}") { request in
      .text(request.parameters.joined(separator: "|"))
    }
    router.add(.get, "/user/me/known") { _ in .text("literal") }
    router.add(.get, "/stream") { _ in
      Response(
        .ok,
        body: .stream { writer in
          for piece in 0..<100 { try await writer.write(Array("\(piece),".utf8)) }
        })
    }
    router.add(.get, "/broken") { _ in
      Response(
        .ok,
        body: .stream { writer in
          try await writer.write(Array("half".utf8))
          throw StreamError.closed
        })
    }
    router.add(.post, "/ignore") { _ in .text("did not look") }
  }

  @Test("a body of any size comes back, with its length or in chunks")
  func echoes() async throws {
    let world = try World(Self.echo)
    let client = world.client()
    for size in [0, 1, 5_000, 65_536, 65_537, 1 << 20] {
      let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let request = try OutgoingRequest(
        .post, target: "/echo", host: "localhost", body: size == 0 ? .none : .length(size))
      let answer = try await client.send(request, body: body, timeout: .seconds(300))
      #expect(answer.status == 200)
      let same = answer.body == body
      #expect(same)

      var chunked: [UInt8] = []
      for start in stride(from: 0, to: size, by: 70_000) {
        let piece = body[start..<min(size, start + 70_000)]
        ChunkedEncoder.appendHead(of: piece.count, to: &chunked)
        chunked += piece
        ChunkedEncoder.appendTail(to: &chunked)
      }
      ChunkedEncoder.appendEnd(to: &chunked)
      let again = try OutgoingRequest(
        .post, target: "/echo", host: "localhost", body: .chunked)
      let chunkedAnswer = try await client.send(again, body: chunked, timeout: .seconds(300))
      let sameAgain = chunkedAnswer.body == body
      #expect(sameAgain)
    }
    #expect(world.server.connectionCount == 1)
  }

  @Test("a body over the limit is refused, and the connection goes on or closes, never confused")
  func tooLarge() async throws {
    let world = try World(Self.echo)
    let client = world.client()
    let body = [UInt8](repeating: 7, count: (1 << 20) + 1)
    let request = try OutgoingRequest(
      .post, target: "/echo", host: "localhost", body: .length(body.count))
    let answer = try await client.send(request, body: body, timeout: .seconds(300))
    #expect(answer.status == 413)
    let next = try await client.send(try get("/small"), timeout: .seconds(300))
    #expect(next.body == Array("small".utf8))
  }

  @Test("routes: literals win, parameters are decoded, wrong methods name the right ones")
  func routes() async throws {
    let world = try World(Self.echo)
    let client = world.client()
    func body(_ target: String) async throws -> String {
      let answer = try await client.send(try get(target), timeout: .seconds(300))
      return "\(answer.status) " + String(decoding: answer.body, as: UTF8.self)
    }
    #expect(try await body("/user/a%20b/c?x=1") == "200 a b|c")
    #expect(try await body("/user/me/known") == "200 literal")
    #expect(try await body("/user/me") == "404 unknown")
    #expect(try await body("/user//x") == "404 unknown")
    #expect(try await body("/user/%zz/x") == "404 unknown")
    #expect(try await body("/small/") == "404 unknown")
    let wrong = try await client.send(
      try OutgoingRequest(.delete, target: "/small", host: "h"), timeout: .seconds(300))
    #expect(wrong.status == 405)
    #expect(wrong.value(of: "allow") == "GET")
  }

  @Test("HEAD says what GET would, without the body")
  func head() async throws {
    let world = try World(Self.echo)
    let text = try await world.say(
      Array("HEAD /small HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".utf8))
    #expect(text.contains("Content-Length: 5\r\n"))
    #expect(text.hasSuffix("\r\n\r\n"))
  }

  @Test("pipelined requests are answered in their order, wherever the bytes are cut")
  func pipelining() async throws {
    let world = try World(Self.echo)
    let requests = Array(
      """
      POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\noneGET /small HTTP/1.1\r\n\
      Host: h\r\n\r\nPOST /ignore HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\
      3\r\nabc\r\n0\r\n\r\nGET /user/1/2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n
      """.utf8)
    for cut in stride(from: 1, to: requests.count, by: 7) {
      let stream = try await world.net.connect(
        to: world.address, deadline: SystemClock.monotonicNanoseconds + 300_000_000_000)
      try await stream.write(Array(requests[..<cut]))
      await world.loops[0].sleep(for: .milliseconds(1))
      try await stream.write(Array(requests[cut...]))
      var input = InputBuffer()
      while try await stream.read(into: &input) > 0 {}
      let text = String(decoding: input.storage[input.window], as: UTF8.self)
      let bodies = text.components(between: "\r\n\r\n", and: "HTTP/1.1 ")
      #expect(bodies == ["one", "small", "did not look", "1|2"])
      stream.close()
    }
  }

  @Test("a streamed answer arrives whole; one that breaks is never taken for whole")
  func streaming() async throws {
    let world = try World(Self.echo)
    let client = world.client()
    let answer = try await client.send(try get("/stream"), timeout: .seconds(300))
    #expect(String(decoding: answer.body, as: UTF8.self).hasSuffix("98,99,"))
    await #expect(throws: HTTPClientError.self) {
      _ = try await client.send(try get("/broken"), timeout: .seconds(300))
    }
  }

  @Test("what cannot be parsed is refused with its reason, and the connection closed")
  func refusal() async throws {
    let world = try World(Self.echo)
    let text = try await world.say(
      Array("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx".utf8))
    #expect(text.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
    #expect(text.contains("Connection: close\r\n"))
    #expect(text.hasSuffix("Content-Length is given twice."))
    #expect(world.statuses.all.withLock { $0 } == [400])
  }

  @Test("slow heads, slow bodies and idle connections give their slots back")
  func slowClients() async throws {
    var timeouts = ServerTimeouts()
    timeouts.head = 50_000_000
    timeouts.idle = 50_000_000
    timeouts.bodyGrace = 50_000_000
    let world = try World(timeouts: timeouts, Self.echo)
    let start = SystemClock.monotonicNanoseconds
    async let idle = world.say([])
    async let head = world.say(Array("GET /small HT".utf8))
    async let body = world.say(
      Array("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc".utf8))
    #expect(try await idle == "")
    #expect(try await head == "")
    _ = try await body
    #expect(SystemClock.monotonicNanoseconds - start < 30_000_000_000)
    while world.server.connectionCount > 0 { await world.loops[0].sleep(for: .milliseconds(5)) }
  }

  @Test("shutting down lets the request at hand finish, and closes what is idle at once")
  func shutDown() async throws {
    let hasBegun = Flag()
    let world = try World { router in
      Self.echo(&router)
      router.add(.get, "/slow") { _ in
        hasBegun.set()
        try? await Task.sleep(nanoseconds: 1_000_000_000)
        return .text("slow")
      }
    }
    async let slow = world.say(
      Array("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
    async let idle = world.say(Array("GET /small HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
    while !hasBegun.isSet || world.statuses.all.withLock({ $0.isEmpty }) {
      await world.loops[0].sleep(for: .milliseconds(5))
    }
    await world.loops[0].sleep(for: .milliseconds(30))
    await world.server.shutDown(within: .seconds(300))
    let text = try await slow
    #expect(text.hasSuffix("slow"))
    #expect(text.contains("Connection: close"))
    #expect(try await idle.hasSuffix("small"))
    #expect(world.server.connectionCount == 0)
    await #expect(throws: StreamError.self) {
      _ = try await world.net.connect(
        to: world.address, deadline: SystemClock.monotonicNanoseconds + 300_000_000_000)
    }
  }

  @Test("a handler that hangs is cut off at the deadline of the shutdown")
  func shutDownDeadline() async throws {
    let hasBegun = Flag()
    let world = try World { router in
      router.add(.post, "/wait") { request in
        hasBegun.set()
        _ = try? await request.body.collect(atMost: 100)
        return .text("never")
      }
    }
    async let hanging = world.say(
      Array("POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n".utf8))
    while !hasBegun.isSet { await world.loops[0].sleep(for: .milliseconds(5)) }
    await world.server.shutDown(within: .milliseconds(50))
    _ = try await hanging
    #expect(world.server.connectionCount == 0)
  }

  @Test("a client's kept connection that the server closed is replaced, unseen")
  func keptConnectionClosed() async throws {
    var timeouts = ServerTimeouts()
    timeouts.idle = 20_000_000
    let world = try World(timeouts: timeouts, Self.echo)
    let client = world.client()
    for _ in 0..<3 {
      let answer = try await client.send(try get("/small"), timeout: .seconds(300))
      #expect(answer.status == 200)
      while world.server.connectionCount > 0 { await world.loops[0].sleep(for: .milliseconds(5)) }
    }
  }
}
