import Compression
import Events
import Platform
import Testing

@testable import Sections

@Suite("Sections") struct SectionTests {
  @Test("every event comes back as it was, in the order of person, time and id", arguments: 0..<30)
  func lossless(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let count = [1, 2, 40, 1_023, 1_024, 1_025, 3_000][seed % 7]
    let events = randomEvents(count, &random)
    var rows = 0
    for encoded in try sections(of: events) {
      let directory = try SectionDirectory(decoding: encoded.directory.encoded)
      #expect(directory == encoded.directory)
      let section = try Section(directory, source: encoded)
      let expected = events.filter { event in
        WindowRule(months: 1_600_000_000_000..<1_900_000_000_000).window(of: event.cts)
          == directory.window
      }.sorted(by: isBefore)
      #expect(section.rowCount == expected.count)
      rows += section.rowCount
      var reader = try RecordReader(
        section, ids: secret.ids, ZstdDecompressor())
      for (row, event) in expected.enumerated() {
        var writer = ByteWriter()
        try reader.append(row, to: &writer)
        let bytes = writer.bytes
        let found = try Event(record: bytes.span)
        try #require(found == event)
      }
    }
    #expect(rows == events.count)
  }

  private func isBefore(_ left: Event, _ right: Event) -> Bool {
    let (a, b) = (person(of: left), person(of: right))
    if a != b {
      guard let a else { return false }
      guard let b else { return true }
      return a < b
    }
    return left.cts != right.cts ? left.cts < right.cts : left.id < right.id
  }
}

func person(of event: Event) -> PersonHash? {
  func hash(_ kind: PersonKind, _ text: String) -> PersonHash {
    let bytes = Array(text.utf8)
    return hasher.hash(kind, bytes.span)
  }
  if let profile = event.profile { return hash(.profile, profile) }
  if let device = event.device { return hash(.device, device) }
  if let visitor = event.visitor { return hash(.visitor, visitor) }
  return nil
}

@Suite("Merging sections") struct MergeTests {
  @Test("sections that are merged are the section of all their events", arguments: 0..<24)
  func merge(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed + 300))
    let events = randomEvents([3, 200, 2_100][seed % 3], &random)
    // Some parts are long, some short; windows that a part does not touch have no section of it.
    var parts: [[Event]] = Array(repeating: [], count: 1 + seed % 5)
    for event in events {
      let part = Int.random(in: 0..<parts.count * 2, using: &random)
      parts[min(part, parts.count - 1)].append(event)
    }
    let pieces = try parts.flatMap { try sections(of: $0, batchSize: 64) }
    for whole in try sections(of: events, batchSize: 64) {
      let window = whole.directory.window
      var merge = SectionMerge(window: window, secret: secret, seed: 5)
      for piece in pieces where piece.directory.window == window {
        try merge.add(try Section(piece), ZstdDecompressor())
      }
      let merged = try Section(try merge.finish(project: "acme"))
      let expected = try Section(whole)
      #expect(try records(of: merged) == records(of: expected))
      let (runs, expectedRuns) = (try merged.runs(), try expected.runs())
      #expect(runs.highs == expectedRuns.highs)
      #expect(runs.firstRows.elementsEqual(expectedRuns.firstRows))
      #expect(merged.heads.count == expected.heads.count)
    }
  }

  private func records(of section: Section) throws -> [[UInt8]] {
    var reader = try RecordReader(section, ids: secret.ids, ZstdDecompressor())
    return try (0..<section.rowCount).map { row in
      var writer = ByteWriter()
      try reader.append(row, to: &writer)
      return writer.bytes
    }
  }
}
