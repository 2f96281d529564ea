import Columns
import Compression
import Events
import Platform
import Testing

@testable import Sections

@Suite("Merging sections in a stream") struct StreamedMergeTests {
  private let decompressor = ZstdDecompressor()

  private func streamed(
    _ pieces: [EncodedSection], dropping: RowDropping = .nothing
  ) throws -> EncodedSection? {
    var merge = StreamedMerge(
      project: "acme", window: pieces[0].directory.window, secret: secret, dropping: dropping)
    for piece in pieces { try merge.add(try Section(piece)) }
    let bin = ExtentBin()
    guard let directory = try merge.finish(into: bin, ZstdCompressor(), decompressor) else {
      return nil
    }
    return EncodedSection(
      directory: try SectionDirectory(decoding: directory.encoded), extents: bin.extents)
  }

  private func parts(
    _ events: [Event], _ count: Int, _ random: inout SeededGenerator
  ) throws -> [EncodedSection] {
    var parts: [[Event]] = Array(repeating: [], count: count)
    for event in events {
      // Some parts are long, some short; windows that a part does not touch have no section of it.
      let part = Int.random(in: 0..<parts.count * 2, using: &random)
      parts[min(part, parts.count - 1)].append(event)
    }
    return try parts.flatMap { try sections(of: $0, batchSize: 64) }
  }

