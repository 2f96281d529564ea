import Crypto
import Events
import Platform

extension BatchHeader {
  /// The header's 256 bytes. Its values must be ones that decoding accepts.
  package func encode() -> [UInt8] {
    var writer = ByteWriter(capacity: Self.byteCount)
    writer.append(Self.magic)
    writer.append(littleEndian: Self.version)
    var body = Body(events: 0, compressedBytes: 0, plainBytes: 0, digest: Self.emptyDigest)
    var gapBytes: (UInt8, UInt8) = (0, 0)
    switch content {
    case .events(let events):
      body = events
      writer.append(Code.events)
      writer.append(Code.zstd)
    case .gap(let gap):
      gapBytes = (gap.reason.rawValue, gap.isOpenEnded ? 1 : 0)
      writer.append(Code.gap)
      writer.append(Code.noBody)
    }
    var ids: [UInt8] = []
    audience.append(to: &ids)
    collector.append(to: &ids)
    key.append(to: &ids)
    epoch.append(to: &ids)
    created.boot.append(to: &ids)
    writer.append(ids)
    for number in [number, sequences.lowerBound, sequences.upperBound] {
      writer.append(littleEndian: number)
    }
    for count in [body.events, body.compressedBytes, body.plainBytes] {
      writer.append(littleEndian: UInt32(count))
    }
    writer.append(gapBytes.0)
    writer.append(gapBytes.1)
    writer.append(littleEndian: 0 as UInt16)
    writer.append(littleEndian: created.wallMilliseconds)
    writer.append(littleEndian: created.monotonicMilliseconds)
    writer.append(body.digest.bytes)
    writer.append(UInt8(project.text.utf8.count))
    writer.append(project.text.utf8)
    while writer.count < Self.byteCount { writer.append(0) }
    return writer.bytes
  }

  /// Reads a header from its 256 bytes. What the header promises about the body is not yet true.
  package init(decoding bytes: Span<UInt8>) throws(BatchProblem) {
    guard bytes.count == Self.byteCount else { throw .truncated }
    for index in Self.magic.indices where bytes[index] != Self.magic[index] { throw .notABatch }
    do {
      var reader = ByteReader(at: Self.magic.count)
      let version = try reader.integer(UInt16.self, bytes)
      guard version == Self.version else { throw BatchProblem.unknownVersion(version) }
      let kind = try reader.byte(bytes)
      let codec = try reader.byte(bytes)
      audience = try Self.id(&reader, bytes)
      collector = try Self.id(&reader, bytes)
      key = try Self.id(&reader, bytes)
      epoch = try Self.id(&reader, bytes)
      let boot: BootID = try Self.id(&reader, bytes)
      number = try Self.bounded(reader.integer(UInt64.self, bytes), "number")
      let first: UInt64 = try Self.bounded(reader.integer(UInt64.self, bytes), "first sequence")
      let last: UInt64 = try Self.bounded(reader.integer(UInt64.self, bytes), "last sequence")
      guard first <= last else { throw BatchProblem.badHeader(field: "last sequence") }
      sequences = first...last
      let events = Int(try reader.integer(UInt32.self, bytes))
      let compressedBytes = Int(try reader.integer(UInt32.self, bytes))
      let plainBytes = Int(try reader.integer(UInt32.self, bytes))
      let reason = try reader.byte(bytes)
      let gapFlags = try reader.byte(bytes)
      let reserved = try reader.integer(UInt16.self, bytes)
      guard reserved == 0 else { throw BatchProblem.badHeader(field: "reserved") }
      created = Created(
        wallMilliseconds: try reader.integer(Int64.self, bytes), boot: boot,
        monotonicMilliseconds: try Self.bounded(
          reader.integer(UInt64.self, bytes), "monotonic time"))
      let place = try reader.range(of: Digest.byteCount, bytes)
      guard let digest = Digest(bytes.extracting(place)) else { throw BatchProblem.truncated }
      let body = Body(
        events: events, compressedBytes: compressedBytes, plainBytes: plainBytes, digest: digest)
      content = try Self.content(kind, codec, body, reason, gapFlags, sequences)
      project = try Self.project(&reader, bytes)
      for index in reader.position..<Self.byteCount where bytes[index] != 0 {
        throw BatchProblem.badHeader(field: "padding")
      }
    } catch let problem as BatchProblem {
      throw problem
    } catch { throw .truncated }
  }

  private enum Code {
    static let events: UInt8 = 1
    static let gap: UInt8 = 2
    static let noBody: UInt8 = 0
    static let zstd: UInt8 = 1
  }

  /// The digest of no bytes, which a gap carries.
  static let emptyDigest = sha256([UInt8]().span)

  private static func content(
    _ kind: UInt8, _ codec: UInt8, _ body: Body, _ reason: UInt8, _ gapFlags: UInt8,
    _ sequences: ClosedRange<UInt64>
  ) throws(BatchProblem) -> Content {
    switch kind {
    case Code.events:
      guard codec == Code.zstd else { throw .unknownCodec(codec) }
      guard body.events > 0, sequences.upperBound - sequences.lowerBound == UInt64(body.events - 1)
      else { throw .badHeader(field: "events") }
      guard body.compressedBytes > 0 else { throw .badHeader(field: "body") }
      guard body.plainBytes > 0 else { throw .badHeader(field: "plain") }
      guard reason == 0, gapFlags == 0 else { throw .badHeader(field: "gap") }
      return .events(body)
    case Code.gap:
      guard codec == Code.noBody else { throw .unknownCodec(codec) }
      guard body.events == 0, body.compressedBytes == 0, body.plainBytes == 0,
        body.digest == emptyDigest
      else { throw .badHeader(field: "body") }
      guard let reason = Gap.Reason(rawValue: reason), gapFlags <= 1 else {
        throw .badHeader(field: "gap")
      }
      return .gap(Gap(reason, isOpenEnded: gapFlags == 1))
    default: throw .unknownKind(kind)
    }
  }

  private static func id<Named>(
    _ reader: inout ByteReader, _ bytes: Span<UInt8>
  ) throws -> ID128<Named> {
    let place = try reader.range(of: ID128<Named>.byteCount, bytes)
    guard let id = ID128<Named>(bytes.extracting(place)) else { throw BatchProblem.truncated }
    return id
  }

  /// Numbers that SQLite and everybody else can hold.
  private static func bounded(_ value: UInt64, _ field: String) throws(BatchProblem) -> UInt64 {
    guard value <= UInt64(Int64.max) else { throw .badHeader(field: field) }
    return value
  }

  private static func project(
    _ reader: inout ByteReader, _ bytes: Span<UInt8>
  ) throws -> ProjectID {
    let count = Int(try reader.byte(bytes))
    let place = try reader.range(of: ProjectID.maximumUTF8Count, bytes)
    guard count <= place.count else { throw BatchProblem.badHeader(field: "project") }
    let text = place.lowerBound..<(place.lowerBound + count)
    for index in text.upperBound..<place.upperBound where bytes[index] != 0 {
      throw BatchProblem.badHeader(field: "project")
    }
    guard let text = String(validating: bytes.extracting(text)),
      let project = try? ProjectID(text)  // Whatever is wrong with it, it is no project.
    else { throw BatchProblem.badHeader(field: "project") }
    return project
  }
}
