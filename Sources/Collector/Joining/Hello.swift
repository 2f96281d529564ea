import Batches
import Crypto
import Platform
import Spool

/// Asks the aggregator what has changed: signed both ways, over a challenge of its own, so that
/// neither an old answer nor somebody in between is believed.
struct Hello: Sendable {
  let identity: Identity
  let key: SigningKey
  let clock: any Clock
  let boot: BootID
  let random: any RandomSource
  let program: String
  private static let timeout: Duration = .seconds(15)

  init(
    identity: Identity, key: SigningKey, clock: any Clock, random: any RandomSource,
    program: String
  ) {
    self.identity = identity
    self.key = key
    self.clock = clock
    self.random = random
    self.program = program
    boot = Boot.current(random: random)
  }

  /// The reply, and the signed bytes to keep.
  func say(
    over link: any AggregatorLink, positions: [SpoolPosition]
  ) async throws(JoiningProblem) -> (HelloReply, [UInt8]) {
    let challenge = try await link.challenge(timeout: Self.timeout)
    guard challenge.store == identity.store else {
      throw .unbelievable("another store answers there: \(challenge.store)")
    }
    let request = HelloRequest(
      nonce: challenge.nonce, audience: identity.store, collector: identity.collector,
      program: program,
      created: BatchHeader.Created(
        wallMilliseconds: clock.wallMilliseconds, boot: boot,
        monotonicMilliseconds: clock.monotonicNanoseconds / 1_000_000),
      positions: positions.map { position in
        HelloRequest.Position(
          epoch: Batches.Epoch(high: position.epoch.high, low: position.epoch.low),
          project: position.project, lastNumber: UInt64(position.lastBatch),
          lastSequence: UInt64(position.lastSequence),
          durableThrough: UInt64(max(0, position.durableThrough)), safeThrough: 0)
      })
    let signed = SignedMessage(signing: request.encode(), for: .helloRequest, by: key)
    let outcome = await link.post(
      "/v1/hello", "application/json", signed.encode(), timeout: Self.timeout)
    let body = try outcome.body()
    let reply = try Self.read(body, for: identity)
    guard reply.nonce == challenge.nonce else { throw .unbelievable("it answers another question") }
    return (reply, body)
  }

  /// Reads a reply, fresh or kept, if a key of the aggregator's signed it for this collector.
  static func read(
    _ bytes: [UInt8], for identity: Identity
  ) throws(JoiningProblem) -> HelloReply {
    do {
      let signed = try SignedMessage(decoding: bytes.span)
      guard let key = identity.aggregatorKeys.first(where: { KeyID(of: $0) == signed.key }) else {
        throw JoiningProblem.unbelievable("it is signed by an unknown key")
      }
      try signed.verify(.helloReply, by: key)
      let reply = try HelloReply(decoding: signed.payload.span)
      guard reply.collector == identity.collector, reply.store == identity.store else {
        throw JoiningProblem.unbelievable("it is for another collector, or of another store")
      }
      return reply
    } catch let problem as JoiningProblem { throw problem } catch {
      throw .unbelievable("\(error)")
    }
  }

  /// What has become of the store since this collector last met it, in the life that it knew.
  static func history(
    _ reply: HelloReply, _ incarnation: UInt64, _ positions: [SpoolPosition]
  ) -> StoreHistory {
    if reply.incarnation < incarnation {
      return .outlived(
        Trouble(
          "older_incarnation",
          "an earlier life of the store answers (\(reply.incarnation)) than the one that was met "
            + "(\(incarnation)): nothing is sent to it"))
    }
    if reply.incarnation > incarnation { return .setBack }
    let marks = marks(reply)
    for position in positions {
      let mark = marks.first { $0.project == position.project && $0.epoch == position.epoch }
      if let mark, mark.through < position.durableThrough { return .setBack }
    }
    return .unbroken
  }

  /// How far the store has what this collector sent.
  static func marks(_ reply: HelloReply) -> [SpoolMark] {
    reply.watermarks.map { mark in
      SpoolMark(
        project: mark.project, epoch: SpoolEpoch(high: mark.epoch.high, low: mark.epoch.low),
        through: Int64(clamping: mark.durableThrough))
    }
  }

  /// Whether two collectors were seen under our epoch.
  static func isFrozen(_ reply: HelloReply, _ positions: [SpoolPosition]) -> Bool {
    reply.watermarks.contains { mark in
      mark.isFrozen
        && positions.contains { $0.epoch.high == mark.epoch.high && $0.epoch.low == mark.epoch.low }
    }
  }
}
