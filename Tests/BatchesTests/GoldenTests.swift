import Compression
import Crypto
import Events
import Platform
import Testing

@testable import Batches

/// Files that version 1 wrote. Every later version reads them (RELIABILITY V1, V2): they are never
/// changed, and never written again; a new version adds files of its own.
@Suite("Golden files") struct GoldenTests {
  static let folder = "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")

  static func read(_ name: String) throws -> [UInt8] {
    let file = try File("/\(folder)/Golden/\(name)", for: .reading)
    return try file.read(file.size, at: 0)
  }

  static func key() throws -> SigningKey { try MessageTests.key(1) }

  static func label() throws -> SealedBatch.Label {
    SealedBatch.Label(
      audience: MessageTests.store, collector: CollectorID(high: 7, low: 8),
      epoch: MessageTests.epoch, project: try ProjectID("acme-web"), number: 9,
      created: BatchHeader.Created(
        wallMilliseconds: 1_767_571_330_600, boot: BootID(high: 1, low: 1),
        monotonicMilliseconds: 5))
  }

  /// The worked example of `Docs/formats/batch.md`.
  static var example: [SampleEvent] {
    let time: Int64 = 1_767_571_330_437
    return [
      SampleEvent(
        kind: 1, otherFlags: 0x20, id: EventID(milliseconds: time, chance: (0xABC, 0x123)),
        cts: time, sts: time + 63, profile: "p_00112233", session: "s_1",
        props: ["path": .string("/a")], ctx: ["os": .string("iOS")]),
      SampleEvent(
        kind: 0, otherFlags: 0x20, id: EventID(milliseconds: time + 5, chance: (1, 2)),
        cts: time + 5, sts: time + 63, name: "purchase", profile: "p_00112233", session: "s_1",
        props: ["amount": .double(19.99), "count": .integer(2)], ctx: ["os": .string("iOS")]),
    ]
  }

  @Test("the worked example reads as it did on its first day")
  func example() throws {
    let list = Self.example.list
    let batch = try Self.read("v1-example.batch")
    let (header, columns) = try BatchEnvelope.open(
      batch, key: Self.key().verifyingKey, decompressor: ZstdDecompressor())
    let label = try Self.label()
    #expect(header.id == BatchID(epoch: label.epoch, project: label.project, number: 9))
    #expect(header.audience == label.audience && header.collector == label.collector)
    #expect(header.created == label.created)
    #expect(header.sequences == 41...42)
    #expect(columns?.records() == list)
    let body = try Self.read("v1-example.body")
    let same = try BatchColumns(decoding: body)
    #expect(same.records() == list)
  }

  @Test("events of every sort read as they did", arguments: ["mixed", "wide", "people"])
  func bodies(name: String) throws {
    let columns = try BatchColumns(decoding: Self.read("v1-\(name).body"))
    #expect(columns.records().bytes == (try Self.read("v1-\(name).records")))
  }

  @Test("a gap reads as it did")
  func gap() throws {
    let batch = try Self.read("v1-gap.batch")
    let (header, columns) = try BatchEnvelope.open(
      batch, key: Self.key().verifyingKey, decompressor: ZstdDecompressor())
    #expect(header.content == .gap(BatchHeader.Gap(.damaged, isOpenEnded: true)))
    #expect(header.sequences == 43...99)
    #expect(columns == nil)
  }

  @Test("messages read as they did")
  func messages() throws {
    let bytes = try Self.read("v1-acknowledgement.json")
    let acknowledgement = try Acknowledgement(decoding: bytes.span)
    #expect(acknowledgement == (try MessageTests.acknowledgement()))
    let asked = try Self.read("v1-challenge.json")
    let challenge = try Challenge(decoding: asked.span)
    #expect(challenge.store == MessageTests.store)
    let key = try Self.key().verifyingKey
    let hello = try Self.signed("v1-hello.json", .helloRequest, key)
    let helloBack = try HelloRequest(decoding: hello.span)
    #expect(try helloBack == MessageTests.hello())
    let reply = try Self.signed("v1-hello-reply.json", .helloReply, key)
    let replyBack = try HelloReply(decoding: reply.span)
    #expect(try replyBack == MessageTests.helloReply())
    let enrolment = try Self.signed("v1-enrolment.json", .enrolmentRequest, key)
    let enrolmentBack = try EnrolmentRequest(decoding: enrolment.span)
    #expect(try enrolmentBack == MessageTests.enrolment())
    let answer = try Self.signed("v1-enrolment-reply.json", .enrolmentReply, key)
    let answerBack = try EnrolmentReply(decoding: answer.span)
    #expect(try answerBack == MessageTests.enrolmentReply())
  }

  private static func signed(
    _ name: String, _ purpose: SignedMessage.Purpose, _ key: VerifyingKey
  ) throws -> [UInt8] {
    let bytes = try read(name)
    let message = try SignedMessage(decoding: bytes.span)
    try message.verify(purpose, by: key)
    return message.payload
  }
}
