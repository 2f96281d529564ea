package import Events

/// Ids that are looked for together: sorted by key once, so that in every section look-ups that are
/// neighbours touch the same pages.
package struct IDBatch: Sendable {
  /// In the order of the keys; an entry's number is the id's index in the caller's order.
  let entries: [KeyEntry]
  /// Their times, in the same order.
  let times: [UInt64]

  package var count: Int { entries.count }

  package init(_ ids: [EventID], mix: IDMix) {
    self.init(ids, mix: mix, isSorted: true)
  }

  /// `isSorted` false leaves the ids in the caller's order: slower, for measuring by how much.
  package init(_ ids: [EventID], mix: IDMix, isSorted: Bool) {
    var entries: [KeyEntry] = []
    entries.reserveCapacity(ids.count)
    for (index, id) in ids.enumerated() {
      let key = mix.key(of: id)
      entries.append(KeyEntry(key.value, tail: UInt32(key.tail), number: UInt32(index)))
    }
    if isSorted { KeySort.sort(&entries) }
    self.entries = entries
    times = entries.map { ids[Int($0.number)].high >> 16 }
  }

  private init(entries: [KeyEntry], times: [UInt64]) {
    self.entries = entries
    self.times = times
  }

  /// Those ids whose time is in this range, in the same order.
  package func part(in range: Range<Int64>) -> IDBatch {
    let low = UInt64(max(0, range.lowerBound))
    let width = UInt64(max(0, range.upperBound)) &- low
    guard range.upperBound > 0 else { return IDBatch(entries: [], times: []) }
    let rows = times.indices.filter { times[$0] &- low < width }
    if rows.count == count { return self }
    return IDBatch(entries: rows.map { entries[$0] }, times: rows.map { times[$0] })
  }
}

/// An id that a section has, unless it only has one with the same key: `IDSection` says how to tell.
package struct IDHit: Hashable, Sendable {
  /// The index of the id in the batch as the caller made it.
  package let index: Int
  /// Its place among the section's keys.
  package let position: Int
}
