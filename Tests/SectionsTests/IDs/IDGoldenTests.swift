import Crypto
import Events
import Platform
import Testing

@testable import Sections

/// The bytes of `Docs/formats/section-ids.md`: if one of these fails, files that exist have become
/// unreadable, and the version has to change.
@Suite("Golden id sections") struct IDGoldenTests {
  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0\(text)" : text
    }.joined()
  }

  private func bytes(_ extent: Extent) -> [UInt8] { extent.withBytes { Array($0) } }

  /// One hash over all extents, each behind its length.
  private func digest(_ extents: MemoryExtents) -> String {
    var writer = ByteWriter()
    for extent in extents.extents {
      writer.append(littleEndian: UInt32(extent.byteCount))
      writer.append(bytes(extent))
    }
    let content = writer.bytes
    let words = sha256(content.span).words
    return String(words.0, radix: 16) + String(words.1, radix: 16)
  }

  private var three: [EventID] {
    [(10, 1, 2), (11, 3, 4), (12, 5, 6)].map {
      EventID(milliseconds: 1_800_000_000_000 + $0.0, chance: ($0.1, $0.2))
    }
  }

  @Test("three ids, one made 5 ms before its row")
  func small() throws {
    let ids = three
    let times = [ids[0].milliseconds, ids[1].milliseconds + 5, ids[2].milliseconds]
    let built = try BuiltSection(ids, times: times)
    var writer = ByteWriter()
    built.root.append(to: &writer)
    #expect(
      hex(writer.bytes) == """
        0100000003000000d6d6051bf8a38c2d0101000000d9f5bc93eb87db000000000000010000000017\
        c668000000000a00001000000000000a505c18a30100000c505c18a3010000
        """)
    #expect(built.extents.extents.count == 3)
    #expect(
      hex(bytes(built.extents.extents[0])) == """
        d9f5bc93eb87db00000000000300380a700000000100010000000000000000000010000002000000\
        000000001607e6052832a8deb7dd1c068577010c50000000000000000000
        """)
    #expect(
      hex(bytes(built.extents.extents[1]).prefix(16).map { $0 })
        == "00000000010000000200000000000000")
    #expect(bytes(built.extents.extents[1]).count == 256)
    #expect(hex(bytes(built.extents.extents[2])) == "0800000001000400010009")
  }

  @Test("20,000 ids and strays have the bytes they always had")
  func large() throws {
    let ids = IDWorld.strong.ids(20_000, seed: 77)
    let times = ids.enumerated().map { $1.milliseconds + Int64($0 % 9 == 0 ? $0 : 0) }
    let built = try BuiltSection(ids, times: times)
    #expect(digest(built.extents) == "13e650d5ccac06827e5c7521eb044da4")
    var extents = MemoryExtents()
    let strays = ids.enumerated().map { StrayEntry(id: $1, payload: UInt64($0) &* 0x9E37_79B9) }
    let root = try StrayRun.build(strays, mix: .example, into: &extents)
    #expect(digest(extents) == "63dda4e91fd5b1cb50f53e0e4de15708")
    #expect(root.count == 20_000)
  }

  @Test("one stray")
  func oneStray() throws {
    var extents = MemoryExtents()
    let stray = StrayEntry(id: three[0], payload: 0x0123_4567_89AB_CDEF)
    let root = try StrayRun.build([stray], mix: .example, into: &extents)
    var writer = ByteWriter()
    root.append(to: &writer)
    #expect(
      hex(writer.bytes) == "0100000001000000d6d6051bf8a38c2d010000004eae1f6e038445010000000000")
    #expect(
      hex(bytes(extents.extents[0])) == """
        4eae1f6e03844501000000000100007b01000000010164d7f30a74b7796f5e4d3c2b1a0900000000\
        0000000000
        """)
  }
}
