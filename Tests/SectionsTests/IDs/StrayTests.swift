import Events
import Platform
import Testing

@testable import Sections

@Suite("Stray ids") struct StrayTests {
  private func run(_ entries: [StrayEntry]) throws -> StrayRun {
    var extents = MemoryExtents()
    let root = try StrayRun.build(entries, mix: .example, into: &extents)
    return try StrayRun(root, source: extents, mix: .example)
  }

  private func entries(_ world: IDWorld, _ count: Int, seed: UInt64) -> [StrayEntry] {
    var random = RandomGenerator(SeededRandom(seed: seed &+ 1_000))
    return world.ids(count, seed: seed).map { StrayEntry(id: $0, payload: random.next()) }
  }

  private func all(_ run: StrayRun) throws -> [EventID: UInt64] {
    var found: [EventID: UInt64] = [:]
    try run.forEach { (entry) throws(SectionProblem) in found[entry.id] = entry.payload }
    return found
  }

  @Test(
    "a run answers as a dictionary does",
    arguments: [0, 1, 2, 200, 235, 236, 237, 8_000], IDWorld.allCases)
  func agreesWithModel(count: Int, world: IDWorld) throws {
    let entries = entries(world, 2 * count, seed: UInt64(count))
    let kept = entries.indices.filter { $0 % 2 == 0 }.map { entries[$0] }
    let run = try run(kept)
    var model: [EventID: UInt64] = [:]
    for entry in kept { model[entry.id] = entry.payload }
    var found: [EventID: UInt64] = [:]
    for hit in try run.find(StrayBatch(entries.map(\.id), mix: .example)) {
      found[entries[hit.index].id] = hit.payload
    }
    #expect(found == model)
    #expect(try all(run) == model)
  }

  @Test("merged runs answer as one, and the oldest payload counts", arguments: UInt64(0)..<12)
  func merges(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let pool = entries(seed % 2 == 0 ? .farApart : .oneMillisecond, 6_000, seed: seed)
    var model: [EventID: UInt64] = [:]
    var runs: [StrayRun] = []
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      let part = (0..<Int.random(in: 0...3_000, using: &random)).map { _ in
        StrayEntry(
          id: pool[Int.random(in: pool.indices, using: &random)].id, payload: random.next())
      }
      for entry in part where model[entry.id] == nil { model[entry.id] = entry.payload }
      runs.append(try run(part))
    }
    var extents = MemoryExtents()
    let root = try StrayRun.merge(runs, mix: .example, into: &extents)
    let merged = try StrayRun(root, source: extents, mix: .example)
    #expect(try all(merged) == model)
    #expect(root.count == model.count)
  }

  @Test("runs merged in tiers as they come stay few and answer as a dictionary does")
  func tiers() throws {
    var index = StrayIndex()
    var model: [EventID: UInt64] = [:]
    let pool = entries(.farApart, 20_000, seed: 21)
    var random = RandomGenerator(SeededRandom(seed: 22))
    for _ in 0..<150 {
      let part = (0..<100).map { _ in
        StrayEntry(
          id: pool[Int.random(in: pool.indices, using: &random)].id, payload: random.next())
      }
      for entry in part where model[entry.id] == nil { model[entry.id] = entry.payload }
      index = StrayIndex(index.runs + [try run(part)])
      while let range = index.nextMerge {
        var extents = MemoryExtents()
        let root = try StrayRun.merge(Array(index.runs[range]), mix: .example, into: &extents)
        var runs = index.runs
        runs.replaceSubrange(
          range, with: [try StrayRun(root, source: extents, mix: .example)])
        index = StrayIndex(runs)
      }
    }
    #expect(index.runs.count <= 3 * StrayIndex.fanIn)
    let ids = pool.map(\.id)
    #expect(try index.payloads(of: ids, mix: .example) == ids.map { model[$0] })
  }

  @Test("roots and extents with cuts and flips never trap")
  func damage() throws {
    let entries = entries(.farApart, 700, seed: 3)
    var extents = MemoryExtents()
    let root = try StrayRun.build(entries, mix: .example, into: &extents)
    var writer = ByteWriter()
    root.append(to: &writer)
    let batch = StrayBatch(entries.map(\.id), mix: .example)
    for bit in 0..<(writer.bytes.count * 8) {
      var flipped = writer.bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      if bit % 8 == 0 {
        let cut = Array(writer.bytes[..<(bit / 8)])
        #expect(throws: SectionProblem.self) { try StrayRunRoot(decoding: cut.span) }
      }
      // Refusing is right; so is any answer of what is not refused, as long as nothing traps.
      guard let root = try? StrayRunRoot(decoding: flipped.span),
        let run = try? StrayRun(root, source: extents, mix: .example)
      else { continue }
      _ = try? run.find(batch)
    }
    let bytes = extents.extents[0].withBytes { Array($0) }
    var random = RandomGenerator(SeededRandom(seed: 8))
    for round in 0..<1_500 {
      var changed = bytes
      if round % 3 == 0 {
        changed.removeLast(Int.random(in: 1...bytes.count, using: &random))
      } else if round % 3 == 1 {
        changed[round / 3 % 256 % bytes.count] ^= UInt8(random.next() & 0xFF)
      } else {
        changed[Int.random(in: bytes.indices, using: &random)] ^= 1
      }
      let source = MemoryExtents([Extent(changed.span)])
      let run = try StrayRun(root, source: source, mix: .example)
      _ = try? run.find(batch)
      try? run.forEach { (_) throws(SectionProblem) in }
      var sink = MemoryExtents()
      _ = try? StrayRun.merge([run, run], mix: .example, into: &sink)
    }
  }
}
