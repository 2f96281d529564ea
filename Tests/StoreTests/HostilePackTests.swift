import Batches
import Compression
import Events
import Platform
import Sections
import TestSupport
import Testing

@testable import Store

/// Bytes that somebody made on purpose: every checksum is right, and what they say is not.
@Suite("Hostile packs") struct HostilePackTests {
  private let scratch = Scratch()
  private let pack: Pack
  private let secret: ProjectSecret

  init() throws {
    let path = scratch.path + "/7.pack"
    let file = try File(path, for: .writing)
    try file.write(goldenPack.span, at: 0)
    pack = try Pack(path, cache: ExtentCache(maximumBytes: 1 << 20))
    secret = try #require(ProjectSecret(pack.index.secrets["acme"] ?? []))
  }

  /// Somewhere a few bytes are others: nearly the same, or the ends of what a number can be.
  private func changed(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    if bytes.isEmpty { return bytes }
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF][Int.random(in: 0..<5, using: &random)]
      case 2:
        for index in place..<min(place + 8, bytes.count) { bytes[index] = 0xFF }
      default:
        // The greatest varint of 32 bits, in the place of a byte.
        bytes.replaceSubrange(place...place, with: [0xFF, 0xFF, 0xFF, 0xFF, 0x0F])
      }
    }
    return bytes
  }

  /// All that a question, a check and a merge read; whatever is wrong is thrown.
  private func read(_ directory: SectionDirectory, _ extents: [Extent]) throws {
    let section = try Section(directory, source: MemoryExtents(extents))
    let decompressor = ZstdDecompressor()
    func all(_ parts: [() throws -> Void]) { for part in parts { try? part() } }
    all([
      { try SectionCheck(section, of: secret, decompressor).run() },
      { _ = try section.facts() }, { _ = try section.rollup() },
      { _ = try section.ranks(ofHeads: Array(section.heads.indices)) },
      { _ = try section.ids(secret.ids).findWithStrays(IDBatch([id(3), id(4)], mix: secret.ids)) },
      { _ = try section.strays(secret.ids)?.find(StrayBatch([id(3)], mix: secret.ids)) },
      { _ = directory.window.range.map { $0.contains(0) } },
      {
        var reader = try RecordReader(section, ids: secret.ids, decompressor)
        for row in 0..<min(section.rowCount, 100) {
          var writer = ByteWriter()
          try? reader.append(row, to: &writer)
        }
      },
      {
        var merge = StreamedMerge(
          project: directory.project, window: directory.window, secret: secret,
          dropping: .before(1_798_000_000_000))
        try merge.add(section)
        _ = try merge.finish(into: Nothing(), ZstdCompressor(), decompressor)
      },
    ])
  }

  private final class Nothing: ExtentSink {
    func append(_ bytes: Span<UInt8>) {}
  }

  @Test(
    "a directory of other numbers is refused or read, and never ends the program", arguments: 0..<8)
  func directories(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    for number in pack.index.sections.indices {
      let bytes = try pack.read(pack.index.sections[number].directory)
      let extents = try pack.extents(ofPacked: number)
      try read(try SectionDirectory(decoding: bytes), extents)
      for _ in 0..<250 {
        guard let directory = try? SectionDirectory(decoding: changed(bytes, &random)) else {
          continue
        }
        try? read(directory, extents)
      }
    }
  }

  @Test("extents of other numbers are refused or read, and never end the program", arguments: 0..<8)
  func extents(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed + 100))
    for number in pack.index.sections.indices {
      let directory = try SectionDirectory(
        decoding: try pack.read(pack.index.sections[number].directory))
      let extents = try pack.extents(ofPacked: number)
      for _ in 0..<150 {
        var forged = extents
        let place = Int.random(in: forged.indices, using: &random)
        let bytes = forged[place].withBytes { Array($0) }
        forged[place] = Extent(changed(bytes, &random).span)
        try? read(directory, forged)
      }
    }
  }

  @Test("an index of other numbers is refused or used, and never ends the program")
  func indexes() throws {
    var random = SeededGenerator(seed: 9)
    var index = pack.index
    index.merged = PackIndex.Merged(level: 1, arrival: 1...6, companions: [7])
    let bytes = index.encoded
    for _ in 0..<20_000 {
      guard
        let forged = try? PackIndex(decoding: changed(bytes, &random), limit: pack.contentEnd)
      else { continue }
      for section in forged.sections {
        _ = section.window.range
        _ = section.byteCount
      }
      for last in forged.sealed.values { #expect(last >= 0 && last < 1 << 47) }
    }
  }

  @Test("months that no calendar has are months all the same")
  func months() throws {
    for code: Int32 in [.max, .max - 1, 1 << 30] {
      let range = try #require(Window(code: code).range)
      #expect(range.lowerBound < range.upperBound)
    }
  }

  /// The golden pack with another index, all checksums right.
  private func forge(
    number: UInt64, _ change: (inout PackIndex) -> Void
  ) throws -> String {
    let header = PackIndex.Header(store: pack.header.store, number: number, generation: 9)
    var index = pack.index
    change(&index)
    var writer = ByteWriter()
    writer.append(header.bytes)
    writer.append(goldenPack[PackIndex.headerBytes..<pack.contentEnd])
    let encoded = index.encoded
    writer.append(encoded)
    var end = ByteWriter()
    end.append(littleEndian: UInt64(pack.contentEnd))
    end.append(littleEndian: UInt32(encoded.count))
    end.append(littleEndian: crc32c(encoded.span))
    end.append(header.bytes[..<24])
    end.append(littleEndian: header.checksum(ofEnd: end.bytes))
    end.append(littleEndian: PackIndex.lastMagic)
    writer.append(end.bytes)
    let path = scratch.path + "/forged.pack"
    let file = try File(path, for: .writing)
    try file.truncate(to: 0)
    let bytes = writer.bytes
    try file.write(bytes.span, at: 0)
    return path
  }

  private func opens(_ path: String) -> Bool {
    (try? Pack(path, cache: ExtentCache(maximumBytes: 0))) != nil
  }

  @Test("what a pack says of others has to be possible")
  func relations() throws {
    #expect(opens(try forge(number: 7) { _ in }))
    #expect(!opens(try forge(number: 7) { $0.replaced = [7] }))
    #expect(!opens(try forge(number: 7) { $0.replaced = [5, 12] }))
    #expect(!opens(try forge(number: 7) { $0.sealed["acme"] = .max }))
    #expect(!opens(try forge(number: 7) { $0.sealed["acme"] = -1 }))
    #expect(!opens(try forge(number: .max) { _ in }))
    #expect(!opens(try forge(number: 7) { $0.sections.append($0.sections[0]) }))
    // One that is none of its own companions would retire its inputs for nothing.
    #expect(
      !opens(
        try forge(number: 7) {
          $0.merged = PackIndex.Merged(level: 1, arrival: 1...6, companions: [])
        }))
  }

  @Test("names that are nearly a pack's are no packs, and keep no store from starting")
  func names() async throws {
    let path = scratch.path + "/store.db"
    var store = try await openStore(path)
    _ = try await store.commit(try batch([event(1)]))
    _ = try await store.seal()
    for name in ["007.pack", "+8.pack", "18446744073709551615.pack", "-1.pack", ".pack"] {
      let file = try File(path + "-packs/" + name, for: .writing)
      try file.write(goldenPack.span, at: 0)
    }
    store = try await openStore(path)
    #expect(store.packTroubles.isEmpty)
    _ = try await store.commit(try batch([event(2)]))
    #expect(try await store.seal() == 1)
    #expect(try await store.ids(of: "acme").count == 2)
    #expect(try Directory(path + "-packs").names().contains("007.pack"))
  }

  @Test("no start fails because a file cannot be put aside")
  func stuck() async throws {
    let path = scratch.path + "/store.db"
    _ = try await openStore(path)
    for name in ["5.pack", "lost+found"] {
      let file = try File(path + "-packs/" + name, for: .writing)
      try file.write(Array("neither".utf8).span, at: 0)
    }
    let store = try await openStore(path)
    #expect(store.packTroubles.map(\.number) == [5])
    _ = try await store.commit(try batch([event(1)]))
    #expect(try await store.seal() == 1)
    #expect(try Directory(path + "-packs").names() == ["5.pack", "6.pack", "lost+found"])
  }

  @Test("a directory has as many rows as there are bytes for, and ends where it ends")
  func sizes() throws {
    var directory = try pack.section(0).directory
    let extents = try pack.extents(ofPacked: 0)
    #expect(throws: SectionProblem.self) {
      try SectionDirectory(decoding: directory.encoded + [0])
    }
    directory.rowCount = 4_000_000_000
    directory.peopleRowCount = 4_000_000_000
    directory.headRows = [4_000_000_000] + Array(repeating: 0, count: directory.heads.count - 1)
    for column in [SectionColumn.heads, .times] {
      var count: [UInt8] = []
      for shift in stride(from: 0, to: 32, by: 8) {
        count.append(UInt8(truncatingIfNeeded: 4_000_000_000 >> shift))
      }
      directory[column].head.replaceSubrange(4..<8, with: count)
    }
    let header = PackIndex.Header(store: pack.header.store, number: 8, generation: 9)
    var writer = try PackWriter(header, in: Directory(scratch.path))
    try writer.add(EncodedSection(directory: directory, extents: extents))
    _ = try writer.finish(sealed: ["acme": 3], replaced: [], secrets: pack.index.secrets)
    let forged = try Pack(scratch.path + "/8.pack", cache: ExtentCache(maximumBytes: 0))
    #expect(throws: SectionProblem.directory("more rows than bytes")) { try forged.section(0) }
  }

  @Test("a file that nobody knows does not take the place of another one in lost+found")
  func lost() async throws {
    let path = scratch.path + "/store.db"
    _ = try await openStore(path)
    for content in ["one", "two"] {
      let file = try File(path + "-packs/5.pack", for: .writing)
      try file.write(Array(content.utf8).span, at: 0)
      #expect(try await openStore(path).packTroubles.map(\.number) == [5])
    }
    let lost = Directory(path + "-packs/lost+found")
    let contents = try lost.names().map { try lost.read($0, upTo: 100) ?? [] }
    #expect(Set(contents) == [Array("one".utf8), Array("two".utf8)])
  }
}
