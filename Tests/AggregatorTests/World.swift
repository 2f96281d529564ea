import Batches
import Compression
import Crypto
import Events
import JSON
import Platform
import Store
import Telemetry
import Tenancy
import TestSupport
import Testing

@testable import Aggregator
@testable import HTTP

/// An aggregator's routes for collectors over a store of its own, and a collector that has joined.
/// Requests come without a socket, so that a test says what protects them.
final class World: Sendable {
  let scratch = Scratch()
  let clock = ManualClock()
  let store: Store
  let tenants: Tenants
  let aggregatorKey: SigningKey
  let key: SigningKey
  let collector: CollectorID
  let router: Router
  let slots = ConnectionSlots(100)

  init(limits: BatchLimits = .standard) async throws {
    let random = SystemRandom()
    store = try await Fixture.store(in: scratch, clock: clock)
    tenants = try Tenants.open(DataFolder(scratch.path), clock: clock, random: random)
    aggregatorKey = try Fixture.key()
    key = try Fixture.key()
    for project in ["acme", "other"] as [ProjectID] {
      _ = try await tenants.addProject(id: project, name: project.text)
    }
    let token = try await tenants.addEnrolmentToken(projects: ["acme"], pins: [])
    let enrolment = try await tenants.enrol(
      token: token.digest, key: key.verifyingKey, name: "collector")
    guard case .enrolled(let identity, _) = enrolment else {
      preconditionFailure("\(enrolment)")
    }
    collector = identity.id
    let log = Log(LogOutput(service: "test", level: .error, clock: clock))
    let clocks = CollectorClocks()
    var router = Router { .problem($0) }
    PairRoutes(
      store: store, tenants: tenants, key: aggregatorKey, limits: limits, clock: clock,
      random: random, log: log, clocks: clocks
    ).mount(on: &router)
    BatchRoute(
      store: store, board: tenants.board, limits: limits, clock: clock, clocks: clocks,
      decoders: BatchDecoders(count: 1), metrics: IntakeMetrics(MetricRegistry()), log: log
    ).mount(on: &router)
    ImportRoute(
      store: store, board: tenants.board, limits: limits, clock: clock,
      decoders: BatchDecoders(count: 1),
      sealer: ImportSealer(
        store: store.identity.id, key: aggregatorKey, clock: clock, random: random),
      metrics: IntakeMetrics(MetricRegistry())
    ).mount(on: &router)
    self.router = router
  }

  /// What a batch is beside its events.
  struct Label {
    var audience: StoreID?
    var collector: CollectorID?
    var key: SigningKey?
    var project: ProjectID = "acme"
    var number: UInt64 = 1
    var first: UInt64 = 1
    var boot = BootID(high: 7, low: 8)
  }

  private func sealLabel(_ label: Label) -> SealedBatch.Label {
    SealedBatch.Label(
      audience: label.audience ?? store.identity.id, collector: label.collector ?? collector,
      epoch: Epoch(high: 5, low: 6), project: label.project, number: label.number,
      created: BatchHeader.Created(
        wallMilliseconds: clock.wallMilliseconds, boot: label.boot, monotonicMilliseconds: 9))
  }

  func seal(_ events: [Event], _ label: Label = Label()) throws -> SealedBatch {
    let list = try list(events)
    return SealedBatch.seal(
      try BatchBody.encode(records: list.bytes, ends: list.ends), firstSequence: label.first,
      as: sealLabel(label), key: label.key ?? key, compressor: ZstdCompressor())
  }

  func seal(
    _ gap: BatchHeader.Gap, _ sequences: ClosedRange<UInt64>, _ label: Label
  ) -> SealedBatch {
    SealedBatch.seal(gap, sequences: sequences, as: sealLabel(label), key: key)
  }

  struct Answer {
    let status: Int
    let response: Response
    let body: [UInt8]
    var code: String? { (try? JSONValue(parsing: body.span))?["code"]?.string }
    /// Status and code, as a refusal is compared.
    var refusal: String { "\(status) \(code ?? "")" }
    func acknowledgement() throws -> Acknowledgement { try Acknowledgement(decoding: body.span) }
  }

  func post(
    _ body: [UInt8], to path: String = "/v1/batches", over security: ConnectionSecurity = .tls13
  ) async throws -> Answer {
    try await say(
      "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\r\n", body,
      security)
  }

  func get(_ path: String, over security: ConnectionSecurity = .tls13) async throws -> Answer {
    try await say("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n", [], security)
  }

  /// A connection's standing, of which nothing is known yet.
  func standing() -> ConnectionStanding {
    ConnectionStanding(slots, EndedStream(), isKnown: false)
  }

  private func say(
    _ text: String, _ content: [UInt8], _ security: ConnectionSecurity
  ) async throws -> Answer {
    let body = RequestBody(stream: EndedStream(), limits: .standard, timeouts: ServerTimeouts())
    let request = Request(
      body: body, peer: PeerAddress(text: "test"), security: security, standing: standing())
    let bytes = Array(text.utf8)
    let outcome = request.head.parse(bytes.span)
    try #require(outcome == .complete(byteCount: bytes.count))
    body.begin(request.head)
    body.input.append(content)
    let response = await router.respond(to: request)
    guard case .bytes(let answer) = response.body else { preconditionFailure("a stream") }
    return Answer(status: response.status.code, response: response, body: answer)
  }
}

/// A connection on which everything has arrived.
private final class EndedStream: ByteStream {
  let peer = PeerAddress(text: "test")
  func read(into buffer: inout InputBuffer) async throws(StreamError) -> Int { 0 }
  func write(_ bytes: [UInt8]) async throws(StreamError) {}
  func finishWriting() async {}
  func close() {}
  func setDeadline(_ nanoseconds: UInt64) {}
}
