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

  /// What is wrong between us and this store (RELIABILITY A9): it was set back, or has lost what it
  /// had said was safe. Nil where all is well.
  static func estrangement(
    _ reply: HelloReply, _ identity: Identity, _ positions: [SpoolPosition]
  ) -> Trouble? {
    guard reply.incarnation == identity.incarnation else {
      return Trouble(
        "other_incarnation", "the store was set back or replaced: enrol again to go on")
    }
    for position in positions {
      guard
        let mark = reply.watermarks.first(where: {
          $0.project == position.project && $0.epoch.high == position.epoch.high
            && $0.epoch.low == position.epoch.low
        })
      else { continue }
      if mark.durableThrough < UInt64(max(0, position.durableThrough)) {
        return Trouble(
          "watermark_regressed",
          "the store has \(mark.durableThrough) of \(position.project), and had acknowledged "
            + "\(position.durableThrough)"
        )
      }
    }
    return nil
  }

  /// Whether two collectors were seen under our epoch.
  static func isFrozen(_ reply: HelloReply, _ positions: [SpoolPosition]) -> Bool {
    reply.watermarks.contains { mark in
      mark.isFrozen
        && positions.contains { $0.epoch.high == mark.epoch.high && $0.epoch.low == mark.epoch.low }
    }
  }
}
