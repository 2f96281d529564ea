import Platform
import Testing

@testable import HTTP

@Suite("Draining a connection") struct DrainingTests {
  private static func service() -> Server.Service {
    Server.Service(
      handler: { _ in .text("answer") }, limits: .standard, timeouts: ServerTimeouts(),
      refusal: { .text($0.sentence, .badRequest) }, observe: { _, _ in }, date: DateField())
  }

  private static func connection(_ stream: ScriptedStream) -> ServerConnection {
    ServerConnection(
      stream, security: .none,
      standing: ConnectionStanding(ConnectionSlots(1), stream, isKnown: true), service: service())
  }

  @Test("9: an answer that is being sent is no idle connection", .timeLimit(.minutes(1)))
  func answerUnderWay() async throws {
    let stream = ScriptedStream(["GET / HTTP/1.1\r\nHost: h\r\n\r\n"], mayWrite: false)
    let connection = Self.connection(stream)
    let serving = Task { await connection.serve() }
    while !stream.isWaitingToWrite { await Task.yield() }
    connection.drain()
    #expect(!stream.isClosed)
    stream.letWrite()
    await serving.value
    #expect(stream.written.hasSuffix("answer"))
    #expect(stream.isClosed)
  }

  @Test("an idle connection is closed at once")
  func idle() async throws {
    let stream = ScriptedStream(["GET / HTTP/1.1\r\nHost: h\r\n\r\n"])
    let connection = Self.connection(stream)
    let serving = Task { await connection.serve() }
    while !stream.written.hasSuffix("answer") { await Task.yield() }
    await Task.yield()
    connection.drain()
    await serving.value
    #expect(stream.isClosed)
  }
}
