import Batches
import Crypto
import Events
import HTTP
import Platform
import Store
import Telemetry
import Tenancy

/// What collectors ask of their aggregator beside taking batches: to join, and to be told what they
/// need to know. Only over TLS 1.3.
struct PairRoutes: Sendable {
  let store: Store
  let tenants: Tenants
  let key: SigningKey
  let limits: BatchLimits
  let clock: any Clock
  let random: any RandomSource
  let log: Log
  let clocks: CollectorClocks
  private let challenges: Challenges

  init(
    store: Store, tenants: Tenants, key: SigningKey, limits: BatchLimits, clock: any Clock,
    random: any RandomSource, log: Log, clocks: CollectorClocks
  ) {
    self.store = store
    self.tenants = tenants
    self.key = key
    self.limits = limits
    self.clock = clock
    self.random = random
    self.log = log
    self.clocks = clocks
    challenges = Challenges(clock: clock, random: random)
  }

  /// Challenges that were used and are remembered so that nobody can use them again.
  var usedChallenges: Int { challenges.usedCount }

  func mount(on router: inout Router) {
    router.add(.get, "/v1/challenge") { request in
      await Self.guarded(request) {
        .json(challenges.make(for: store.identity.id).encode())
      }
    }
    router.add(.post, "/v1/enroll") { request in
      await Self.guarded(request) { try await enrol(request) }
    }
    router.add(.post, "/v1/hello") { request in
      await Self.guarded(request) { try await hello(request) }
    }
  }

  /// Why a message of the pair is refused.
  struct Refused: Error {
    let status: HTTPStatus
    let code: String
    let message: String
    /// Seconds, where this is a 503.
    var retryAfter = 5

    static let unknownToken = Refused(
      status: .unauthorized, code: "unknown_token", message: "This enrolment token is not known.")
    static let staleNonce = Refused(
      status: .unauthorized, code: "stale_nonce",
      message: "The challenge was used already, or is too old: ask for another.")
  }

  /// Answers over TLS 1.3 only, and every refusal in the pair's own shape.
  static func guarded(
    _ request: Request, _ answer: () async throws -> Response
  ) async -> Response {
    guard request.security == .tls13 else {
      var response = refusal(
        .upgradeRequired, "tls_1_3_required", "Collectors speak to aggregators over TLS 1.3.")
      try? response.fields.append("Upgrade", "TLS/1.3, HTTP/1.1")  // Fixed texts cannot be refused.
      response.closes = true
      return response
    }
    do {
      return try await answer()
    } catch let refused as Refused {
      return refusal(refused.status, refused.code, refused.message, retryAfter: refused.retryAfter)
    } catch let error as BodyError {
      return .problem(error)
    } catch let problem as MessageProblem {
      return refusal(.badRequest, "malformed", "The message is not what it has to be: \(problem).")
    } catch {
      return refusal(
        .serviceUnavailable, "unavailable", "The aggregator could not do this now; try again.")
    }
  }

  static func refusal(
    _ status: HTTPStatus, _ code: String, _ message: String, retryAfter: Int = 5
  ) -> Response {
    var response = Response.json(Refusal(code: code, message: message).encode(), status)
    if status == .serviceUnavailable { response.fields.append("Retry-After", retryAfter) }
    if status == .tooManyRequests {
      response.fields.append("Retry-After", 1)
      response.closes = true  // It is the connection that is too many.
    }
    return response
  }

  /// Counts the connection as this collector's, whose signature was found good (RELIABILITY O7).
  static func count(_ request: Request, as collector: CollectorID) throws(Refused) {
    guard request.standing.prove(as: collector.description) else {
      throw Refused(
        status: .tooManyRequests, code: "too_many_connections",
        message: "This collector has its most of connections at work: wait for their answers.")
    }
  }

  // MARK: Enrolment

  private func enrol(_ request: Request) async throws -> Response {
    let body = try await request.body.collect(atMost: Self.maximumMessage)
    let signed = try SignedMessage(decoding: body.span)
    let wish = try EnrolmentRequest(decoding: signed.payload.span)
    try signed.verify(.enrolmentRequest, by: wish.publicKey)
    try check(wish.audience)
    let digest = sha256(wish.token)
    // A nonce is used up with a token that is known: what a stranger tries need not be remembered.
    guard try await tenants.knows(token: digest) else {
      throw challenges.isGood(wish.nonce) ? Refused.unknownToken : Refused.staleNonce
    }
    try use(wish.nonce)
    switch try await tenants.enrol(token: digest, key: wish.publicKey, name: wish.name) {
    case .enrolled(let collector, let isRepeated):
      request.standing.prove()
      log.info(
        "a collector was enrolled",
        [
          "collector": .text("\(collector.id)"), "name": .text(collector.name),
          "fingerprint": .text(wish.publicKey.fingerprint.hex), "repeated": .bool(isRepeated),
        ])
      let reply = EnrolmentReply(
        nonce: wish.nonce, store: store.identity.id, incarnation: store.identity.incarnation,
        collector: collector.id, projects: collector.projects.sorted { $0.text < $1.text },
        keys: [key.verifyingKey], serverMilliseconds: clock.wallMilliseconds)
      return .json(SignedMessage(signing: reply.encode(), for: .enrolmentReply, by: key).encode())
    case .unknown: throw Refused.unknownToken
    case .expired:
      throw Refused(
        status: .unauthorized, code: "expired_token", message: "This enrolment token has expired.")
    case .used(let user):
      log.warning(
        "an enrolment token was shown again by somebody else", ["collector": .text("\(user)")])
      throw Refused(
        status: .conflict, code: "used_token",
        message: "This enrolment token was used already, by another key.")
    case .revoked:
      throw Refused(
        status: .forbidden, code: "revoked", message: "This key belongs to a revoked collector.")
    }
  }

