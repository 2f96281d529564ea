import Columns
import Query
package import Sections

/// The events that a filter means in one section, block by block: for one thread, beside its reader.
package final class BlockFilter {
  /// Rows of the block that pass, ascending, of which `count` count.
  package let rows = RowList()
  package private(set) var count = 0
  /// A one for each head whose rows may pass.
  package let heads: [UInt8]
  /// Whether no row of the section can pass.
  package let isEmpty: Bool

  private let times: ClosedRange<Int64>?
  private let passesAllHeads: Bool
  private let test: RowTest?
  private let mask = Mask()
  private let other = Mask()
  private var block = -1

  /// `section` is its number in the snapshot.
  package init(
    _ filter: EventFilter, section number: Int, _ reader: BlockReader
  ) throws(SectionProblem) {
    let directory = reader.section.directory
    let heads: [UInt8] = directory.heads.map { filter.names($0) ? 1 : 0 }
    self.heads = heads
    passesAllHeads = heads.allSatisfy { $0 == 1 }
    let times = filter.times
    let isOutside =
      times.isEmpty || times.lowerBound > directory.times.upperBound
      || times.upperBound <= directory.times.lowerBound
    let isInside =
      times.lowerBound <= directory.times.lowerBound
      && times.upperBound > directory.times.upperBound
    self.times = isOutside || isInside ? nil : times.lowerBound...(times.upperBound - 1)
    let isHopeless = isOutside || heads.allSatisfy { $0 == 0 } || filter.test == .nothing
    if isHopeless || filter.isPlain {
      test = nil
      isEmpty = isHopeless
    } else {
      var builder = RowTestBuilder(
        verdicts: filter.verdicts, section: number, reader: reader,
        heads: heads.indices.filter { heads[$0] == 1 })
      let test = try builder.test(filter.test)
      isEmpty = test.constant == false
      self.test = test.constant == nil ? test : nil
    }
  }

  /// Finds the rows of the reader's block.
  @discardableResult
  package func load(_ reader: BlockReader) throws(SectionProblem) -> Int {
    if reader.block == block { return count }
    block = reader.block
    count = 0
    guard !isEmpty else { return 0 }
    let codes = reader.heads.values
    let hidden = reader.section.hidden
    let own = reader.firstRow..<(reader.firstRow + reader.count)
    let isTouched = !hidden.isEmpty && hidden.touches(own)
    if passesAllHeads, times == nil, test == nil, !isTouched {
      count = reader.count
      for row in 0..<count { rows[row] = UInt16(truncatingIfNeeded: row) }
      return count
    }
    var hasAny = true
    if passesAllHeads {
      BlockLoops.fill(mask, reader.count, with: true)
    } else {
      let table = heads
      BlockLoops.look(up: table.span, codes.span.extracting(first: reader.count), into: mask)
    }
    if let times {
      let stamps = reader.times.values
      BlockLoops.isInside(stamps.span.extracting(first: reader.count), times, into: other)
      hasAny = BlockLoops.and(mask, other, reader.count)
    }
    guard hasAny else { return 0 }
    if let test {
      try test.evaluate(reader)
      guard BlockLoops.and(mask, test.mask, reader.count) else { return 0 }
    }
    if isTouched {
      for part in hidden.parts(of: own) { for row in part { mask[row - own.lowerBound] = 0 } }
    }
    count = BlockLoops.compact(mask, reader.count, into: rows)
    return count
  }
}
