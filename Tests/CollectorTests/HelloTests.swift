import Batches
import Crypto
import Events
import Platform
import Spool
import Synchronization
import Testing

@testable import Collector

/// An aggregator's side of hello, which errs where it is told to.
final class StubHost: AggregatorLink {
  enum Error: CaseIterable {
    case none, staleNonce, otherStore, otherCollector, otherKey, otherPurpose, changedPayload,
      refusal
  }

  let name = "stub"
  let key: SigningKey
  let identity: Identity
  let error: Error
  private let nonce = Mutex<[UInt8]>([])

  init(_ error: Error, _ identity: Identity, _ key: SigningKey) {
    self.error = error
    self.identity = identity
    self.key = key
  }

  func get(_ path: String, timeout: Duration) async -> LinkOutcome {
    #expect(path == "/v1/challenge")
    let challenge = Challenge(
      nonce: randomBytes(Challenge.nonceByteCount), store: identity.store, serverMilliseconds: 0)
    nonce.withLock { $0 = challenge.nonce }
    return .answer(LinkAnswer(status: 200, body: challenge.encode()))
  }

  func post(
    _ path: String, _ contentType: StaticString, _ body: [UInt8], timeout: Duration
  ) async -> LinkOutcome {
    do {
      let signed = try SignedMessage(decoding: body.span)
      try signed.verify(.helloRequest, by: try identity.signingKey().verifyingKey)
      let request = try HelloRequest(decoding: signed.payload.span)
      #expect(request.nonce == nonce.withLock { $0 } && request.audience == identity.store)
      if error == .refusal {
        return .answer(
          LinkAnswer(status: 403, body: Refusal(code: "revoked", message: "no").encode()))
      }
      let stranger = try SigningKey.generate().key
      let reply = HelloReply(
        nonce: error == .staleNonce ? [UInt8](repeating: 7, count: 32) : request.nonce,
        store: error == .otherStore ? StoreID(high: 9, low: 9) : identity.store,
        incarnation: identity.incarnation,
        collector: error == .otherCollector ? CollectorID(high: 9, low: 9) : identity.collector,
        projects: [], watermarks: [], keys: [key.verifyingKey], serverMilliseconds: 0,
        refreshSeconds: 60)
      var answer = SignedMessage(
        signing: reply.encode(), for: error == .otherPurpose ? .enrolmentReply : .helloReply,
        by: error == .otherKey ? stranger : key
      ).encode()
      if error == .changedPayload { answer[20] = answer[20] == 0x41 ? 0x42 : 0x41 }
      return .answer(LinkAnswer(status: 200, body: answer))
    } catch {
      return .failed(.unintelligible("\(error)"))
    }
  }

  func reset() {}
}

@Suite("Saying hello") struct HelloTests {
  private static func identity(_ aggregator: SigningKey) throws -> Identity {
    Identity(
      collector: CollectorID(high: 1, low: 2), store: StoreID(high: 3, low: 4), incarnation: 5,
      seed: try SigningKey.generate().seed, aggregatorKeys: [aggregator.verifyingKey],
      projects: [Sample.project])
  }

  @Test(
    "only an answer of this aggregator, to this question, for this collector is believed",
    arguments: StubHost.Error.allCases)
  fileprivate func believes(error: StubHost.Error) async throws {
    let host = try SigningKey.generate().key
    let identity = try Self.identity(host)
    let link = StubHost(error, identity, host)
    let hello = Hello(
      identity: identity, key: try identity.signingKey(),
      clock: SystemClock(timers: try EventLoop(name: "hello")), random: SystemRandom(),
      program: "test/1")
    do throws(JoiningProblem) {
      let (reply, bytes) = try await hello.say(over: link, positions: [])
      #expect(error == .none)
      let kept = try Hello.read(bytes, for: identity)
      #expect(kept == reply)
    } catch {
      #expect(link.error != .none)
      if link.error == .refusal {
        #expect(error == .refused(status: 403, code: "revoked", message: "no"))
      }
    }
  }

  @Test("a store that was set back, or has lost what it had, is noticed")
  func history() throws {
    let identity = try Self.identity(try SigningKey.generate().key)
    func reply(_ incarnation: UInt64, _ through: UInt64, frozen: Bool = false) -> HelloReply {
      HelloReply(
        nonce: [UInt8](repeating: 0, count: 32), store: identity.store, incarnation: incarnation,
        collector: identity.collector, projects: [],
        watermarks: [
          HelloReply.Watermark(
            epoch: Batches.Epoch(high: 7, low: 8), project: Sample.project,
            durableThrough: through, safeThrough: 0, isFrozen: frozen)
        ], keys: [], serverMilliseconds: 0, refreshSeconds: 60)
    }
    let positions = [
      SpoolPosition(
        project: Sample.project, epoch: SpoolEpoch(high: 7, low: 8), lastBatch: 3,
        lastSequence: 90, durableThrough: 50)
    ]
    #expect(Hello.history(reply(5, 50), 5, positions) == .unbroken)
    #expect(Hello.history(reply(5, 90), 5, positions) == .unbroken)
    #expect(Hello.history(reply(5, 49), 5, positions) == .setBack)
    #expect(Hello.history(reply(6, 50), 5, positions) == .setBack)
    guard case .outlived(let trouble) = Hello.history(reply(4, 50), 5, positions) else {
      Issue.record("an earlier life is taken for the one that we know")
      return
    }
    #expect(trouble.code == "older_incarnation")
    #expect(Hello.isFrozen(reply(5, 50, frozen: true), positions))
    #expect(!Hello.isFrozen(reply(5, 50), positions))
  }

  @Test("an identity reads as it was written, and nothing else is one")
  func identityCoding() throws {
    let identity = try Self.identity(try SigningKey.generate().key)
    let bytes = identity.encode()
    #expect(try Identity(decoding: bytes.span) == identity)
    for count in 0..<(bytes.count - 2) {
      let cut = Array(bytes.prefix(count))
      #expect(throws: Identity.Problem.self) { try Identity(decoding: cut.span) }
    }
  }
}
