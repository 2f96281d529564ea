import Columns
package import Events

/// The ids of many rows, block by block: for one thread. It holds on to the pages that it has met, for
/// neighbouring rows have their keys anywhere in a section.
package struct IDCursor {
  /// So many extents are held at once: 64 MiB.
  private static let mostHeld = 1_024

  private let ids: IDSection
  private var held: [Extent?]
  private var heldCount = 0
  private var positions = [UInt32](repeating: 0, count: Lanes.blockCount)

  package init(_ ids: IDSection) {
    self.ids = ids
    held = Array(repeating: nil, count: ids.pages.extentCount)
  }

  /// Calls `body` with the id of each of these rows of a block in turn; `times` are those of the block.
  package mutating func forEach(
    _ rows: Span<UInt16>, ofBlock block: Int, _ times: Span<Int64>,
    _ body: (_ index: Int, EventID) -> Void
  ) throws(SectionProblem) {
    try loadPositions(block)
    let hasGaps = ids.root.hasGaps
    var index = 0
    while index < rows.count {
      let place = Int(rows[index])
      let row = block * Lanes.blockCount + place
      guard row < ids.root.count else { throw .column("no id of row \(row)") }
      let time = hasGaps ? try ids.idTime(ofRow: row, time: times[place]) : times[place]
      let position = Int(positions[place])
      guard position < ids.root.count else { throw .column("no id at \(position)") }
      body(index, ids.mix.id(try key(at: position), milliseconds: time))
      index &+= 1
    }
  }

  private mutating func loadPositions(_ block: Int) throws(SectionProblem) {
    let permutation = ids.permutation
    if permutation.width == 0 { return }
    let (extent, offset) = try ids.permutationBlock(block)
    unsafe positions.withUnsafeMutableBufferPointer { positions in
      guard let target = positions.baseAddress else { return }
      // SAFETY: `permutationBlock` has checked that the block's bytes are there, and the buffer has
      // room for a block.
      unsafe Lanes.unpack(extent.start + offset, width: permutation.width, into: target)
    }
    withExtendedLifetime(extent) {}
  }

  /// As `SortedPages.withPage(at:)`, but for extents that are held.
  private mutating func key(at position: Int) throws(SectionProblem) -> IDKey {
    let pages = ids.pages
    var (low, high) = (0, pages.pageCount)
    var (lowPosition, highPosition) = (0, ids.root.count)
    while low < high {
      let share = Double(position - lowPosition) / Double(max(1, highPosition - lowPosition))
      let guess = min(high - 1, max(low, low + Int(share * Double(high - low))))
      let number = guess / SortedPageWriter.pagesPerExtent
      let extent = try extent(number)
      defer { withExtendedLifetime(extent) {} }
      let page = try pages.page(guess, in: extent)
      if position < page.position {
        (high, highPosition) = (guess, page.position)
      } else if position - page.position >= page.count {
        (low, lowPosition) = (guess + 1, page.position + page.count)
      } else {
        let index = position - page.position
        guard let value = page.value(at: index) else { throw .damaged(extent: number) }
        let tail = page.tail(index, width: IDKey.tailWidth)
        return IDKey(value: value, tail: UInt16(truncatingIfNeeded: tail))
      }
      guard lowPosition <= position, position < highPosition else {
        throw .damaged(extent: number)
      }
    }
    throw .column("no key at \(position)")
  }

  private mutating func extent(_ number: Int) throws(SectionProblem) -> Extent {
    if number < held.count, let extent = held[number] { return extent }
    let extent = try ids.source.extent(number)
    guard number < held.count else { return extent }
    if heldCount == Self.mostHeld {
      for index in held.indices { held[index] = nil }
      heldCount = 0
    }
    held[number] = extent
    heldCount += 1
    return extent
  }
}
