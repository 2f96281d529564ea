import Platform
import Synchronization
import Testing

@testable import HTTP

/// What a server does on a connection whose client lies, stalls or leaves: findings of
/// `Docs/reviews/http-parser.md`, by their numbers.
@Suite("Hostile and slow connections") struct HostileConnectionTests {
  private static func routes(_ router: inout Router) {
    router.add(.get, "/small") { _ in .text("small") }
    // A handler that answers whatever happened to the body, and means to keep the connection.
    router.add(.post, "/careless") { request in
      do throws(BodyError) { return .json(try await request.body.collect(atMost: 1 << 20)) } catch {
        return .text("careless")
      }
    }
    router.add(.post, "/careful") { request in
      do throws(BodyError) { return .json(try await request.body.collect(atMost: 1 << 20)) } catch {
        return .problem(error)
      }
    }
    router.add(.post, "/count") { request in
      var count = 0
      do throws(BodyError) {
        while let piece = try await request.body.next() { count += piece.count }
      } catch {
        return .problem(error)
      }
      return .text("\(count)")
    }
    router.add(.get, "/empty-stream") { _ in
      Response(.noContent, body: .stream { try await $0.write(Array("smuggled".utf8)) })
    }
    router.add(.get, "/broken") { _ in
      Response(
        .ok,
        body: .stream { writer in
          try await writer.write(Array("half".utf8))
          throw StreamError.closed
        })
    }
  }

  @Test(
    "1: a body that cannot be read ends its connection: what follows is never a request",
    arguments: ["/careless", "/careful"], ["zz", "4000000", "FFFFFFFFFFFFFFFF", "3;\u{1}"])
  func malformedChunk(path: String, size: String) async throws {
    let world = try World(Self.routes)
    let text = try await world.say(
      Array(
        """
        POST \(path) HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\n\
        GET /small HTTP/1.1\r\nHost: h\r\n\r\n
        """.utf8))
    #expect(text.components(between: "HTTP/1.1 ", and: "\r\n").count == 1)
    #expect(!text.hasSuffix("small"))
  }

  @Test("2: an announced length is held against the limit as chunks are")
  func announcedLength() async throws {
    var limits = HTTPLimits()
    limits.bodyBytes = 1_000
    let world = try World(limits: limits, Self.routes)
    for (length, status) in [(1_000, "200"), (1_001, "413"), (Int.max, "413")] {
      let head = "POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\r\n"
      let body = [UInt8](repeating: 0x61, count: min(length, 1_001))
      let text = try await world.say(Array(head.utf8) + body, until: "\r\n\r\n")
      #expect(text.hasPrefix("HTTP/1.1 \(status)"))
      // It says beforehand that the connection will not live on.
      #expect(text.contains("Connection: close") == (status == "413"))
    }
  }

  @Test("3: a handler may take longer than its client was allowed to")
  func slowHandler() async throws {
    var timeouts = ServerTimeouts()
    timeouts.head = 50_000_000
    timeouts.idle = 50_000_000
    timeouts.bodyGrace = 50_000_000
    let world = try World(timeouts: timeouts) { router in
      router.add(.post, "/slow") { request in
        _ = try? await request.body.collect(atMost: 100)
        try? await Task.sleep(nanoseconds: 700_000_000)
        return .text("slow")
      }
    }
    let text = try await world.say(
      Array("POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc".utf8))
    #expect(text.hasSuffix("slow"))
  }

  @Test("3: a body that comes too slowly is told so")
  func slowBody() async throws {
    var timeouts = ServerTimeouts()
    timeouts.bodyGrace = 50_000_000
    let world = try World(timeouts: timeouts, Self.routes)
    let text = try await world.say(
      Array("POST /careful HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc".utf8))
    #expect(text.hasPrefix("HTTP/1.1 408 "))
  }

  @Test("4: an answer is not held back while the next request's body is awaited, nor overtaken")
  func pipelinedBeforeBody() async throws {
    // So long that no machine at work takes it for the answer's own time.
    var timeouts = ServerTimeouts()
    timeouts.bodyGrace = 120_000_000_000
    let world = try World(timeouts: timeouts, Self.routes)
    let first = "GET /small HTTP/1.1\r\nHost: h\r\n\r\n"
    let second = "POST /careful HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
    let start = SystemClock.monotonicNanoseconds
    let text = try await world.say(Array((first + second + "\r\n").utf8), until: "small")
    #expect(text.hasSuffix("small"))
    // Held back, it would have come when the body's grace was over.
    #expect(SystemClock.monotonicNanoseconds - start < timeouts.bodyGrace)
    let expecting = try await world.say(
      Array((first + second + "Expect: 100-continue\r\n\r\n").utf8), until: "100 Continue\r\n\r\n")
    #expect(expecting.hasPrefix("HTTP/1.1 200 OK\r\n"))
  }

  @Test("5: a head that is refused leaves nothing of itself or of the one before")
  func refusedHead() async throws {
    let world = try World(Self.routes)
    let long = String(repeating: "x", count: 3_000)
    let text = try await world.say(
      Array(
        """
        HEAD /small HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n\
        HEAD /\(long) HTTP/1.1\r\nHost: h\r\n bad: fold\r\n\r\n
        """.utf8))
    #expect(text.hasSuffix(HTTPProblem.foldedLine.sentence))
    #expect(world.statuses.all.withLock { $0 } == [200, 400])
    #expect(world.statuses.targets.withLock { $0 } == ["/small", ""])
  }

  @Test("6: an answer that may have no body has none, however its handler made it")
  func bodilessStream() async throws {
    let world = try World(Self.routes)
    let text = try await world.say(
      Array("GET /empty-stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".utf8))
    #expect(text.hasPrefix("HTTP/1.1 204 "))
    #expect(text.components(between: "\r\n\r\n", and: "\u{0}") == [""])
  }

  @Test("7: a streamed answer that breaks is no whole one for HTTP/1.0 either")
  func brokenStreamInHTTP10() async throws {
    let world = try World(Self.routes)
    let stream = try await world.net.connect(
      to: world.address, deadline: SystemClock.monotonicNanoseconds + 60_000_000_000)
    defer { stream.close() }
    try await stream.write(Array("GET /broken HTTP/1.0\r\n\r\n".utf8))
    await #expect(throws: StreamError.reset) {
      var input = InputBuffer()
      while try await stream.read(into: &input) > 0 {}
    }
  }

  @Test("8: a shutdown ends at its deadline even if a handler never does", .timeLimit(.minutes(1)))
  func stuckHandler() async throws {
    let hasBegun = Flag()
    let world = try World { router in
      router.add(.get, "/stuck") { _ in
        hasBegun.set()
        try? await Task.sleep(nanoseconds: 3_600_000_000_000)
        return .text("never")
      }
    }
    async let stuck = world.say(Array("GET /stuck HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
    while !hasBegun.isSet { await world.loops[0].sleep(for: .milliseconds(5)) }
    let start = SystemClock.monotonicNanoseconds
    await world.server.shutDown(within: .milliseconds(50))
    #expect(SystemClock.monotonicNanoseconds - start < 50_000_000_000)
    #expect(try await stuck == "")
  }
}
