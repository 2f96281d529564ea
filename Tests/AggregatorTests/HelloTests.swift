import Batches
import Crypto
import Events
import Kernels
import Platform
import Query
import Store
import Synchronization
import Testing

@testable import Aggregator
@testable import HTTP

@Suite("Joining and greeting") struct HelloTests {
  private let world: World
  private let boot = BootID(high: 7, low: 8)

  init() async throws { world = try await World() }

  private func nonce() async throws -> [UInt8] {
    try Challenge(decoding: try await world.get("/v1/challenge").body.span).nonce
  }

  private func hello(
    nonce: [UInt8], audience: StoreID? = nil, wall: Int64? = nil, key: SigningKey? = nil,
    purpose: SignedMessage.Purpose = .helloRequest, positions: [HelloRequest.Position] = []
  ) async throws -> World.Answer {
    let wish = HelloRequest(
      nonce: nonce, audience: audience ?? world.store.identity.id, collector: world.collector,
      program: "test",
      created: BatchHeader.Created(
        wallMilliseconds: wall ?? world.clock.wallMilliseconds, boot: boot,
        monotonicMilliseconds: 1),
      positions: positions)
    let signed = SignedMessage(signing: wish.encode(), for: purpose, by: key ?? world.key)
    return try await world.post(signed.encode(), to: "/v1/hello")
  }

  @Test("a greeting is answered by the aggregator's key, with the collector's own projects")
  func answered() async throws {
    let nonce = try await nonce()
    let answer = try await hello(nonce: nonce)
    #expect(answer.status == 200)
    let signed = try SignedMessage(decoding: answer.body.span)
    try signed.verify(.helloReply, by: world.aggregatorKey.verifyingKey)
    let reply = try HelloReply(decoding: signed.payload.span)
    #expect(reply.nonce == nonce)
    #expect(reply.projects.map(\.id) == ["acme"])
    #expect(reply.projects.map(\.writeKeys.count) == [1])
  }

  @Test("a collector under whose epoch another one was seen is told so, and others are not")
  func frozen() async throws {
    let epoch = Epoch(high: 5, low: 6)
    let positions = [epoch, Epoch(high: 5, low: 7)].map {
      HelloRequest.Position(
        epoch: $0, project: "acme", lastNumber: 1, lastSequence: 1, durableThrough: 0,
        safeThrough: 0)
    }
    func frozen() async throws -> [Epoch] {
      let answer = try await hello(nonce: try await nonce(), positions: positions)
      let signed = try SignedMessage(decoding: answer.body.span)
      return try HelloReply(decoding: signed.payload.span).watermarks.filter(\.isFrozen).map(
        \.epoch)
    }
    _ = try await world.post(world.seal([event(1)]).bytes)
    #expect(try await frozen().isEmpty)
    let other = try await world.post(world.seal([event(2)]).bytes)
    #expect(other.refusal == "409 epoch_forked")
    #expect(try await frozen() == [epoch])
  }

  @Test("a collector with eight connections at work is refused a ninth, for hello and for batches")
  func tooManyConnections() async throws {
    let held = (0..<8).map { _ in world.standing() }
    for standing in held {
      standing.requestBegins()
      #expect(standing.prove(as: world.collector.description))
    }
    let batch = try world.seal([event(1)])
    for _ in 0..<2 {
      for answer in [
        try await hello(nonce: try await nonce()), try await world.post(batch.bytes),
      ] {
        #expect(answer.refusal == "429 too_many_connections")
        #expect(answer.response.closes)
      }
    }
    #expect(world.slots.refusedPeers.load(ordering: .relaxed) == 4)
    held[0].leave()
    #expect(try await world.post(batch.bytes).status == 200)
  }

  @Test("a greeting is good once, here, and signed for this purpose by the collector")
  func refused() async throws {
    let used = try await nonce()
    _ = try await hello(nonce: used)
    #expect(try await hello(nonce: used).refusal == "401 stale_nonce")
    let elsewhere = StoreID(high: 9, low: 9)
    let other = try await hello(nonce: try await nonce(), audience: elsewhere)
    #expect(other.refusal == "421 wrong_store")
    let forged = try await hello(nonce: try await nonce(), key: try Fixture.key())
    #expect(forged.refusal == "401 unknown_key")
    let misused = try await hello(nonce: try await nonce(), purpose: .enrolmentRequest)
    #expect(misused.status == 400)
    let late = try await nonce()
    world.clock.advance(milliseconds: 120_000)
    #expect(try await hello(nonce: late).refusal == "401 stale_nonce")
    #expect(try await world.post(Array("{".utf8), to: "/v1/hello").refusal == "400 malformed")
  }

  @Test("a clock that a greeting showed to be off is put right in that boot's batches")
  func clockIsPutRight() async throws {
    let behind = world.clock.wallMilliseconds - 3_600_000
    _ = try await hello(nonce: try await nonce(), wall: behind)
    let answers = StoreAnswers(
      of: world.store, on: KernelThreads(count: 1), clock: world.clock)
    for (number, boot, shift) in [
      (1, boot, 3_600_000), (2, BootID(high: 1, low: 1), 0),
    ] as [(UInt64, BootID, Int64)] {
      let batch = try world.seal(
        [event(number)], World.Label(number: number, first: number, boot: boot))
      #expect(try await world.post(batch.bytes).status == 200)
      let stored = try await answers.event(id(number), of: "acme")
      #expect(stored?.clockShift == shift)
    }
  }
}
