package import Events
package import Platform

// The root of a run of strays; integers are little-endian:
//
//   u32   version, 1
//   u32   entries
//   u64   mark of the mix that made the keys
//         page directory (PageDirectory.swift)

/// The small part of a run, which stays in memory.
package struct StrayRunRoot: Sendable, Equatable {
  package static let version: UInt32 = 1

  package let count: Int
  let mark: UInt64
  let directory: PageDirectory

  init(count: Int, mark: UInt64, directory: PageDirectory) {
    self.count = count
    self.mark = mark
    self.directory = directory
  }

  package init(decoding bytes: Span<UInt8>) throws(SectionProblem) {
    var reader = ByteReader()
    let version: UInt32
    do {
      version = try reader.integer(UInt32.self, bytes)
      count = Int(try reader.integer(UInt32.self, bytes))
      mark = try reader.integer(UInt64.self, bytes)
    } catch {
      throw .badRoot(at: reader.position)
    }
    guard version == Self.version else { throw .unknownVersion(version) }
    directory = try PageDirectory(from: &reader, bytes, atMost: count)
    guard directory.firsts.isEmpty == (count == 0), reader.isAtEnd(of: bytes) else {
      throw .badRoot(at: reader.position)
    }
  }

  package func append(to writer: inout ByteWriter) {
    writer.append(littleEndian: Self.version)
    writer.append(littleEndian: UInt32(count))
    writer.append(littleEndian: mark)
    directory.append(to: &writer)
  }

  /// Bytes that this takes in memory.
  package var residentByteCount: Int {
    MemoryLayout<Self>.size + directory.firsts.count * 4
  }
}

/// A sorted run of a project's stray ids: one tier of the index that answers for every id which is not
/// near its row. It is keyed by the id's day, so whatever times ids claim costs bytes, not files.
package struct StrayRun: Sendable {
  package let root: StrayRunRoot
  let mix: IDMix
  let pages: SortedPages

  package init(
    _ root: StrayRunRoot, source: any ExtentSource, mix: IDMix
  ) throws(SectionProblem) {
    guard root.mark == mix.mark else { throw .foreignSecret }
    self.root = root
    self.mix = mix
    pages = SortedPages(
      directory: root.directory, source: source,
      tailWidth: PackedStray.tailWidths.reduce(0, +), keyTailWidth: PackedStray.keyTailWidth)
  }

  package var extentCount: Int { pages.extentCount }

  /// An id of a batch that the run has, and the payload of its first copy.
  package struct Hit: Hashable, Sendable {
    package let index: Int
    package let payload: UInt64
  }

  /// Which of these ids the run has: exactly, for an entry is a whole id.
  package func find(_ batch: StrayBatch) throws(SectionProblem) -> [Hit] {
    var hits = Hits(times: batch.times)
    try pages.find(batch.order, of: batch.entries, &hits)
    return hits.found
  }

  private struct Hits: PageVisitor {
    let times: [UInt32]
    var found: [Hit] = []

    mutating func visit(_ entry: KeyEntry, page: SortedPage, index: Int, extent: Int) {
      let stray = PackedStray(number: entry.value, page: page, index: index)
      let number = Int(entry.number)
      guard stray.millisecondOfDay == times[number] else { return }
      found.append(Hit(index: number, payload: stray.payload))
    }
  }
}

/// Ids that are looked for among strays together, sorted by day and key.
package struct StrayBatch: Sendable {
  let entries: [KeyEntry]
  let order: [UInt32]
  /// The millisecond of each id's day, in the caller's order.
  let times: [UInt32]

  package init(_ ids: [EventID], mix: IDMix) {
    var entries: [KeyEntry] = []
    entries.reserveCapacity(ids.count)
    var times: [UInt32] = []
    times.reserveCapacity(ids.count)
    for (index, id) in ids.enumerated() {
      let stray = PackedStray(id, payload: 0, mix: mix)
      entries.append(KeyEntry(stray.number, tail: stray.keyTail, number: UInt32(index)))
      times.append(stray.millisecondOfDay)
    }
    KeySort.sort(&entries)
    self.entries = entries
    self.times = times
    order = entries.indices.map { UInt32($0) }
  }
}