  @Test("what is merged in a stream is the section of all its rows", arguments: 0..<40)
  func merge(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed + 900))
    let events = randomEvents(
      [3, 200, 1_025, 2_100, 5_000][seed % 5], &random, ties: seed % 3 == 0)
    let pieces = try parts(events, 1 + seed % 8, &random)
    for whole in try sections(of: events, batchSize: 64) {
      let window = whole.directory.window
      let mine = pieces.filter { $0.directory.window == window }
      let merged = try #require(try streamed(mine))
      try expectSame(try Section(merged), try Section(whole))
      #expect(merged.directory.idRoot == whole.directory.idRoot)
    }
  }

  @Test("rows that are dropped leave nothing behind", arguments: 0..<30)
  func dropping(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed + 7_000))
    let events = randomEvents([40, 1_025, 2_500][seed % 3], &random, ties: seed % 2 == 0)
    let times = events.map(\.cts).sorted()
    let cut = times[times.count * (seed % 7) / 7]
    let victims = Set(
      events.compactMap { person(of: $0) }.enumerated().filter { $0.offset % 5 == 0 }
        .map(\.element))
    let dropping: RowDropping =
      seed % 2 == 0
      ? .before(cut)
      : RowDropping { person in
        person.map { victims.contains($0) } == true ? .min ... .max : .min...(cut - 1)
      }
    let pieces = try parts(events, 1 + seed % 6, &random)
    let kept = events.filter { event in
      if event.cts < cut { return false }
      return seed % 2 == 0 || person(of: event).map { !victims.contains($0) } ?? true
    }
    let expected = try sections(of: kept, batchSize: 64)
    for window in Set(pieces.map(\.directory.window)) {
      let mine = pieces.filter { $0.directory.window == window }
      let merged = try streamed(mine, dropping: dropping)
      guard let whole = expected.first(where: { $0.directory.window == window }) else {
        #expect(merged == nil)
        continue
      }
      let found = try Section(try #require(merged))
      try expectSame(found, try Section(whole))
      #expect(found.directory.shapes.count <= Set(kept.map { "\($0.props) \($0.ctx)" }).count * 2)
    }
  }

  @Test("merges of merges are the same once more")
  func again() throws {
    var random = SeededGenerator(seed: 4)
    let events = randomEvents(4_000, &random, ties: true)
    let pieces = try parts(events, 8, &random)
    for whole in try sections(of: events, batchSize: 64) {
      let mine = pieces.filter { $0.directory.window == whole.directory.window }
      guard mine.count > 2 else { continue }
      let first = try #require(try streamed(Array(mine[..<2])))
      let second = try #require(try streamed(Array(mine[2...])))
      let all = try #require(try streamed([first, second]))
      try expectSame(try Section(all), try Section(whole))
      #expect(all.directory.idRoot == whole.directory.idRoot)
    }
  }

  @Test(
    "damaged input ends in an error, and never in a section that lacks something", arguments: 0..<60
  )
  func damage(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let events = randomEvents(1_500, &random)
    let pieces = try parts(events, 3, &random)
    let window = pieces[0].directory.window
    var mine = pieces.filter { $0.directory.window == window }
    let total = mine.reduce(0) { $0 + $1.directory.rowCount }
    let victim = Int.random(in: 0..<mine.count, using: &random)
    let place = Int.random(in: 0..<mine[victim].extents.count, using: &random)
    var bytes = mine[victim].extents[place].withBytes { Array($0) }
    if seed % 3 == 0 {
      bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
    } else {
      for _ in 0..<(1 + seed % 40) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] ^=
          1 << UInt8.random(in: 0..<8, using: &random)
      }
    }
    var extents = mine[victim].extents
    extents[place] = Extent(bytes.span)
    mine[victim] = EncodedSection(directory: mine[victim].directory, extents: extents)
    do {
      // Checksums are the file's matter: bits that changed a value here are a value.
      let merged = try streamed(mine)
      #expect(merged?.directory.rowCount == total)
    } catch is SectionProblem {}
  }

  private func expectSame(_ merged: Section, _ expected: Section) throws {
    #expect(try records(of: merged) == records(of: expected))
    let (runs, expectedRuns) = (try merged.runs(), try expected.runs())
    #expect(runs.highs == expectedRuns.highs && runs.lows == expectedRuns.lows)
    #expect(
      (0..<runs.count).map { runs.rows(of: $0) }
        == (0..<expectedRuns.count).map { expectedRuns.rows(of: $0) })
    #expect(Set(merged.heads) == Set(expected.heads))
    #expect(merged.directory.times == expected.directory.times)
    // Ids of strays outlive their rows.
    let (idTimes, expectedTimes) = (merged.directory.idTimes, expected.directory.idTimes)
    #expect(idTimes.lowerBound <= expectedTimes.lowerBound)
    #expect(idTimes.upperBound >= expectedTimes.upperBound)
    if merged.directory.strays == .none { #expect(idTimes == expectedTimes) }
    #expect(merged.directory.ctxCount == expected.directory.ctxCount)
    #expect(merged.directory.keys.count <= expected.directory.keys.count)
    let (rollup, expectedRollup) = (try merged.rollup(), try expected.rollup())
    for (code, head) in merged.heads.enumerated() {
      let other = try #require(expected.heads.firstIndex(of: head))
      #expect(merged.directory.headRows[code] == expected.directory.headRows[other])
      #expect(
        rollup.quarters[rollup.cells(ofHead: code)]
          == expectedRollup.quarters[expectedRollup.cells(ofHead: other)])
      #expect(
        rollup.counts[rollup.cells(ofHead: code)]
          == expectedRollup.counts[expectedRollup.cells(ofHead: other)])
    }
    // Every id is found where its row is.
    let ids = try merged.ids(secret.ids)
    let all = try ids.all(merged)
    let hits = try ids.findWithStrays(IDBatch(all, mix: secret.ids))
    #expect(Set(hits.map(\.index)).count == all.count)
    let rows = try ids.rows(at: hits.map(\.position))
    var times = try merged.times()
    for (hit, row) in zip(hits, rows) where row == hit.index {
      #expect(
        try ids.confirms(all[hit.index], row: hit.index, time: try times.value(at: hit.index)))
    }
    #expect(zip(hits, rows).allSatisfy { $0.index == $1 })
  }

  private func records(of section: Section) throws -> [[UInt8]] {
    var reader = try RecordReader(section, ids: secret.ids, decompressor)
    return try (0..<section.rowCount).map { row in
      var writer = ByteWriter()
      try reader.append(row, to: &writer)
      return writer.bytes
    }
  }
}
