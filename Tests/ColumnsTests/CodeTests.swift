import Platform
import Testing

@testable import Columns

@Suite("Columns of codes") struct CodeTests {
  /// Codes in the order of first use, of up to `most` things, and how many there are.
  static func codes(_ count: Int, most: Int, _ random: inout RandomGenerator) -> ([UInt32], Int) {
    var seen: [Int: UInt32] = [:]
    let codes = (0..<count).map { _ in
      let thing = Int.random(in: 0..<most, using: &random)
      if let code = seen[thing] { return code }
      seen[thing] = UInt32(seen.count)
      return UInt32(seen.count - 1)
    }
    return (codes, seen.count)
  }

  @Test("codes come back in both codings", arguments: [1, 2, 50, 255, 256, 400, 5000])
  func roundTrip(most: Int) throws {
    var random = RandomGenerator(SeededRandom(seed: UInt64(most)))
    for count in [0, 1, 3, 300, 1500] {
      let (codes, entries) = Self.codes(count, most: most, &random)
      let plain = Body { CodeColumn.encode(codes, entries: entries, into: &$0) }
      let back = try plain.decode { reader, bytes in
        try CodeColumn.decode(count, entries: entries, from: &reader, bytes.span)
      }
      #expect(back == codes)
      let ranks = Body { RecencyColumn.encode(codes, into: &$0) }
      let same = try ranks.decode { reader, bytes in
        try RecencyColumn.decode(count, entries: entries, from: &reader, bytes.span)
      }
      #expect(same == codes)
    }
  }

  @Test("ranks are places in the list of the latest")
  func ranks() {
    // A B A A C B A, then a model that keeps the whole list.
    let body = Body { RecencyColumn.encode([0, 1, 0, 0, 2, 1, 0], into: &$0) }
    #expect(body.codes == [0, 0, 2, 1, 0, 3, 3])
  }

  @Test("ranks equal those of a plain list", arguments: UInt64(0)..<10)
  func ranksModel(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let (codes, _) = Self.codes(800, most: 600, &random)
    var latest: [UInt32] = []
    var expected: [UInt8] = []
    for code in codes {
      let place = latest.prefix(254).firstIndex(of: code)
      let isNew = !latest.contains(code)
      expected.append(isNew ? 0 : place.map { UInt8($0 + 1) } ?? 255)
      latest.removeAll { $0 == code }
      latest.insert(code, at: 0)
    }
    let body = Body { RecencyColumn.encode(codes, into: &$0) }
    #expect(Array(body.codes.prefix(800)) == expected)
  }

  @Test("damage is refused or harmless")
  func damage() {
    var random = RandomGenerator(SeededRandom(seed: 4))
    for most in [3, 40, 300] {
      let (codes, entries) = Self.codes(350, most: most, &random)
      Body { CodeColumn.encode(codes, entries: entries, into: &$0) }
        .survivesDamage(seed: 1) { reader, bytes in
          _ = try CodeColumn.decode(350, entries: entries, from: &reader, bytes.span)
        }
      Body { RecencyColumn.encode(codes, into: &$0) }
        .survivesDamage(seed: 2) { reader, bytes in
          _ = try RecencyColumn.decode(350, entries: entries, from: &reader, bytes.span)
        }
    }
  }

  @Test("a code before its first use, and an entry that nobody uses, are refused")
  func order() {
    let early = Body { $0.codes = [2, 0, 0] }
    #expect(throws: ColumnProblem.badCode(at: 0)) {
      try early.decode { reader, bytes in
        _ = try CodeColumn.decode(3, entries: 2, from: &reader, bytes.span)
      }
    }
    let unused = Body { $0.codes = [0, 1, 1] }
    #expect(throws: ColumnProblem.badCode(at: 0)) {
      try unused.decode { reader, bytes in
        _ = try CodeColumn.decode(3, entries: 2, from: &reader, bytes.span)
      }
    }
    #expect(throws: ColumnProblem.badCode(at: 0)) {
      try Body { _ in }.decode { reader, bytes in
        _ = try CodeColumn.decode(0, entries: 1, from: &reader, bytes.span)
      }
    }
  }

  @Test("codes that depend on a group come back", arguments: UInt64(0)..<20)
  func grouped(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let count = Int.random(in: 0...400, using: &random)
    let (groups, groupCount) = Self.codes(count, most: seed % 3 == 0 ? 300 : 12, &random)
    let entries = Int.random(in: 1...300, using: &random)
    let codes = groups.map { group in
      Bool.random(using: &random)
        ? UInt32(Int(group) % entries) : UInt32.random(in: 0..<UInt32(entries), using: &random)
    }
    let body = Body { writer in
      GroupedCodeColumn.encode(
        codes, entries: entries, groups: groups, groupCount: groupCount, into: &writer)
    }
    let decode = { (reader: inout ColumnReader, bytes: [UInt8]) throws -> [UInt32] in
      try GroupedCodeColumn.decode(
        entries: entries, groups: groups, groupCount: groupCount, from: &reader, bytes.span)
    }
    let back = try body.decode(decode)
    #expect(back == codes)
    body.survivesDamage(seed: seed) { reader, bytes in _ = try decode(&reader, bytes) }
  }
}
