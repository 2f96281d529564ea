import Batches
import Compression
import Crypto
import Events
import Platform
import Sections
import TestSupport
import Testing

@testable import Store

/// The bytes of `Docs/formats/section.md`: if one of these fails, packs that exist have become
/// unreadable, and the version has to change. The same bytes are read by `integration/harness/packs.py`.
@Suite("Golden packs") struct GoldenPackTests {
  let scratch = Scratch()

  private static let secret = Array(1...16 as ClosedRange<UInt8>)

  /// Two windows of one project, with ids far from their rows, and one of another.
  private func write() throws -> [UInt8] {
    let header = PackIndex.Header(store: StoreID(high: 1, low: 2), number: 7, generation: 9)
    var writer = try PackWriter(header, in: Directory(scratch.path))
    for encoded in try sections(0..<40, of: "acme") + sections(40..<50, of: "other") {
      try writer.add(encoded)
    }
    _ = try writer.finish(
      sealed: ["acme": 3, "other": 4], replaced: [5],
      secrets: ["acme": Self.secret, "other": Self.secret])
    return try File(scratch.path + "/7.pack", for: .reading).read(1 << 20, at: 0)
  }

  private func sections(
    _ numbers: Range<UInt64>, of project: ProjectID
  ) throws -> [EncodedSection] {
    let secret = try #require(ProjectSecret(Self.secret))
    var rows = BatchRows(secret: secret, windows: WindowRule(now: 1_800_000_000_000))
    let events = numbers.map { number in
      let month = project == "acme" && number % 4 == 0 ? 40 : 0
      let cts = 1_799_000_000_000 - Int64(month) * 86_400_000 + Int64(number / 3) * 7_001
      var event = event(number, says: "\(number % 4)", name: "name \(number % 3)", cts: cts)
      event.id = id(
        number &* 0x9E37_79B9_7F4A_7C15,
        milliseconds: number % 8 == 1 ? cts - 90_000_000 : cts)
      return event
    }
    rows.add(
      try batch(events).columns, from: "c1", clockShift: 0, except: { _ in false })
    return rows.sections(project: project, seed: 7)
  }

  @Test("the same events make the same bytes")
  func encode() throws {
    let bytes = try write()
    if bytes != goldenPack { print("GOLDEN", Base64.standard.encode(bytes.span)) }
    #expect(bytes == goldenPack)
  }

  @Test("the stored bytes are these events")
  func decode() throws {
    let file = try File(scratch.path + "/7.pack", for: .writing)
    try file.write(goldenPack.span, at: 0)
    let check = try PackCheck(scratch.path + "/7.pack")
    for section in check.sections { try check.check(section) }
    let pack = check.pack
    #expect(pack.header.version == 2 && pack.index.replaced == [5])
    #expect(pack.index.sections.map(\.project.text) == ["acme", "acme", "other"])
    let secret = try #require(ProjectSecret(Self.secret))
    var said: [String] = []
    for number in check.sections {
      let section = try pack.section(number)
      var reader = try RecordReader(section, ids: secret.ids, ZstdDecompressor())
      for row in 0..<section.rowCount {
        var writer = ByteWriter()
        try reader.append(row, to: &writer)
        let record = writer.bytes
        let event = try Event(record: record.span)
        said.append("\(event.id) \(event.cts) \(event.name) \(event.props)")
      }
    }
    let text = Array(said.sorted().joined(separator: "\n").utf8)
    #expect(said.count == 50)
    let digest = String(sha256(text.span).words.0, radix: 16)
    #expect(digest == "f9771eb2ef72bc7b")
  }

  @Test("a version that is not known is refused by its number")
  func versions() throws {
    var bytes = goldenPack
    bytes[4] = 9
    let file = try File(scratch.path + "/7.pack", for: .writing)
    try file.write(bytes.span, at: 0)
    #expect(throws: PackProblem.newer(version: 9)) {
      try Pack(scratch.path + "/7.pack", cache: ExtentCache(maximumBytes: 0))
    }
    var directory = try #require(try sections(0..<3, of: "other").first).directory.encoded
    directory[4] = 7
    #expect(throws: SectionProblem.unknownVersion(7)) {
      try SectionDirectory(decoding: directory)
    }
  }
}
