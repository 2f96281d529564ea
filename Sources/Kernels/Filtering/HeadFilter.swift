import Query
import Sections

/// The objects of one head that a filter means, chunk by chunk: for one thread.
final class HeadFilter {
  /// Objects of the chunk that pass, ascending, of which `count` count.
  let rows = RowList()
  private(set) var count = 0
  /// Nil where all are inside.
  private let times: ClosedRange<Int64>?
  private let test: HeadTest?
  private let mask = Mask()

  /// Nil where no object can pass. `section` is its number in the snapshot.
  init?(
    _ filter: EventFilter, section number: Int, _ chunk: HeadChunk
  ) throws(SectionProblem) {
    let directory = chunk.section.directory
    guard filter.names(directory.heads[chunk.head]), directory.headRows[chunk.head] > 0,
      let isWhole = filter.holdsAll(of: directory.times)
    else { return nil }
    times = isWhole ? nil : filter.times.lowerBound...(filter.times.upperBound - 1)
    let builder = HeadTestBuilder(verdicts: filter.verdicts, section: number, chunk: chunk)
    switch try builder.test(filter.test) {
    case .constant(false): return nil
    case .constant(true): test = nil
    case .test(let made): test = made
    }
    for row in 0..<Section.blockRows { rows[row] = UInt16(truncatingIfNeeded: row) }
  }

  @discardableResult
  func load(_ chunk: HeadChunk) throws(SectionProblem) -> Int {
    count = 0
    let hidden = chunk.section.hidden
    if times == nil, test == nil, hidden.isEmpty {
      // The list has been that of all since the beginning.
      count = chunk.count
      return count
    }
    BlockLoops.fill(mask, chunk.count, with: true)
    if let test {
      try test.evaluate(chunk)
      guard BlockLoops.and(mask, test.mask, chunk.count) else { return 0 }
    }
    if let times {
      try chunk.findTimes()
      BlockLoops.keep(mask, where: chunk.times, isIn: times, chunk.count)
    }
    if !hidden.isEmpty {
      try chunk.findRows()
      for index in 0..<chunk.count where hidden.contains(Int(chunk.rows[index])) { mask[index] = 0 }
    }
    count = BlockLoops.compact(mask, chunk.count, into: rows)
    return count
  }
}

extension EventFilter {
  /// Whether all of these times are the filter's; nil where none is.
  func holdsAll(of times: ClosedRange<Int64>) -> Bool? {
    guard !self.times.isEmpty, self.times.lowerBound <= times.upperBound,
      times.lowerBound < self.times.upperBound
    else { return nil }
    return self.times.lowerBound <= times.lowerBound && times.upperBound < self.times.upperBound
  }
}

extension BlockLoops {
  /// Of the ones those whose values are inside.
  static func keep(
    _ mask: Mask, where values: BlockBuffer<Int64>, isIn bounds: ClosedRange<Int64>, _ count: Int
  ) {
    precondition(count >= 0 && count <= Mask.capacity, "too many rows")
    let (low, high) = (bounds.lowerBound, bounds.upperBound)
    // SAFETY: checked just now.
    let (mask, values) = unsafe (mask.start, values.start)
    var row = 0
    while row < count {
      let value = unsafe values[row]
      unsafe mask[row] &= (value >= low ? 1 : 0) & (value <= high ? 1 : 0)
      row &+= 1
    }
  }

  /// The verdicts that objects share, for each of them: `verdicts` are those of the numbers from
  /// `first` on.
  static func gather(
    _ verdicts: Mask, _ numbers: BlockBuffer<UInt32>, from first: Int, _ objects: Range<Int>,
    into mask: Mask
  ) {
    precondition(objects.lowerBound >= 0 && objects.upperBound <= Mask.capacity, "too many rows")
    let first = UInt32(truncatingIfNeeded: first)
    // SAFETY: checked just now; a verdict's place is below the capacity.
    let (verdicts, numbers, mask) = unsafe (verdicts.start, numbers.start, mask.start)
    var index = objects.lowerBound
    while index < objects.upperBound {
      let place = Int(unsafe numbers[index] &- first) & (Mask.capacity &- 1)
      unsafe mask[index] = verdicts[place]
      index &+= 1
    }
  }
}
