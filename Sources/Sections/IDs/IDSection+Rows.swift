import Columns
package import Events

extension IDSection {
  /// The rows at these positions, nil where there is none, from one pass over the permutation (`rows`
  /// if the caller knows more, such as the rows of one person): 0.1 ns a row for a few positions.
  package func rows(
    at positions: [Int], in rows: Range<Int>? = nil
  ) throws(SectionProblem) -> [Int?] {
    let rows = (rows ?? 0..<root.count).clamped(to: 0..<root.count)
    if permutation.width == 0 { return positions.map { $0 == 0 && !rows.isEmpty ? 0 : nil } }
    let wanted = unique(positions)
    var search = PositionSearch(wanted)
    let buffer = UnsafeMutablePointer<UInt32>.allocate(capacity: Lanes.blockCount)
    defer { unsafe buffer.deallocate() }
    var row = rows.lowerBound
    while row < rows.upperBound, search.missing > 0 {
      let block = row / Lanes.blockCount
      let (extent, offset) = try permutationBlock(block)
      // SAFETY: `permutationBlock` has checked that the block's bytes are there.
      unsafe Lanes.unpack(extent.start + offset, width: permutation.width, into: buffer)
      withExtendedLifetime(extent) {}
      let start = block * Lanes.blockCount
      let end = min(start + Lanes.blockCount, rows.upperBound)
      let part = unsafe UnsafeBufferPointer(start: buffer + (row - start), count: end - row)
      unsafe search.look(at: part, row: row)
      row = end
    }
    return positions.map { position in
      guard let index = index(of: position, in: wanted) else { return nil }
      return search.rows[index] == .max ? nil : Int(search.rows[index])
    }
  }

  /// The position of a row's key.
  package func position(ofRow row: Int) throws(SectionProblem) -> Int {
    precondition(0..<root.count ~= row, "no row \(row)")
    if permutation.width == 0 { return 0 }
    let (extent, offset) = try permutationBlock(row / Lanes.blockCount)
    defer { withExtendedLifetime(extent) {} }
    // SAFETY: as above.
    let position = unsafe Int(
      Lanes.value(
        at: row % Lanes.blockCount, width: permutation.width, of: extent.start + offset))
    guard position < root.count else {
      throw .damaged(
        extent: firstPermutationExtent + row / Lanes.blockCount / permutation.blocksPerExtent)
    }
    return position
  }

  /// When the id of a row was made, given the row's `cts`.
  package func idTime(ofRow row: Int, time: Int64) throws(SectionProblem) -> Int64 {
    precondition(0..<root.count ~= row, "no row \(row)")
    guard root.hasGaps else { return time }
    let block = row / Lanes.blockCount
    let number = firstGapExtent + block / IDTimeGaps.blocksPerExtent
    let gap = try source.extent(number).withBytes { bytes in
      IDTimeGaps.gap(
        block: block % IDTimeGaps.blocksPerExtent, row: row % Lanes.blockCount, bytes)
    }
    guard let gap else { throw .damaged(extent: number) }
    // The gap was taken modulo 2^64 too, so it is right whatever time a row has.
    let sum = time &+ gap
    guard 0...EventID.maximumMilliseconds ~= sum else {
      throw .damaged(extent: number)
    }
    return sum
  }

  /// Whether ids of this block were made at other times than their rows say.
  func hasGaps(inBlock block: Int) throws(SectionProblem) -> Bool {
    guard root.hasGaps else { return false }
    let number = firstGapExtent + block / IDTimeGaps.blocksPerExtent
    let count = try source.extent(number).withBytes { bytes in
      IDTimeGaps.count(block: block % IDTimeGaps.blocksPerExtent, bytes)
    }
    guard let count else { throw .damaged(extent: number) }
    return count > 0
  }

  /// The id of a row, given the row's `cts`.
  package func id(ofRow row: Int, time: Int64) throws(SectionProblem) -> EventID {
    let milliseconds = try idTime(ofRow: row, time: time)
    let key = try key(at: position(ofRow: row)).key
    return mix.id(key, milliseconds: milliseconds)
  }

  /// Whether the hit's row has this very id.
  package func confirms(
    _ id: EventID, row: Int, time: Int64
  ) throws(SectionProblem) -> Bool {
    try self.id(ofRow: row, time: time) == id
  }

  /// The key at a position, and the extent that has it.
  func key(at position: Int) throws(SectionProblem) -> (key: IDKey, extent: Int) {
    try pages.withPage(at: position, of: root.count) {
      (page, index, extent) throws(SectionProblem) in
      guard let value = page.value(at: index) else { throw .damaged(extent: extent) }
      let tail = UInt16(truncatingIfNeeded: page.tail(index, width: IDKey.tailWidth))
      return (IDKey(value: value, tail: tail), extent)
    }
  }

  func permutationBlock(_ block: Int) throws(SectionProblem) -> (Extent, Int) {
    let number = firstPermutationExtent + block / permutation.blocksPerExtent
    let extent = try source.extent(number)
    let offset = block % permutation.blocksPerExtent * permutation.blockBytes
    guard offset + permutation.blockBytes <= extent.byteCount else {
      throw .damaged(extent: number)
    }
    return (extent, offset)
  }

  private func unique(_ positions: [Int]) -> [UInt32] {
    var sorted = positions.filter { 0..<root.count ~= $0 }.map { UInt32($0) }
    sorted.sort()
    var last: UInt32? = nil
    return sorted.filter { position in
      defer { last = position }
      return position != last
    }
  }

  private func index(of position: Int, in sorted: [UInt32]) -> Int? {
    guard 0..<root.count ~= position else { return nil }
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < UInt32(position) { low = middle + 1 } else { high = middle }
    }
    return low < sorted.count ? low : nil
  }
}
