import Crypto
import Glibc
import HTTP
import Platform
import Settings
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Service

@Suite("What programs are around their own") struct ServiceTests {
  let scratch = Scratch()
  var folder: Directory { Directory(scratch.path) }

  static func router(_ path: String, _ answer: Response) -> Router {
    var router = Router { _ in .text("unknown", .notFound) }
    router.add(.get, path) { _ in answer }
    return router
  }

  @Test("commands are answered over the control socket, and told when nobody is there")
  func controlSocket() async throws {
    let path = folder.file("control.sock")
    let socket = ControlSocket(path: path)
    await #expect { try await socket.ask(.get, "/status") } throws: { error in
      if case ControlSocket.Failure.notRunning = error { true } else { false }
    }
    let group = ServerGroup(
      [Self.router("/status", .text("fine"))], on: try ServerGroup.loops(1),
      slots: ConnectionSlots(10), registry: MetricRegistry())
    _ = try group[0].listen(on: .unix(path: path))
    #expect(try await socket.ask(.get, "/status") == "fine")
    await #expect { try await socket.ask(.get, "/other") } throws: { error in
      if case ControlSocket.Failure.refused(404, "unknown") = error { true } else { false }
    }
    await group.shutDown(within: .seconds(1))
    await #expect(throws: ControlSocket.Failure.self) { try await socket.ask(.get, "/status") }
  }

  @Test("servers of one group count their routes apart")
  func metrics() async throws {
    let registry = MetricRegistry()
    let group = ServerGroup(
      [Self.router("/first", .text("1")), Self.router("/second", .text("2"))],
      on: try ServerGroup.loops(1), slots: ConnectionSlots(10), registry: registry)
    for (number, path) in ["/first", "/second"].enumerated() {
      let socket = folder.file("\(number).sock")
      _ = try group[number].listen(on: .unix(path: socket))
      #expect(try await ControlSocket(path: socket).ask(.get, path) == "\(number + 1)")
    }
    await group.shutDown(within: .seconds(1))
    let text = String(decoding: registry.exposition().bytes, as: UTF8.self)
    for route in ["/first", "/second"] {
      #expect(
        text.contains("tributary_http_requests_total{route=\"\(route)\",status=\"200\"} 1\n"))
    }
  }

  @Test("a certificate that is replaced is taken, and a bad one leaves the old")
  func certificate() throws {
    let authority = try DevelopmentAuthority.make(atMilliseconds: SystemClock.wallMilliseconds)
    func write(_ names: [String]) throws {
      let made = try authority.serverCredential(
        names: names, atMilliseconds: SystemClock.wallMilliseconds)
      try folder.replace("chain", with: Array(made.certificate.utf8).span)
      try folder.replace("key", with: Array(made.privateKey.utf8).span)
    }
    let lines = folder.file("log")
    let descriptor = unsafe open(lines, O_CREAT | O_WRONLY, 0o600)
    defer { close(descriptor) }
    let output = LogOutput(
      service: "test", descriptor: descriptor,
      clock: SystemClock(timers: try EventLoop(name: "timers")))
    let log = Log(output)
    #expect(
      throws: ServerCertificate.Problem(description: "there is no file \(folder.file("chain"))")
    ) { try ServerCertificate(chain: folder.file("chain"), key: folder.file("key")) }
    try write(["localhost"])
    let certificate = try ServerCertificate(
      chain: folder.file("chain"), key: folder.file("key"))
    try write(["localhost", "127.0.0.1"])
    certificate.reload(log)
    try folder.replace("key", with: Array("nothing".utf8).span)
    certificate.reload(log)
    output.flush()
    let written = String(
      decoding: try #require(try folder.read("log", upTo: 1 << 16)), as: UTF8.self)
    #expect(written.contains("was read again"))
    #expect(written.contains("the old one stays"))
  }
}
