import Columns
import Events

/// The keys of an input in their order, a page at a time.
final class KeyFeed {
  private let pages: SortedPages
  private let count: Int
  private var page = -1
  private var values: [UInt64] = []
  private var tails: [UInt16] = []
  private var next = 0
  /// How many keys were before the one that comes next.
  private(set) var position = 0

  init(_ ids: IDSection) throws(SectionProblem) {
    pages = ids.pages
    count = ids.root.count
    try readPage(behind: nil)
  }

  var isAtEnd: Bool { next == values.count }
  var key: IDKey { IDKey(value: values[next], tail: tails[next]) }

  func advance() throws(SectionProblem) {
    let last = key
    next += 1
    position += 1
    if next == values.count { try readPage(behind: last) }
  }

  private func readPage(behind last: IDKey?) throws(SectionProblem) {
    values.removeAll(keepingCapacity: true)
    tails.removeAll(keepingCapacity: true)
    next = 0
    page += 1
    let extent = page / SortedPageWriter.pagesPerExtent
    guard page < pages.pageCount else {
      // Every row has an id.
      guard position == count else { throw .damaged(extent: max(0, extent - 1)) }
      return
    }
    let number = page
    let (position, count) = (position, count)
    (values, tails) = try pages.withPage(number) { page throws(SectionProblem) in
      var values: [UInt64] = []
      guard page.appendValues(to: &values), page.position == position,
        values.count <= count - position
      else { throw .damaged(extent: extent) }
      let tails = values.indices.map {
        UInt16(truncatingIfNeeded: page.tail($0, width: IDKey.tailWidth))
      }
      return (values, tails)
    }
    // What is merged must be sorted, or an id would be in a place where nobody looks for it.
    var before = last
    for index in values.indices {
      let key = IDKey(value: values[index], tail: tails[index])
      if let before, key.precedes(before) { throw .damaged(extent: extent) }
      before = key
    }
  }
}

extension IDKey {
  @inline(__always)
  func precedes(_ other: IDKey) -> Bool {
    value != other.value ? value < other.value : tail < other.tail
  }
}

/// The permutation of an input, row after row.
final class PositionFeed {
  private let ids: IDSection
  private var positions = [UInt32](repeating: 0, count: Lanes.blockCount)
  private var loaded = -1
  private var row = 0

  init(_ ids: IDSection) { self.ids = ids }

  func skip(_ rows: Int) { row += rows }

  /// Where the id of the next row is among the keys.
  func next() throws(SectionProblem) -> Int {
    defer { row &+= 1 }
    guard row < ids.root.count else { throw .column("ids") }
    if ids.permutation.width == 0 { return 0 }
    let block = row / Lanes.blockCount
    if block != loaded { try load(block) }
    let position = Int(positions[row % Lanes.blockCount])
    guard position < ids.root.count else { throw .column("ids") }
    return position
  }

  private func load(_ block: Int) throws(SectionProblem) {
    let (extent, offset) = try ids.permutationBlock(block)
    let permutation = ids.permutation
    // Taken out, so that it is changed in place and not copied.
    var unpacked = positions
    positions = []
    extent.withBytes { bytes in
      let lanes = bytes.extracting(offset..<(offset + permutation.blockBytes))
      var target = unpacked.mutableSpan
      Lanes.unpack(lanes, width: permutation.width, into: &target)
    }
    positions = unpacked
    loaded = block
  }
}

/// When the ids of an input were made, row after row.
final class GapFeed {
  private let ids: IDSection
  private var extent: Extent?
  private var loaded = -1

  init(_ ids: IDSection) { self.ids = ids }

  func idTime(ofRow row: Int, time: Int64) throws(SectionProblem) -> Int64 {
    guard ids.root.hasGaps else {
      guard 0...EventID.maximumMilliseconds ~= time else { throw .column("ids") }
      return time
    }
    let block = row / Lanes.blockCount
    let number = ids.firstGapExtent + block / IDTimeGaps.blocksPerExtent
    if number != loaded {
      extent = try ids.source.extent(number)
      loaded = number
    }
    let gap = extent?.withBytes { bytes in
      IDTimeGaps.gap(
        block: block % IDTimeGaps.blocksPerExtent, row: row % Lanes.blockCount, bytes)
    }
    guard let gap else { throw .damaged(extent: number) }
    let sum = time &+ gap
    guard 0...EventID.maximumMilliseconds ~= sum else { throw .damaged(extent: number) }
    return sum
  }
}
