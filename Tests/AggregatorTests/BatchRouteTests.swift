import Batches
import Crypto
import Events
import HTTP
import Platform
import TestSupport
import Testing

@testable import Aggregator
@testable import Store

@Suite("Batches over HTTP") struct BatchRouteTests {
  private let world: World

  init() async throws { world = try await World() }

  private func refusal(_ bytes: [UInt8]) async throws -> String {
    let answer = try await world.post(bytes)
    #expect(world.store.hot.eventCount == 0)
    return answer.refusal
  }

  private func refusal(_ label: World.Label) async throws -> String {
    try await refusal(world.seal([event(1)], label).bytes)
  }

  @Test("a batch is acknowledged by its id and digest, and its events are there")
  func committed() async throws {
    let batch = try world.seal((0..<50).map { event($0) })
    let answer = try await world.post(batch.bytes)
    #expect(answer.status == 200)
    let acknowledgement = try answer.acknowledgement()
    #expect(acknowledgement.acknowledges(batch))
    #expect(acknowledgement.status == .committed)
    #expect(acknowledgement.accepted == 50)
    #expect(acknowledgement.duplicates == 0)
    #expect(acknowledgement.durableThrough == 50)
    let seen36 = try await world.store.ids(of: "acme")
    #expect(seen36 == (0..<50).map { id($0) })
  }

  @Test("who is no collector of ours, or shows another's name, is unknown")
  func strangers() async throws {
    let stranger = CollectorID(high: 9, low: 9)
    #expect(try await refusal(World.Label(collector: stranger)) == "401 unknown_collector")
    #expect(try await refusal(World.Label(key: try Fixture.key())) == "401 unknown_key")
  }

  @Test("a revoked collector is shut out from its next batch on")
  func revoked() async throws {
    try await world.tenants.revokeCollector(world.collector)
    #expect(try await refusal(World.Label()) == "403 revoked")
  }

  @Test("a batch for another store is not taken")
  func otherStore() async throws {
    let label = World.Label(audience: StoreID(high: 9, low: 9))
    #expect(try await refusal(label) == "421 wrong_store")
  }

  @Test("a collector writes to its own projects only, whether others exist or not")
  func otherProject() async throws {
    for project in ["other", "nowhere"] as [ProjectID] {
      #expect(try await refusal(World.Label(project: project)) == "403 wrong_project")
    }
  }

  @Test("no byte of header, signature or body can be changed")
  func changed() async throws {
    let batch = try world.seal([event(1), event(2)]).bytes
    for place in batch.indices {
      var bytes = batch
      bytes[place] ^= 1
      let refusal = try await refusal(bytes)
      switch place {
      case 4..<6: #expect(refusal == "415 unsupported_version")
      case 256..<320: #expect(refusal == "400 bad_signature")
      case 320...: #expect(refusal == "400 bad_digest")
      default: #expect(refusal.hasPrefix("4"), "byte \(place): \(refusal)")
      }
    }
    #expect(try await world.post(batch).status == 200)
  }

  @Test("a batch that is cut anywhere, or has more behind it, is refused")
  func cut() async throws {
    let batch = try world.seal([event(1), event(2)]).bytes
    for count in batch.indices {
      #expect(try await refusal(Array(batch.prefix(count))) == "400 malformed", "at \(count)")
    }
    #expect(try await refusal(batch + [0]) == "413 body_too_large")
  }

  @Test("a batch beyond the limits is refused by what its header says")
  func oversize() async throws {
    let events = (0..<4).map { event($0) }
    for limits in [
      BatchLimits(rows: 3, compressedBytes: 1 << 20, plainBytes: 1 << 20),
      BatchLimits(rows: 4, compressedBytes: 10, plainBytes: 1 << 20),
      BatchLimits(rows: 4, compressedBytes: 1 << 20, plainBytes: 10),
    ] {
      let world = try await World(limits: limits)
      let batch = try world.seal(events).bytes
      #expect(try await world.post(batch).refusal == "413 too_large")
      // The body is not waited for.
      let head = Array(batch.prefix(BatchEnvelope.byteCount))
      #expect(try await world.post(head).refusal == "413 too_large")
      #expect(world.store.hot.eventCount == 0)
    }
  }