  // MARK: Hello

  private func hello(_ request: Request) async throws -> Response {
    let body = try await request.body.collect(atMost: Self.maximumMessage)
    let signed = try SignedMessage(decoding: body.span)
    let wish = try HelloRequest(decoding: signed.payload.span)
    let collector = try Self.collector(wish.collector, signed.key, tenants.board.current)
    try signed.verify(.helloRequest, by: collector.key)
    try check(wish.audience)
    try use(wish.nonce)
    try Self.count(request, as: wish.collector)
    guard wish.versions.contains(BatchHeader.version) else {
      throw Refused(
        status: .unsupportedMediaType, code: "unsupported_version",
        message: "This aggregator reads batches of version \(BatchHeader.version).")
    }
    let now = clock.wallMilliseconds
    collector.identity.lastSeen.note(now)
    clocks.note(wish.collector, wish.created, serverMilliseconds: now)
    let reply = HelloReply(
      nonce: wish.nonce, store: store.identity.id, incarnation: store.identity.incarnation,
      collector: wish.collector, version: BatchHeader.version, limits: limits,
      projects: projects(of: collector.identity), watermarks: await watermarks(for: wish),
      keys: [key.verifyingKey], serverMilliseconds: now, refreshSeconds: Self.refreshSeconds)
    return .json(SignedMessage(signing: reply.encode(), for: .helloReply, by: key).encode())
  }

  private func projects(of collector: CollectorIdentity) -> [HelloReply.Project] {
    let snapshot = tenants.board.current
    return collector.projects.sorted { $0.text < $1.text }
      .filter { snapshot.projects[$0]?.status == .active }
      .map { id in
        let keys = snapshot.keys.filter {
          $0.project == id && $0.status == .active && $0.scope.rights.contains(.write)
        }
        let clients = snapshot.clients.filter { $0.project == id && $0.status == .active }
        return HelloReply.Project(
          id: id,
          writeKeys: keys.map { HelloReply.KeyHash(prefix: $0.prefix, digest: $0.digest) },
          clients: clients.map {
            HelloReply.Client(id: $0.id, secret: $0.secret, origins: $0.origins)
          })
      }
  }

  private func watermarks(for wish: HelloRequest) async -> [HelloReply.Watermark] {
    var answers: [HelloReply.Watermark] = []
    for epoch in Set(wish.positions.map(\.epoch)) {
      let known = await store.watermarks(of: wish.collector.description, epoch: epoch)
      let isForked = await store.isForked(wish.collector.description, epoch: epoch)
      for position in wish.positions where position.epoch == epoch {
        let through = known[position.project.text]?.durableThrough ?? 0
        // No backup is verified yet, so nothing is safe beyond this disk.
        answers.append(
          HelloReply.Watermark(
            epoch: epoch, project: position.project, durableThrough: through, safeThrough: 0,
            isFrozen: isForked))
      }
    }
    return answers
  }

  // MARK: Checks

  private func check(_ audience: StoreID) throws(Refused) {
    guard audience == store.identity.id else {
      throw Refused(
        status: .misdirectedRequest, code: "wrong_store",
        message: "This is another store than the message is for.")
    }
  }

  private func use(_ nonce: [UInt8]) throws(Refused) {
    switch challenges.use(nonce) {
    case .good: return
    case .stale: throw .staleNonce
    case .tooMany(let limit):
      throw Refused(
        status: .serviceUnavailable, code: "too_many_challenges",
        message: "More than \(limit) challenges were used just now: try again in a moment.")
    }
  }

  /// The collector with the key that a message names, if both may still speak.
  static func collector(
    _ id: CollectorID, _ keyID: KeyID, _ snapshot: TenancySnapshot
  ) throws(Refused) -> (identity: CollectorIdentity, key: VerifyingKey) {
    guard let identity = snapshot.collectors[id] else {
      throw Refused(
        status: .unauthorized, code: "unknown_collector", message: "This collector is not known.")
    }
    guard identity.status == .active else {
      throw Refused(
        status: .forbidden, code: "revoked", message: "This collector has been revoked.")
    }
    guard let key = identity.key(keyID) else {
      throw Refused(
        status: .unauthorized, code: "unknown_key",
        message: "This key is not known, or was revoked.")
    }
    return (identity, key)
  }

  /// More than any message of the pair needs.
  private static let maximumMessage = 256 << 10
  private static let refreshSeconds = 300
}
