import Batches
import Events
import Platform
import Sections

extension PackIndex {
  var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.append(varint: UInt64(sealed.count))
    for (project, last) in sealed.sorted(by: { $0.key.text < $1.key.text }) {
      writer.append(text: project.text)
      writer.append(zigzag: last)
    }
    writer.append(varint: UInt64(replaced.count))
    for number in replaced { writer.append(varint: number) }
    writer.append(varint: UInt64(secrets.count))
    for (project, secret) in secrets.sorted(by: { $0.key.text < $1.key.text }) {
      writer.append(text: project.text)
      writer.append(secret)
    }
    writer.append(varint: UInt64(sections.count))
    for section in sections {
      writer.append(text: section.project.text)
      writer.append(zigzag: Int64(section.window.code))
      writer.append(varint: UInt64(section.rowCount))
      writer.append(zigzag: section.idTimes.lowerBound)
      writer.append(zigzag: section.idTimes.upperBound)
      writer.append(section.isPacked ? 1 : 0)
      writer.append(varint: UInt64(section.directory.offset))
      Self.append(section.directory, to: &writer)
      writer.append(varint: UInt64(section.extents.first?.offset ?? 0))
      writer.append(varint: UInt64(section.extents.count))
      for extent in section.extents { Self.append(extent, to: &writer) }
    }
    if let merged {
      writer.append(varint: UInt64(merged.level))
      writer.append(varint: merged.arrival.lowerBound)
      writer.append(varint: merged.arrival.upperBound)
      writer.append(varint: UInt64(merged.companions.count))
      for number in merged.companions { writer.append(varint: number) }
    }
    return writer.bytes
  }

  private static func append(_ stretch: Stretch, to writer: inout ByteWriter) {
    writer.append(varint: UInt64(stretch.count))
    writer.append(littleEndian: stretch.checksum)
  }

  /// Reads an index whose checksum was right; `limit` is where the index itself begins, and nothing
  /// that it tells of lies behind that.
  init(decoding bytes: [UInt8], limit: Int) throws(PackProblem) {
    do throws(ByteReader.Problem) {
      var reader = ByteReader()
      let span = bytes.span
      for _ in 0..<(try reader.length(span)) {
        let project = try Self.project(&reader, span)
        let last = try reader.zigzag(span)
        guard HotPlace.batches.contains(last) else { throw .overlong(at: reader.position) }
        sealed[project] = last
      }
      for _ in 0..<(try reader.length(span)) { replaced.append(try reader.varint(span)) }
      for _ in 0..<(try reader.length(span)) {
        let project = try Self.project(&reader, span)
        secrets[project] = Array(bytes[try reader.range(of: 16, span)])
      }
      for _ in 0..<(try reader.length(span)) {
        sections.append(try Self.section(&reader, span, limit: limit))
      }
      if !reader.isAtEnd(of: span) { merged = try Self.merged(&reader, span) }
      guard reader.isAtEnd(of: span) else { throw .truncated(at: reader.position) }
    } catch { throw .damaged("its index: \(error)") }
  }

  /// Whether what it says can be true of the pack of this number: it is greater than those that it
  /// replaces, one of those that replace them, and has one section of each project and window.
  func isPossible(in number: UInt64) -> Bool {
    replaced.allSatisfy { $0 < number } && (merged?.companions.contains(number) ?? true)
      && Set(sections.map { ShareKey($0.project, $0.window) }).count == sections.count
  }

  private static func merged(
    _ reader: inout ByteReader, _ bytes: Span<UInt8>
  ) throws(ByteReader.Problem) -> Merged {
    let start = reader.position
    let level = try reader.varint(bytes)
    let first = try reader.varint(bytes)
    let last = try reader.varint(bytes)
    guard level <= 255, first <= last else { throw .overlong(at: start) }
    var companions: [UInt64] = []
    for _ in 0..<(try reader.length(bytes)) { companions.append(try reader.varint(bytes)) }
    return Merged(level: Int(level), arrival: first...last, companions: companions)
  }

  private static func project(
    _ reader: inout ByteReader, _ bytes: Span<UInt8>
  ) throws(ByteReader.Problem) -> ProjectID {
    let start = reader.position
    let text = try reader.text(bytes)
    guard let project = try? ProjectID(text) else { throw .invalidText(at: start) }
    return project
  }

  private static func section(
    _ reader: inout ByteReader, _ bytes: Span<UInt8>, limit: Int
  ) throws(ByteReader.Problem) -> Section {
    let project = try project(&reader, bytes)
    guard let window = Int32(exactly: try reader.zigzag(bytes)),
      let rows = UInt32(exactly: try reader.varint(bytes))
    else { throw .overlong(at: reader.position) }
    let oldest = try reader.zigzag(bytes)
    let newest = try reader.zigzag(bytes)
    guard oldest <= newest else { throw .overlong(at: reader.position) }
    let packed = try reader.byte(bytes)
    guard packed <= 1 else { throw .overlong(at: reader.position) }
    let isPacked = packed == 1
    let directory = try stretch(&reader, bytes, at: try offset(&reader, bytes, limit), limit)
    var place = try offset(&reader, bytes, limit)
    var extents: [Stretch] = []
    for _ in 0..<(try reader.length(bytes)) {
      let extent = try stretch(&reader, bytes, at: place, limit)
      extents.append(extent)
      place = extent.end
    }
    return Section(
      project: project, window: Window(code: window), rowCount: Int(rows), idTimes: oldest...newest,
      isPacked: isPacked, directory: directory, extents: extents)
  }

  private static func offset(
    _ reader: inout ByteReader, _ bytes: Span<UInt8>, _ limit: Int
  ) throws(ByteReader.Problem) -> Int {
    let start = reader.position
    let offset = try reader.varint(bytes)
    guard offset <= UInt64(limit) else { throw .overlong(at: start) }
    return Int(offset)
  }

  private static func stretch(
    _ reader: inout ByteReader, _ bytes: Span<UInt8>, at offset: Int, _ limit: Int
  ) throws(ByteReader.Problem) -> Stretch {
    let start = reader.position
    let count = try reader.varint(bytes)
    guard count <= UInt64(limit - offset) else { throw .overlong(at: start) }
    return Stretch(
      offset: offset, count: Int(count), checksum: try reader.integer(UInt32.self, bytes))
  }
}