  @Test("below TLS 1.3 nobody is heard", arguments: [ConnectionSecurity.none, .tls12])
  func oldTLS(security: ConnectionSecurity) async throws {
    let batch = try world.seal([event(1)])
    let answers = [
      try await world.post(batch.bytes, over: security),
      try await world.get("/v1/challenge", over: security),
      try await world.post([], to: "/v1/hello", over: security),
      try await world.post([], to: "/v1/enroll", over: security),
    ]
    for answer in answers {
      #expect(answer.refusal == "426 tls_1_3_required")
      #expect(answer.response.closes)
      let fields = String(decoding: answer.response.fields.bytes, as: UTF8.self)
      #expect(fields.contains("Upgrade: TLS/1.3"))
    }
    #expect(world.store.hot.eventCount == 0)
  }

  @Test("a row outside the limits of events goes to the dead letters, and the others count")
  func deadLetters() async throws {
    let batch = try world.seal([event(1), event(2, cts: -1), event(3)])
    for status in [Acknowledgement.Status.partial, .duplicate] {
      let acknowledgement = try await world.post(batch.bytes).acknowledgement()
      #expect(acknowledgement.acknowledges(batch))
      #expect(acknowledgement.status == status)
      #expect(acknowledgement.accepted == 2)
      #expect(acknowledgement.rejected.map(\.index) == [1])
      #expect(acknowledgement.rejected.map(\.eventID) == [id(2)])
      #expect(acknowledgement.rejected.map(\.code) == ["invalid_event"])
      #expect(acknowledgement.durableThrough == 3)
      let seen139 = try await world.store.ids(of: "acme")
      #expect(seen139 == [id(1), id(3)])
      let path = world.scratch.path + "/store.db"
      #expect(try count("SELECT count(*) FROM dead_letter", in: path) == 1)
    }
  }

  @Test("a batch that comes again is acknowledged as a duplicate, and counts once")
  func replay() async throws {
    let batch = try world.seal([event(1), event(2)])
    _ = try await world.post(batch.bytes)
    for _ in 0..<3 {
      let acknowledgement = try await world.post(batch.bytes).acknowledgement()
      #expect(acknowledgement.acknowledges(batch))
      #expect(acknowledgement.status == .duplicate)
      #expect(acknowledgement.durableThrough == 2)
    }
    let seen155 = try await world.store.ids(of: "acme")
    #expect(seen155 == [id(1), id(2)])
  }

  @Test("another batch under a number that was used says that the epoch has forked")
  func forked() async throws {
    _ = try await world.post(world.seal([event(1)]).bytes)
    let answer = try await world.post(world.seal([event(2)]).bytes)
    #expect(answer.refusal == "409 epoch_forked")
    let seen163 = try await world.store.ids(of: "acme")
    #expect(seen163 == [id(1)])
  }

  @Test("while too much waits for the disk a batch is refused before its body, with a pause")
  func busy() async throws {
    let limits = world.store.waitingLimits
    let gap = ArrivedGap(
      project: "acme", source: "c",
      origin: BatchOrigin(
        epoch: Epoch(high: 1, low: 1), number: 1, sequences: 1...1,
        digest: Digest(words: 1, 2, 3, 4)),
      gap: BatchHeader.Gap(.dropped), received: 0)
    // Nobody is told that these wait.
    for _ in 0..<limits.requests {
      _ = world.store.inbox.put(StoreInbox.Arrival(.gap(gap)) { _ in })
    }
    let batch = try world.seal([event(1)])
    for bytes in [batch.bytes, Array(batch.bytes.prefix(BatchEnvelope.byteCount))] {
      let answer = try await world.post(bytes)
      #expect(answer.refusal == "503 store_busy")
      let fields = String(decoding: answer.response.fields.bytes, as: UTF8.self)
      #expect(fields.contains("Retry-After: "))
    }
    await world.store.writer.drain()
    #expect(try await world.post(batch.bytes).acknowledgement().accepted == 1)
  }

  @Test("a gap closes the sequence that it is about")
  func gap() async throws {
    _ = try await world.post(world.seal([event(1)]).bytes)
    let later = try world.seal([event(5)], World.Label(number: 3, first: 5))
    #expect(try await world.post(later.bytes).acknowledgement().durableThrough == 1)
    let gap = world.seal(BatchHeader.Gap(.dropped), 2...4, World.Label(number: 2))
    let acknowledgement = try await world.post(gap.bytes).acknowledgement()
    #expect(acknowledgement.acknowledges(gap))
    #expect(acknowledgement.durableThrough == 5)
  }
}
