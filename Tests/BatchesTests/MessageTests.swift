import Crypto
import Events
import JSON
import Platform
import Testing

@testable import Batches

@Suite("Messages of the pair") struct MessageTests {
  static let random = SeededRandom(seed: 3)
  static let nonce = [UInt8](repeating: 9, count: 32)
  static let store = StoreID(high: 1, low: 2)
  static let epoch = Epoch(high: 5, low: 6)

  static func key(_ byte: UInt8) throws -> SigningKey {
    try SigningKey(seed: [UInt8](repeating: byte, count: 32).span)
  }

  static func enrolment() throws -> EnrolmentRequest {
    EnrolmentRequest(
      token: "enrol_abc", nonce: nonce, audience: store, publicKey: try key(1).verifyingKey,
      name: "edge \"1\" ü", program: "0.1.0")
  }

  static func enrolmentReply() throws -> EnrolmentReply {
    EnrolmentReply(
      nonce: nonce, store: store, incarnation: 3, collector: CollectorID(high: 7, low: 8),
      projects: [try ProjectID("acme-web"), try ProjectID("b")],
      keys: [try key(2).verifyingKey], serverMilliseconds: 1_767_571_330_437)
  }

  static func hello() throws -> HelloRequest {
    HelloRequest(
      nonce: nonce, audience: store, collector: CollectorID(high: 7, low: 8), program: "0.1.0",
      versions: 1...2, features: ["gap"],
      created: BatchHeader.Created(
        wallMilliseconds: -1, boot: BootID(high: 1, low: 1), monotonicMilliseconds: 5),
      positions: [
        HelloRequest.Position(
          epoch: epoch, project: try ProjectID("a"), lastNumber: 4, lastSequence: 400,
          durableThrough: 300, safeThrough: 0)
      ])
  }

  static func helloReply() throws -> HelloReply {
    let hash = HelloReply.KeyHash(prefix: "wk_1234", digest: sha256("wk_1234_secret"))
    return HelloReply(
      nonce: nonce, store: store, incarnation: 3, collector: CollectorID(high: 7, low: 8),
      projects: [
        HelloReply.Project(
          id: try ProjectID("a"), writeKeys: [hash],
          clients: [
            HelloReply.Client(id: "c1", origins: ["https://a.example"]),
            HelloReply.Client(id: "c2", secret: sha256("s")),
          ])
      ],
      watermarks: [
        HelloReply.Watermark(
          epoch: epoch, project: try ProjectID("a"), durableThrough: 300, safeThrough: 1,
          isFrozen: true)
      ],
      keys: [try key(2).verifyingKey, try key(3).verifyingKey], serverMilliseconds: 12,
      refreshSeconds: 3600)
  }

  static func acknowledgement() throws -> Acknowledgement {
    Acknowledgement(
      batch: BatchID(epoch: epoch, project: try ProjectID("a"), number: 9), digest: sha256("x"),
      status: .partial, accepted: 998, duplicates: 1,
      rejected: [
        .init(
          index: 4, eventID: EventID(milliseconds: 5, chance: (1, 2)), code: "too_large",
          reason: "the event has 70,000 bytes")
      ], durableThrough: 1000, safeThrough: 500, store: store, incarnation: 3,
      serverMilliseconds: 99)
  }

  /// The message comes back; later versions' fields are ignored; each field that is missing or of
  /// another type is refused by its name; no cut of the bytes is taken for a message.
  static func check<Message: Equatable>(
    _ message: Message, _ bytes: [UInt8], optional: Set<String> = [],
    _ decode: (Span<UInt8>) throws(MessageProblem) -> Message
  ) throws {
    let back = try decode(bytes.span)
    #expect(back == message)
    guard case .object(let members) = try JSONValue(parsing: bytes.span) else {
      Issue.record("no object")
      return
    }
    let later = JSONValue.object(members + [JSONMember("later", [1, "x", nil])]).bytes
    let same = try decode(later.span)
    #expect(same == message)
    for (index, member) in members.enumerated() where !optional.contains(member.key) {
      var fewer = members
      fewer.remove(at: index)
      let missing = JSONValue.object(fewer).bytes
      #expect(throws: MessageProblem.field(member.key)) { try decode(missing.span) }
      fewer.insert(JSONMember(member.key, .double(1.5)), at: index)
      let wrong = JSONValue.object(fewer).bytes
      #expect(throws: MessageProblem.field(member.key)) { try decode(wrong.span) }
    }
    for end in bytes.indices {
      let cut = Array(bytes[..<end])
      #expect(throws: MessageProblem.self) { try decode(cut.span) }
    }
  }

