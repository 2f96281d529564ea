import Compression
import Crypto
import Events
import Platform
import Testing

@testable import Batches

@Suite("Sealed batches") struct EnvelopeTests {
  let key: SigningKey
  let compressor = ZstdCompressor()
  let decompressor = ZstdDecompressor()
  let label: SealedBatch.Label

  init() throws {
    key = try SigningKey(seed: [UInt8](repeating: 7, count: 32).span)
    label = SealedBatch.Label(
      audience: StoreID(high: 0x0102, low: 1), collector: CollectorID(high: 2, low: 2),
      epoch: Epoch(high: 3, low: 3), project: try ProjectID("acme-web"), number: 12,
      created: BatchHeader.Created(
        wallMilliseconds: -5, boot: BootID(high: 4, low: 4), monotonicMilliseconds: 99))
  }

  func sealed(_ count: Int = 50) throws -> (batch: SealedBatch, list: EventList) {
    var source = RandomEvents(seed: 1)
    let list = source.events(count).list
    let body = try BatchBody.encode(records: list.bytes, ends: list.ends)
    let batch = SealedBatch.seal(
      body, firstSequence: 1000, as: label, key: key, compressor: compressor)
    return (batch, list)
  }

  @Test("what was sealed is what is opened")
  func roundTrip() throws {
    let (batch, list) = try sealed()
    let (header, columns) = try BatchEnvelope.open(
      batch.bytes, key: key.verifyingKey, decompressor: decompressor)
    #expect(header == batch.header)
    #expect(header.sequences == 1000...1049)
    #expect(header.id == BatchID(epoch: label.epoch, project: label.project, number: 12))
    #expect(header.key == KeyID(of: key.verifyingKey))
    #expect(columns?.records() == list)
    let envelope = try BatchEnvelope(batch.bytes.span.extracting(first: BatchEnvelope.byteCount))
    #expect(envelope.digest == batch.digest)
    #expect(batch.bytes.count == BatchEnvelope.byteCount + header.bodyBytes)
  }

  @Test("sealing the same again gives the same bytes")
  func deterministic() throws {
    let first = try sealed().batch
    let second = try sealed().batch
    #expect(first == second)
  }

  @Test("a gap travels without a body", arguments: BatchHeader.Gap.Reason.allCases, [true, false])
  func gap(reason: BatchHeader.Gap.Reason, isOpenEnded: Bool) throws {
    let gap = BatchHeader.Gap(reason, isOpenEnded: isOpenEnded)
    let batch = SealedBatch.seal(gap, sequences: 5...9, as: label, key: key)
    #expect(batch.bytes.count == BatchEnvelope.byteCount)
    let (header, columns) = try BatchEnvelope.open(
      batch.bytes, key: key.verifyingKey, decompressor: decompressor)
    #expect(header.content == .gap(gap))
    #expect(header.sequences == 5...9)
    #expect(columns == nil)
  }

  @Test("a bit that flips anywhere is noticed")
  func flips() throws {
    let bytes = try sealed(3).batch.bytes
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 1 << UInt8(index % 8)
      #expect(throws: BatchProblem.self) {
        try BatchEnvelope.open(damaged, key: key.verifyingKey, decompressor: decompressor)
      }
    }
  }

  @Test("a batch cut anywhere is refused")
  func cuts() throws {
    let bytes = try sealed(3).batch.bytes
    for end in bytes.indices {
      #expect(throws: BatchProblem.self) {
        try BatchEnvelope.open(
          Array(bytes[..<end]), key: key.verifyingKey, decompressor: decompressor)
      }
    }
  }

  @Test("the steps fail in their order: signature, limits, digest, decompression")
  func order() throws {
    let (batch, _) = try sealed()
    let head = batch.bytes.span.extracting(first: BatchEnvelope.byteCount)
    let envelope = try BatchEnvelope(head)
    let stranger = try SigningKey(seed: [UInt8](repeating: 8, count: 32).span)
    #expect(throws: BatchProblem.badSignature) { try envelope.verify(by: stranger.verifyingKey) }
    let small = BatchLimits(rows: 49, compressedBytes: 1 << 20, plainBytes: 1 << 20)
    #expect(throws: BatchProblem.tooLarge(what: "rows", limit: 49)) { try envelope.check(small) }
    let body = Array(batch.bytes.dropFirst(BatchEnvelope.byteCount))
    let short = Array(body.dropLast())
    #expect(throws: BatchProblem.wrongLength(declared: body.count, got: body.count - 1)) {
      try envelope.plainBody(short.span, decompressor: decompressor)
    }
    var other = body
    other[other.count - 1] ^= 1
    #expect(throws: BatchProblem.badDigest) {
      try envelope.plainBody(other.span, decompressor: decompressor)
    }
  }

  @Test("a header of another version, kind or codec is refused by its name")
  func versions() throws {
    let bytes = Array(try sealed(3).batch.bytes.prefix(BatchHeader.byteCount))
    let refusals: [(Int, UInt8, BatchProblem)] = [
      (0, 0x58, .notABatch), (4, 2, .unknownVersion(2)), (5, 1, .unknownVersion(257)),
      (6, 3, .unknownKind(3)), (7, 2, .unknownCodec(2)), (126, 1, .badHeader(field: "reserved")),
      (95, 0x80, .badHeader(field: "number")), (103, 0x80, .badHeader(field: "first sequence")),
      (104, 0, .badHeader(field: "last sequence")), (112, 4, .badHeader(field: "events")),
      (124, 1, .badHeader(field: "gap")), (176, 65, .badHeader(field: "project")),
      (176, 0, .badHeader(field: "project")), (177, 0x41, .badHeader(field: "project")),
      (200, 1, .badHeader(field: "project")), (255, 1, .badHeader(field: "padding")),
    ]
    for (offset, byte, problem) in refusals {
      var changed = bytes
      changed[offset] = byte
      #expect(throws: problem, "byte \(offset)") { try BatchHeader(decoding: changed.span) }
    }
  }

  @Test("a header that decodes encodes to the same bytes", arguments: UInt64(0)..<50)
  func canonical(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let bytes = Array(try sealed(3).batch.bytes.prefix(BatchHeader.byteCount))
    for _ in 0..<200 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<changed.count, using: &random)
        changed[place] = UInt8.random(in: 0...255, using: &random)
      }
      guard let header = try? BatchHeader(decoding: changed.span) else { continue }
      #expect(header.encode() == changed)
    }
  }

  @Test("ids have one text")
  func ids() {
    let id = StoreID(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10)
    #expect("\(id)" == "01020304-0506-0708-090a-0b0c0d0e0f10")
    #expect(StoreID("\(id)") == id)
    #expect(StoreID("01020304-0506-0708-090A-0b0c0d0e0f10") == nil)
    #expect(StoreID("01020304-0506-0708-090a-0b0c0d0e0f1") == nil)
  }
}
