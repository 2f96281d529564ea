import Platform
import Synchronization

@testable import HTTP

/// A server on loopback and what its tests say to it.
final class World: Sendable {
  let loops: [EventLoop]
  let net: SystemNet
  let server: Server
  let address: Address

  init(
    timeouts: ServerTimeouts = ServerTimeouts(), tls: TLSContext? = nil,
    address: Address = .tcp(host: "127.0.0.1", port: 0),
    limits: HTTPLimits = .standard,
    slots: ConnectionSlots = ConnectionSlots(200, strangerPercent: 100),
    _ routes: (inout Router) -> Void
  ) throws {
    loops = [try EventLoop(name: "server-0"), try EventLoop(name: "server-1")]
    net = SystemNet(loops: loops, resolver: Worker(name: "resolver"))
    var router = Router { refusal in
      switch refusal {
      case .unknownPath: .text("unknown", .notFound)
      case .wrongMethod: .text("wrong method", .methodNotAllowed)
      }
    }
    routes(&router)
    let finished = router
    let statuses = Statuses()
    self.statuses = statuses
    server = Server(
      on: loops, limits: limits, timeouts: timeouts, slots: slots,
      refusal: { problem in .text(problem.sentence, HTTPStatus(problem.status) ?? .badRequest) },
      observe: { request, status in
        statuses.all.withLock { $0.append(status) }
        statuses.targets.withLock { $0.append(request.head.targetText) }
      },
      handler: { await finished.respond(to: $0) })
    self.address = try server.listen(on: address, tls: tls)
  }

  final class Statuses: Sendable {
    let all = Mutex<[Int]>([])
    let targets = Mutex<[String]>([])
  }
  let statuses: Statuses

  func client(tls: TLSContext? = nil, host: String = "localhost") -> HTTPClient {
    HTTPClient(net: net, address: address, host: host, tls: tls)
  }

  /// Everything that the server answers to these bytes until it closes or `until` is seen.
  func say(_ bytes: [UInt8], until: String? = nil) async throws -> String {
    let stream = try await net.connect(
      to: address, deadline: SystemClock.monotonicNanoseconds + 60_000_000_000)
    stream.setDeadline(SystemClock.monotonicNanoseconds + 60_000_000_000)
    defer { stream.close() }
    try await stream.write(bytes)
    var input = InputBuffer()
    while true {
      let count = (try? await stream.read(into: &input)) ?? 0
      let text = String(decoding: input.storage[input.window], as: UTF8.self)
      if count == 0 { return text }
      if let until, text.contains(until) { return text }
    }
  }
}

/// Something that happens once, for tests to wait for.
final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}

extension String {
  /// What stands between each `start` and the next `end`, or the end of the text.
  func components(between start: String, and end: String) -> [String] {
    var found: [String] = []
    var rest = self[...]
    while let opening = rest.range(ofText: start) {
      rest = rest[opening.upperBound...]
      let closing = rest.range(ofText: end)
      found.append(String(rest[..<(closing?.lowerBound ?? rest.endIndex)]))
      rest = closing.map { rest[$0.lowerBound...] } ?? ""
    }
    return found
  }
}

extension Substring {
  /// Bytes, not characters: CR LF is one character.
  func range(ofText text: String) -> Range<Index>? {
    let needle = Array(text.utf8)
    var start = utf8.startIndex
    while start != utf8.endIndex {
      if utf8[start...].starts(with: needle) {
        return start..<utf8.index(start, offsetBy: needle.count)
      }
      start = utf8.index(after: start)
    }
    return nil
  }
}
