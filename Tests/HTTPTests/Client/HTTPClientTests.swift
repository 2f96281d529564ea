import Platform
import Synchronization
import Testing

@testable import HTTP

private func ok(_ body: String) -> String {
  "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

@Suite("HTTP client") struct HTTPClientTests {
  private let request: OutgoingRequest

  init() throws { request = try OutgoingRequest(.get, target: "/", host: "localhost") }

  private func text(_ client: HTTPClient) async throws -> String {
    let answer = try await client.send(request, timeout: .seconds(300))
    return "\(answer.status) " + String(decoding: answer.body, as: UTF8.self)
  }

  @Test("10: what a server says unasked on a kept connection is no answer to the next request")
  func unasked() async throws {
    let server = try ScriptedServer([
      .init(
        text: ok("one"), afterwards: "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"),
      .init(text: ok("two")),
    ])
    let client = server.client()
    #expect(try await text(client) == "200 one")
    await server.loop.sleep(for: .milliseconds(100))
    #expect(try await text(client) == "200 two")
    #expect(server.connections.load(ordering: .relaxed) == 2)
  }

  @Test("11: a request whose answer has begun is not sent again")
  func answerHasBegun() async throws {
    let server = try ScriptedServer([
      .init(text: ok("one")),
      .init(text: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", closes: true),
      .init(text: ok("three")),
    ])
    let client = server.client()
    #expect(try await text(client) == "200 one")
    await #expect(throws: HTTPClientError.interrupted(.reset)) { try await text(client) }
    #expect(server.requests.load(ordering: .relaxed) == 2)
  }

  @Test("a kept connection that ends without a byte of answer is replaced by a new one")
  func keptConnectionEnds() async throws {
    let server = try ScriptedServer([
      .init(text: ok("one")), .init(text: "", closes: true), .init(text: ok("three")),
    ])
    let client = server.client()
    #expect(try await text(client) == "200 one")
    #expect(try await text(client) == "200 three")
    #expect(server.requests.load(ordering: .relaxed) == 3)
  }

  @Test("12: no more connections are kept than the client's limit")
  func keptConnections() async throws {
    let count = 3 * HTTPClient.maximumKeptConnections
    let server = try ScriptedServer(
      Array(repeating: .init(text: "", afterwards: ok("x")), count: count))
    let client = server.client()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<count { group.addTask { _ = try await text(client) } }
      try await group.waitForAll()
    }
    #expect(client.keptConnectionCount == HTTPClient.maximumKeptConnections)
    client.close()
    #expect(client.keptConnectionCount == 0)
  }

  @Test(
    "what is cut off is never taken for whole, wherever the cut is",
    arguments: [
      ok("a whole answer"),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ])
  func cut(answer: String) async throws {
    let bytes = Array(answer.utf8)
    let cuts = (0..<bytes.count).map { count in
      ScriptedServer.Answer(
        text: String(decoding: bytes[..<count], as: UTF8.self), closes: true)
    }
    let server = try ScriptedServer(cuts)
    for _ in cuts {
      await #expect(throws: HTTPClientError.interrupted(.reset)) {
        try await text(server.client())
      }
    }
  }

  @Test("an answer that contradicts itself is refused, and its connection not used again")
  func contradictions() async throws {
    let answers = [
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
      "<html>You have to log in first</html>\r\n\r\n",
    ]
    let server = try ScriptedServer(answers.map { .init(text: $0) })
    let client = server.client()
    for _ in answers {
      await #expect {
        _ = try await text(client)
      } throws: { error in
        if case .malformed = error as? HTTPClientError { true } else { false }
      }
    }
    #expect(server.connections.load(ordering: .relaxed) == answers.count)
  }
}
