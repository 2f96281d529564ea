import Platform
import Testing

@testable import Spool

@Suite("Chunk") struct ChunkTests {
  static func records(_ count: Int, seed: UInt64) -> [[UInt8]] {
    var random = RandomGenerator(SeededRandom(seed: seed))
    return (0..<count).map { _ in
      (0..<Int.random(in: 0...60, using: &random)).map { _ in .random(in: 0...255, using: &random) }
    }
  }

  static func chunk(_ records: [[UInt8]]) -> [UInt8] {
    var builder = ChunkBuilder()
    builder.begin(project: "other", first: 1, received: 2)
    builder.append([1, 2, 3].span)
    builder.finish()
    builder.begin(project: "acme-web", first: 77, received: 1_700_000_000_000)
    for record in records { builder.append(record.span) }
    builder.finish()
    return builder.withPayload { Array($0) }
  }

  let everything = BlockLimit(events: .max, bytes: .max)

  @Test("what was put in comes out, from any event on and up to any limit", arguments: 1...20)
  func roundTrip(count: Int) throws {
    let records = Self.records(count, seed: UInt64(count))
    let payload = Self.chunk(records)
    let read = ChunkHeader(payload.span)
    let header = try #require(read)
    #expect(header.count == count && header.first == 77 && header.project == "acme-web")
    #expect(header.received == 1_700_000_000_000)
    for start in 0...count {
      for limit in [1, 3, 100] {
        var block = EventBlock()
        let bound = BlockLimit(events: limit, bytes: .max)
        let taken = header.read(payload.span, from: start, into: &block, limit: bound)
        let expected = Array(records[start...].prefix(limit))
        #expect(taken == expected.count && block.records == expected.flatMap { $0 })
        #expect((0..<block.count).map { Array(block.records[block.range(of: $0)]) } == expected)
      }
    }
    var block = EventBlock()
    let few = header.read(
      payload.span, from: 0, into: &block, limit: BlockLimit(events: 100, bytes: 50))
    #expect(few == 1 || block.records.count <= 50)
  }

  @Test("one flipped bit anywhere is noticed and costs at most one event")
  func bitFlips() throws {
    let records = Self.records(6, seed: 5)
    let payload = Self.chunk(records)
    let whole = ChunkHeader(payload.span)
    let head = try #require(whole).frames.lowerBound
    for place in payload.indices {
      for bit in 0..<8 {
        var bad = payload
        bad[place] ^= 1 << bit
        guard let header = ChunkHeader(bad.span) else {
          #expect(place < head)
          continue
        }
        #expect(place >= head)
        let good = header.salvage(bad.span)
        #expect(good.count == 6)
        let kept = good.count { $0 != nil }
        #expect(kept == (header.frames.contains(place) ? 5 : 6))
        for (number, frame) in good.enumerated() where frame != nil {
          #expect(Array(bad[frame!]) == records[number])
        }
        var block = EventBlock()
        let taken = header.read(bad.span, from: 0, into: &block, limit: everything)
        #expect((taken == nil) == (kept < 6))
      }
    }
  }

  @Test("a payload cut anywhere is no chunk")
  func cuts() {
    let payload = Self.chunk(Self.records(3, seed: 9))
    for length in 0..<payload.count {
      let part = Array(payload[..<length])
      let header = ChunkHeader(part.span)
      #expect(header == nil)
    }
  }

  @Test("random bytes never trap", arguments: UInt64(0)..<50)
  func noise(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    var payload = Self.chunk(Self.records(4, seed: seed))
    for _ in 0..<20 {
      payload[Int.random(in: payload.indices, using: &random)] = .random(
        in: 0...255, using: &random)
    }
    guard let header = ChunkHeader(payload.span) else { return }
    let found = header.salvage(payload.span)
    #expect(found.count == header.count)
  }
}
