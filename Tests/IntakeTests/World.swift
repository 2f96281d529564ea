import Crypto
import Events
import HTTP
import Platform
import Synchronization
import Telemetry
import Tenancy

@testable import Intake

/// A sink that keeps what it is given, until it is told to refuse.
final class MemorySink: EventSink {
  let kept = Mutex<[(project: ProjectID, events: EventList)]>([])
  let early = Mutex<IntakeRefusal?>(nil)
  let late = Mutex<IntakeRefusal?>(nil)
  /// Events with one of these names are refused after they were read.
  let unwanted = Mutex<Set<String>>([])

  func refuse(early refusal: IntakeRefusal?, late other: IntakeRefusal?) {
    early.withLock { $0 = refusal }
    late.withLock { $0 = other }
  }

  var refusal: IntakeRefusal? { early.withLock { $0 } }

  func append(
    _ events: EventList, project: ProjectID
  ) async throws(IntakeRefusal) -> [RefusedEvent] {
    if let refusal = late.withLock({ $0 }) { throw refusal }
    let unwanted = unwanted.withLock { $0 }
    let rows = (0..<events.count).filter { row in
      let event = try? Event(record: Array(events.bytes[events.range(at: row)]).span)
      return event.map { unwanted.contains($0.name) } ?? false
    }
    var wanted = events
    wanted.remove(rows: Set(rows))
    kept.withLock { $0.append((project, wanted)) }
    return rows.map { RefusedEvent(row: $0, code: "erased", reason: "this person was erased") }
  }

  var events: [Event] {
    kept.withLock { kept in
      kept.flatMap { entry in
        (0..<entry.events.count).compactMap { index in
          try? Event(
            record: Array(entry.events.bytes[entry.events.range(at: index)]).span)
        }
      }
    }
  }
}

/// Keys and clients by their plain texts.
struct PlainBook: CredentialBook {
  var keys: [String: Grant] = [:]
  var clients: [String: (secret: String?, project: ProjectID, origins: [String])] = [:]
  var projects: [ProjectID] = []

  func grant(forKey presented: Span<UInt8>, at milliseconds: Int64) -> Grant? {
    keys[String(decoding: Array(presented), as: UTF8.self)]
  }

  func grant(forClient id: Span<UInt8>, secret: Span<UInt8>?, at milliseconds: Int64) -> Grant? {
    guard let client = clients[String(decoding: Array(id), as: UTF8.self)] else { return nil }
    if let secret, String(decoding: Array(secret), as: UTF8.self) != client.secret { return nil }
    return Grant(credential: "client", project: client.project, rights: .write)
  }

  func origins(ofClient id: Span<UInt8>) -> [String]? {
    clients[String(decoding: Array(id), as: UTF8.self)]?.origins
  }

  func speaks(for project: ProjectID) -> Bool { projects.contains(project) }
}

/// An intake face on loopback.
final class World: Sendable {
  static let acme = project("acme")
  static let other = project("other")

  let sink = MemorySink()
  let registry = MetricRegistry()
  private let client: HTTPClient
  private let server: Server
  private let address: Address

  static func project(_ text: String) -> ProjectID {
    guard let project = try? ProjectID(text) else { preconditionFailure(text) }
    return project
  }

  static var book: PlainBook {
    PlainBook(
      keys: [
        "write": Grant(credential: "w", project: acme, rights: .write),
        "read": Grant(credential: "r", project: acme, rights: .read),
        "admin": Grant(credential: "a", project: nil, rights: [.write, .read, .administer]),
      ],
      clients: [
        "page": (nil, acme, ["https://shop.test"]), "app": ("s3cret", acme, []),
      ],
      projects: [acme, other])
  }

  init(book: PlainBook? = World.book, anonymous: ProjectID? = nil) throws {
    let loop = try EventLoop(name: "intake")
    let clock = SystemClock(timers: loop)
    let face = IntakeFace(
      sink: sink, clock: clock, ids: EventIDSource(clock: clock, random: SystemRandom()),
      metrics: IntakeMetrics(registry), log: Log(LogOutput(service: "test", clock: clock)),
      book: { book })
    var options = IntakeFace.Options()
    options.anonymousProject = anonymous
    options.bodyBytes = 1 << 20
    options.eventsPerRequest = 100
    var router = Router { _ in .text("unknown", .notFound) }
    face.mount(on: &router, options)
    let finished = router
    server = Server(
      on: [loop], slots: ConnectionSlots(10, strangerPercent: 100),
      refusal: { _ in .text("refused", .badRequest) }, observe: { _, _ in },
      handler: { await finished.respond(to: $0) })
    address = try server.listen(on: .tcp(host: "127.0.0.1", port: 0))
    client = HTTPClient(
      net: SystemNet(loops: [loop], resolver: Worker(name: "resolver")), address: address,
      host: "localhost", tls: nil)
  }

  func send(
    _ path: String, _ body: String, _ fields: [String: String] = [:], method: Method = .post
  ) async throws -> ClientResponse {
    try await send(path, bytes: Array(body.utf8), fields, method: method)
  }

  func send(
    _ path: String, bytes: [UInt8], _ fields: [String: String] = [:], method: Method = .post
  ) async throws -> ClientResponse {
    var lines = FieldLines()
    for (name, value) in fields { try lines.append(name: name, value: value) }
    let request = try OutgoingRequest(
      method, target: path, host: "localhost", fields: lines,
      body: method == .post ? .length(bytes.count) : .none)
    return try await client.send(request, body: bytes, timeout: .seconds(300))
  }
}

extension ClientResponse {
  var text: String { String(decoding: body, as: UTF8.self) }
}
