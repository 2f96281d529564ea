import Columns
package import Events

/// Makes the id section of rows that come in their order: 16 bytes of memory a row, and 4 more at
/// the end.
package struct IDSectionBuilder {
  private let mix: IDMix
  private var entries: [KeyEntry] = []
  private var timeMap = IDTimeMap.Builder()
  private var times: ClosedRange<Int64>?
  private var gaps: [[UInt64]] = []
  private var openGaps: [UInt64] = []
  /// Extents of gaps, once there is one that is not 0.
  private var gapExtents: [[UInt8]] = []
  private var hasGaps = false

  package init(mix: IDMix, expecting count: Int = 0) {
    self.mix = mix
    entries.reserveCapacity(count)
  }

  package var count: Int { entries.count }

  /// The next rows' ids, and the times of the rows.
  package mutating func append(_ ids: Span<EventID>, times rows: Span<Int64>) {
    precondition(ids.count == rows.count, "\(ids.count) ids for \(rows.count) rows")
    precondition(entries.count + ids.count <= Int(UInt32.max), "too many rows for one section")
    for index in ids.indices {
      let id = ids[index]
      let key = mix.key(of: id)
      entries.append(
        KeyEntry(key.value, tail: UInt32(key.tail), number: UInt32(entries.count)))
      let milliseconds = id.milliseconds
      append(gap: milliseconds &- rows[index])
      guard !IDRoute.isStray(id, time: rows[index]) else { continue }
      timeMap.insert(UInt64(milliseconds))
      if let known = times {
        if known.contains(milliseconds) { continue }
        times =
          min(known.lowerBound, milliseconds)...max(known.upperBound, milliseconds)
      } else {
        times = milliseconds...milliseconds
      }
    }
  }

  private mutating func append(gap: Int64) {
    if gap != 0 { hasGaps = true }
    openGaps.append(IDTimeGaps.zigzag(gap))
    if openGaps.count == Lanes.blockCount { closeGaps() }
  }

  private mutating func closeGaps() {
    gaps.append(openGaps)
    openGaps.removeAll(keepingCapacity: true)
    if gaps.count == IDTimeGaps.blocksPerExtent { flushGaps() }
  }

  private mutating func flushGaps() {
    gapExtents.append(IDTimeGaps.encode(gaps))
    gaps.removeAll(keepingCapacity: true)
  }

  /// Writes the extents and gives the root.
  package consuming func finish(
    into sink: inout some ExtentSink
  ) throws(SectionProblem) -> IDSectionRoot {
    KeySort.sort(&entries)
    let directory = try writePages(into: &sink)
    try writePermutation(into: &sink)
    if !openGaps.isEmpty { closeGaps() }
    if !gaps.isEmpty { flushGaps() }
    if hasGaps {
      for extent in gapExtents { try sink.append(extent.span) }
    }
    return IDSectionRoot(
      count: entries.count, mark: mix.mark, hasGaps: hasGaps, directory: directory,
      timeMap: timeMap.finish(count: entries.count), times: times)
  }

  private func writePages(
    into sink: inout some ExtentSink
  ) throws(SectionProblem) -> PageDirectory {
    var writer = SortedPageWriter(tailWidths: [IDKey.tailWidth])
    var written = 0
    while written < entries.count {
      written += unsafe entries.withUnsafeBufferPointer { entries in
        // SAFETY: the writer asks for the numbers below `available`.
        writer.writePage(
          available: entries.count - written, position: written,
          value: { unsafe entries[written &+ $0].value },
          tail: { index, _ in UInt64(unsafe entries[written &+ index].tail) })
      }
      if writer.isExtentFull { try writer.flush(into: &sink) }
    }
    try writer.flush(into: &sink)
    return PageDirectory(writer.firsts)
  }

  private func writePermutation(into sink: inout some ExtentSink) throws(SectionProblem) {
    let permutation = RowPermutation(count: entries.count)
    guard permutation.width > 0 else { return }
    let positions = unsafe [UInt32](unsafeUninitializedCapacity: entries.count) { buffer, count in
      // SAFETY: every row is the number of one entry, so each place is written once.
      for position in entries.indices {
        unsafe buffer[Int(entries[position].number)] = UInt32(truncatingIfNeeded: position)
      }
      count = entries.count
    }
    var bytes: [UInt8] = []
    for block in 0..<permutation.blocks {
      let start = block * Lanes.blockCount
      let end = min(start + Lanes.blockCount, positions.count)
      Lanes.pack(
        positions.span.extracting(start..<end), width: permutation.width, appendingTo: &bytes)
      if (block + 1) % permutation.blocksPerExtent == 0 || block + 1 == permutation.blocks {
        try sink.append(bytes.span)
        bytes.removeAll(keepingCapacity: true)
      }
    }
  }
}
