import Columns
import Events
import Query
import QueryModel
import SealedModel
import Sections
import Testing

@testable import Kernels

@Suite("Filters head by head") struct HeadFilterTests {
  /// The ids of the rows among these that pass, in chunks of a size.
  static func passing(
    _ filter: EventFilter, _ sealed: Sealed, _ number: Int, rows: Range<Int>, chunk size: Int
  ) throws -> [EventID] {
    let section = sealed.snapshot.sections[number]
    let room = HeadChunk.Room()
    var found: [EventID] = []
    for head in section.heads.indices {
      let chunk = try HeadChunk(head, of: section, in: room)
      guard let own = try HeadFilter(filter, section: number, chunk) else { continue }
      let objects = try chunk.objects(in: rows)
      for start in stride(from: objects.lowerBound, to: objects.upperBound, by: size) {
        chunk.load(start..<min(start + size, objects.upperBound))
        try own.load(chunk)
        try chunk.findRows()
        for object in own.chosen.places.prefix(own.chosen.count) {
          found.append(sealed.rows[number][Int(chunk.rows[Int(object)])].id)
        }
      }
    }
    return found
  }

  @Test("the objects that pass are those of the rows that pass", arguments: 0..<600)
  func rows(seed: Int) throws {
    var random = seeded(UInt64(seed))
    let mix = ModelMix.some(UInt64(seed))
    let history = ModelHistory.random(mix, using: &random)
    let sealed = try Sealed(history, parts: Int.random(in: 1...3, using: &random), using: &random)
    for _ in 0..<4 {
      let from = mix.firstDay + Int64.random(in: -1...10, using: &random)
      let range = days(from, from + Int64.random(in: 0...13, using: &random))
      let selector = try EventSelector(
        Bool.random(using: &random) ? [] : ["view", "é"],
        where: try Filter(.random(depth: 3, using: &random)))
      let filter: EventFilter
      do { filter = try EventFilter(Scope(range), selector) } catch { continue }
      guard filter.test.isOfHeads else { continue }
      for (number, section) in sealed.snapshot.sections.enumerated() {
        let low = Int.random(in: 0...section.rowCount, using: &random)
        let rows = low..<Int.random(in: low...section.rowCount, using: &random)
        let reader = try BlockReader(section)
        let blocks = try BlockFilter(filter, section: number, reader)
        var expected: [EventID] = []
        for block in 0..<section.blockCount {
          try reader.load(block)
          for row in blocks.rows.prefix(try blocks.load(reader)) {
            let row = reader.firstRow + Int(row)
            if rows.contains(row) { expected.append(sealed.rows[number][row].id) }
          }
        }
        let size = Bool.random(using: &random) ? 1_024 : Int.random(in: 1...50, using: &random)
        let found = try Self.passing(filter, sealed, number, rows: rows, chunk: size)
        try #require(found.count == expected.count, "\(selector.filter.condition) \(rows)")
        #expect(Set(found) == Set(expected))
      }
    }
  }

  @Test("a text is found wherever it occurs first", arguments: 0..<300)
  func search(seed: Int) {
    var random = seeded(UInt64(seed))
    let letters = Array("ab\u{7F}".utf8) + [0x80, 0xE1, 0]
    func text(_ count: Int) -> [UInt8] {
      (0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] }
    }
    let bytes = text(Int.random(in: 0...90, using: &random))
    let part = text(Int.random(in: 1...4, using: &random))
    let search = ByteSearch(for: part)
    for start in 0...bytes.count {
      let expected = (start..<max(start, bytes.count - part.count + 1)).first {
        Array(bytes[$0..<($0 + part.count)]) == part
      }
      let found = search.first(in: bytes.span, from: start)
      #expect(found == expected)
    }
  }

  @Test("of a dictionary's texts those are found that contain a text", arguments: 0..<200)
  func entries(seed: Int) {
    var random = seeded(UInt64(seed))
    var texts = TextRows()
    var expected: [UInt8] = []
    let part = Array("aba".prefix(Int.random(in: 1...3, using: &random)).utf8)
    for _ in 0..<Int.random(in: 0...30, using: &random) {
      let text = (0..<Int.random(in: 0...6, using: &random)).map { _ in
        UInt8(ascii: Bool.random(using: &random) ? "a" : "b")
      }
      texts.append(text.span)
      let holds = text.indices.contains { text[$0...].starts(with: part) }
      expected.append(holds ? 1 : 0)
    }
    #expect(
      LexiconVerdicts.verdicts(of: texts, containing: part, isNot: false) == expected)
    #expect(
      LexiconVerdicts.verdicts(of: texts, containing: part, isNot: true)
        == expected.map { 1 - $0 })
  }
}
