import Events
import Platform
import Testing

@testable import Store

@Suite("The store's parts") struct PartsTests {
  @Test("ids are found where they were put, also after removals", arguments: UInt64(0)..<24)
  func hotIDs(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    var ids = HotIDs(key: HotIDs.Key(high: random.next(), low: random.next()))
    var model: [EventID: HotPlace] = [:]
    // Some seeds have ids whose chance part is always the same.
    let isWeak = seed % 3 == 0
    for step in 0..<3_000 {
      let number = UInt64.random(in: 0..<600, using: &random)
      let one = isWeak ? id(7, milliseconds: Int64(number)) : id(number)
      let place = HotPlace(batch: Int64(step), row: Int.random(in: 0...65_535, using: &random))
      if let known = model[one] {
        let isNew = ids.insertUnlessMet(one, at: place)
        #expect(!isNew)
        ids.remove(one, at: place)  // Never inserted: nothing happens.
        if Bool.random(using: &random) {
          ids.remove(one, at: known)
          model[one] = nil
        }
      } else {
        let isNew = ids.insertUnlessMet(one, at: place)
        #expect(isNew)
        model[one] = place
      }
    }
    #expect(ids.count == model.count)
    for number in 0..<UInt64(600) {
      let one = isWeak ? id(7, milliseconds: Int64(number)) : id(number)
      var found: [HotPlace] = []
      ids.forEachCandidate(for: one) { found.append($0) }
      #expect(found == (model[one].map { [$0] } ?? []))
    }
  }

  @Test("a place packs into 64 bits and comes back")
  func places() {
    for place in [
      HotPlace(batch: 0, row: 0), HotPlace(batch: 1, row: 65_535),
      HotPlace(batch: 1 << 47 - 1, row: 9_999),
    ] { #expect(HotPlace(packed: place.packed) == place) }
  }

  @Test("ranges hold the numbers of a set, whatever the order", arguments: UInt64(0)..<48)
  func sequenceRanges(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    var ranges = SequenceRanges()
    var model: Set<UInt64> = []
    var stored: Set<UInt64> = []
    // The numbers of half of the seeds stand at the end of all numbers.
    let base = seed % 2 == 0 ? 1 : UInt64.max - 79
    for _ in 0..<30 {
      let first = base + UInt64.random(in: 0..<80, using: &random)
      let last = first + UInt64.random(in: 0...min(7, UInt64.max - first), using: &random)
      let (merged, swallowed) = ranges.insert(first...last)
      model.formUnion(first...last)
      for range in swallowed {
        let known = stored.remove(range.lowerBound)
        #expect(known != nil)
      }
      stored.insert(merged.lowerBound)
      #expect(ranges.ranges.flatMap { Array($0) } == model.sorted())
      #expect(Set(ranges.ranges.map(\.lowerBound)) == stored)
      let hole = (UInt64(1)...200).first { !model.contains($0) } ?? 201
      #expect(ranges.durableThrough == (hole == 1 ? nil : hole - 1))
    }
  }

  @Test("rows in a set, in its stored form and in a union", arguments: UInt64(0)..<16)
  func rowSets(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let rows = Int.random(in: 1..<70, using: &random)
    func pick() -> (RowSet, Set<Int>) {
      var set = RowSet(rows: rows)
      var model: Set<Int> = []
      for _ in 0..<Int.random(in: 0..<90, using: &random) {
        let row = Int.random(in: 0..<rows, using: &random)
        set.insert(row)
        model.insert(row)
      }
      return (set, model)
    }
    let (a, modelA) = pick()
    let (b, modelB) = pick()
    let union = a.union(b)
    #expect(union.count == modelA.union(modelB).count && a.isFull == (modelA.count == rows))
    #expect((0..<rows).allSatisfy { union.contains($0) == modelA.union(modelB).contains($0) })
    #expect(RowSet(stored: a.stored ?? [], rows: rows) == a)
    // Bits behind the last row are none of its rows.
    #expect(RowSet(stored: Array(repeating: 0xFF, count: 99), rows: rows).isFull)
    #expect(RowSet(stored: [0xFF], rows: 3).count == 3)
  }

  @Test("rejected rows come back from a receipt, and as many as can be from one that was cut")
  func rejectedRows() {
    let rows = [
      RejectedRow(row: 0, code: "time", reason: ""),
      RejectedRow(row: 65_535, code: "näme", reason: String(repeating: "x", count: 300)),
    ]
    let bytes = RejectedRow.encode(rows)
    #expect(RejectedRow.decode(bytes) == rows)
    for cut in bytes.indices {
      #expect(rows.starts(with: RejectedRow.decode(Array(bytes[..<cut]))))
    }
  }
}