  @Test("every message comes back, and refuses what is not it")
  func roundTrips() throws {
    let challenge = Challenge(
      nonce: randomBytes(Challenge.nonceByteCount, from: Self.random), store: Self.store,
      serverMilliseconds: 7)
    try Self.check(challenge, challenge.encode()) { (bytes) throws(MessageProblem) in
      try Challenge(decoding: bytes)
    }
    let enrolment = try Self.enrolment()
    try Self.check(enrolment, enrolment.encode()) { (bytes) throws(MessageProblem) in
      try EnrolmentRequest(decoding: bytes)
    }
    let enrolmentReply = try Self.enrolmentReply()
    try Self.check(enrolmentReply, enrolmentReply.encode()) { (bytes) throws(MessageProblem) in
      try EnrolmentReply(decoding: bytes)
    }
    let hello = try Self.hello()
    try Self.check(hello, hello.encode()) { (bytes) throws(MessageProblem) in
      try HelloRequest(decoding: bytes)
    }
    let helloReply = try Self.helloReply()
    try Self.check(helloReply, helloReply.encode()) { (bytes) throws(MessageProblem) in
      try HelloReply(decoding: bytes)
    }
    let acknowledgement = try Self.acknowledgement()
    try Self.check(acknowledgement, acknowledgement.encode()) { (bytes) throws(MessageProblem) in
      try Acknowledgement(decoding: bytes)
    }
    let signed = SignedMessage(signing: [1, 2, 3], for: .helloReply, by: try Self.key(1))
    try Self.check(signed, signed.encode()) { (bytes) throws(MessageProblem) in
      try SignedMessage(decoding: bytes)
    }
  }

  @Test("a signature holds for one payload, one key and one purpose")
  func signatures() throws {
    let key = try Self.key(1)
    let message = SignedMessage(signing: try Self.hello().encode(), for: .helloRequest, by: key)
    try message.verify(.helloRequest, by: key.verifyingKey)
    for purpose in SignedMessage.Purpose.allCases where purpose != .helloRequest {
      #expect(throws: MessageProblem.badSignature) {
        try message.verify(purpose, by: key.verifyingKey)
      }
    }
    let other = try Self.key(2).verifyingKey
    #expect(throws: MessageProblem.badSignature) { try message.verify(.helloRequest, by: other) }
    let forged = SignedMessage(signing: [], for: .helloRequest, by: key)
    var text = String(decoding: message.encode(), as: UTF8.self)
    text.replace(
      Base64.url.encode(message.signature.span), with: Base64.url.encode(forged.signature.span))
    let bytes = Array(text.utf8)
    let mixed = try SignedMessage(decoding: bytes.span)
    #expect(throws: MessageProblem.badSignature) {
      try mixed.verify(.helloRequest, by: key.verifyingKey)
    }
  }

  @Test("an acknowledgement is believed for its own batch only")
  func acknowledges() throws {
    let label = SealedBatch.Label(
      audience: Self.store, collector: CollectorID(high: 7, low: 8), epoch: Self.epoch,
      project: try ProjectID("a"), number: 9,
      created: BatchHeader.Created(
        wallMilliseconds: 0, boot: BootID(high: 1, low: 1), monotonicMilliseconds: 5))
    let sealed = SealedBatch.seal(
      BatchHeader.Gap(.dropped), sequences: 1...5, as: label, key: try Self.key(1))
    var answer = try Self.acknowledgement()
    #expect(!answer.acknowledges(sealed))
    answer.digest = sealed.digest
    #expect(answer.acknowledges(sealed))
    answer.store = StoreID(high: 0, low: 0)
    #expect(!answer.acknowledges(sealed))
    answer.store = Self.store
    answer.batch.number = 10
    #expect(!answer.acknowledges(sealed))
  }

  @Test(
    "numbers that are none of ours are refused", arguments: ["-1", "1.5", "9223372036854775808"])
  func numbers(text: String) throws {
    var json = String(decoding: try Self.acknowledgement().encode(), as: UTF8.self)
    json.replace("\"durable_through\":1000", with: "\"durable_through\":\(text)")
    let bytes = Array(json.utf8)
    #expect(throws: MessageProblem.field("durable_through")) {
      try Acknowledgement(decoding: bytes.span)
    }
  }

  @Test("a refusal is read where it is one, and nothing is made of a proxy's page")
  func refusals() {
    let refusal = Refusal(code: "bad_digest", message: "the body is not the one signed for")
    let bytes = refusal.encode()
    let back = Refusal(decoding: bytes.span)
    #expect(back == refusal)
    for text in ["", "<html>", "[]", "{}", "{\"code\":1}", "null"] {
      let bytes = Array(text.utf8)
      let none = Refusal(decoding: bytes.span)
      #expect(none == nil)
    }
  }
}
