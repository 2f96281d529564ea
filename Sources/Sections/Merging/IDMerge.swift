import Columns
import Events
import Platform

/// Merges the ids of all inputs: the sorted keys page by page, then for each row of the result where its
/// key is now, then when its id was made. The same bytes as if all ids had been sorted at once.
struct IDMerge {
  private let inputs: [MergeInput]
  private let order: RowOrder
  private var keys: KeyOrder
  private var timeMap = IDTimeMap.Builder()
  /// Of ids that are near their rows.
  private var nearTimes: ClosedRange<Int64>?
  /// Of all ids.
  private(set) var times: ClosedRange<Int64>?
  private let mix: IDMix

  init(_ inputs: [MergeInput], order: RowOrder, mix: IDMix) {
    self.inputs = inputs
    self.order = order
    self.mix = mix
    keys = KeyOrder(inputs: inputs.count)
  }

  mutating func run(into stream: inout ExtentStream) throws(SectionProblem) -> IDSectionRoot {
    let directory = try mergeKeys(into: &stream)
    guard keys.count - keys.droppedCount == order.taken else { throw .column("ids") }
    try writePermutation(into: &stream)
    keys = KeyOrder(inputs: 0)
    let hasGaps = inputs.contains { $0.ids.root.hasGaps }
    try writeTimes(hasGaps: hasGaps, into: &stream)
    return IDSectionRoot(
      count: order.taken, mark: mix.mark, hasGaps: hasGaps, directory: directory,
      timeMap: timeMap.finish(count: order.taken), times: nearTimes)
  }

  // MARK: Keys

  /// More keys than one page can hold, whatever they are.
  private static let enough = SortedPage.byteCount * 8 / (IDKey.tailWidth + 1)

  private mutating func mergeKeys(
    into stream: inout ExtentStream
  ) throws(SectionProblem) -> PageDirectory {
    let dropped = try droppedPositions()
    var feeds: [KeyFeed] = []
    for input in inputs { feeds.append(try KeyFeed(input.ids)) }
    var writer = SortedPageWriter(tailWidths: [IDKey.tailWidth])
    var waiting: [IDKey] = []
    waiting.reserveCapacity(2 * Self.enough)
    var written = 0
    while true {
      var least = -1
      for index in feeds.indices where !feeds[index].isAtEnd {
        if least < 0 || feeds[index].key.precedes(feeds[least].key) { least = index }
      }
      if least < 0 { break }
      let isDropped = dropped[least].contains(feeds[least].position)
      keys.append(least, isDropped: isDropped)
      if !isDropped { waiting.append(feeds[least].key) }
      try feeds[least].advance()
      if waiting.count == 2 * Self.enough {
        try Self.write(&waiting, untilFewerThan: Self.enough, &written, &writer, &stream)
      }
    }
    try Self.write(&waiting, untilFewerThan: 1, &written, &writer, &stream)
    try writer.flush(into: &stream)
    return PageDirectory(writer.firsts)
  }

  private static func write(
    _ keys: inout [IDKey], untilFewerThan few: Int, _ written: inout Int,
    _ writer: inout SortedPageWriter, _ stream: inout ExtentStream
  ) throws(SectionProblem) {
    var start = 0
    while keys.count - start >= few {
      let first = start
      let count = writer.writePage(
        available: keys.count - first, position: written,
        value: { keys[first &+ $0].value },
        tail: { index, _ in UInt64(keys[first &+ index].tail) })
      start += count
      written += count
      if writer.isExtentFull { try writer.flush(into: &stream) }
    }
    keys.removeFirst(start)
  }

  private struct Bits {
    var words: [UInt64] = []

    @inline(__always)
    func contains(_ bit: Int) -> Bool {
      !words.isEmpty && words[bit &>> 6] &>> UInt64(bit & 63) & 1 == 1
    }
  }

  /// By input: the positions of the keys whose rows are left out.
  private func droppedPositions() throws(SectionProblem) -> [Bits] {
    var dropped = Array(repeating: Bits(), count: inputs.count)
    guard order.dropped > 0 else { return dropped }
    for index in inputs.indices {
      dropped[index].words = Array(repeating: 0, count: (inputs[index].ids.root.count + 63) / 64)
    }
    let feeds = inputs.map { PositionFeed($0.ids) }
    var steps = order.steps
    while let step = steps.nextStep() {
      guard step.kind == .drop else {
        feeds[step.input].skip(step.count)
        continue
      }
      for _ in 0..<step.count {
        let position = try feeds[step.input].next()
        dropped[step.input].words[position &>> 6] |= 1 &<< UInt64(position & 63)
      }
    }
    return dropped
  }

  // MARK: Rows

  private func writePermutation(into stream: inout ExtentStream) throws(SectionProblem) {
    let permutation = RowPermutation(count: order.taken)
    guard permutation.width > 0 else { return }
    let feeds = inputs.map { PositionFeed($0.ids) }
    var block: [UInt32] = []
    block.reserveCapacity(Lanes.blockCount)
    var blocks = 0
    var bytes: [UInt8] = []
    func finishBlock(_ stream: inout ExtentStream) throws(SectionProblem) {
      Lanes.pack(block.span, width: permutation.width, appendingTo: &bytes)
      block.removeAll(keepingCapacity: true)
      blocks += 1
      guard blocks % permutation.blocksPerExtent == 0 || blocks == permutation.blocks else {
        return
      }
      try stream.append(bytes.span)
      bytes.removeAll(keepingCapacity: true)
    }
    var steps = order.steps
    while let step = steps.nextStep() {
      let feed = feeds[step.input]
      if step.kind == .drop {
        feed.skip(step.count)
        continue
      }
      var left = step.count
      while left > 0 {
        let position = try feed.next()
        guard position < keys.counts[step.input] else { throw .column("ids") }
        block.append(
          UInt32(truncatingIfNeeded: keys.place(of: position, input: step.input)))
        if block.count == Lanes.blockCount { try finishBlock(&stream) }
        left &-= 1
      }
    }
    if !block.isEmpty { try finishBlock(&stream) }
  }

  private mutating func writeTimes(
    hasGaps: Bool, into stream: inout ExtentStream
  ) throws(SectionProblem) {
    var feeds: [ColumnFeed<IntegerCursor>] = []
    for input in inputs { feeds.append(ColumnFeed(try input.section.times())) }
    let gapFeeds = inputs.map { GapFeed($0.ids) }
    var gaps: [[UInt64]] = []
    var open: [UInt64] = []
    var rows: [Int64] = []
    var steps = order.steps
    while let step = steps.nextStep() {
      let feed = feeds[step.input]
      if step.kind == .drop {
        feed.skip(step.count)
        continue
      }
      let first = feed.index
      rows.removeAll(keepingCapacity: true)
      try feed.take(step.count, into: &rows)
      for index in rows.indices {
        let made = try gapFeeds[step.input].idTime(ofRow: first + index, time: rows[index])
        note(made, row: rows[index])
        guard hasGaps else { continue }
        open.append(IDTimeGaps.zigzag(made &- rows[index]))
        guard open.count == Lanes.blockCount else { continue }
        gaps.append(open)
        open.removeAll(keepingCapacity: true)
        if gaps.count == IDTimeGaps.blocksPerExtent { try Self.write(&gaps, &stream) }
      }
    }
    if !open.isEmpty { gaps.append(open) }
    if !gaps.isEmpty { try Self.write(&gaps, &stream) }
  }

  private static func write(
    _ gaps: inout [[UInt64]], _ stream: inout ExtentStream
  ) throws(SectionProblem) {
    let bytes = IDTimeGaps.encode(gaps)
    gaps.removeAll(keepingCapacity: true)
    try stream.append(bytes.span)
  }

  private mutating func note(_ made: Int64, row: Int64) {
    Self.widen(&times, to: made)
    let (distance, overflow) = made.subtractingReportingOverflow(row)
    if overflow || distance.magnitude > UInt64(IDRoute.reach) { return }
    timeMap.insert(UInt64(made))
    Self.widen(&nearTimes, to: made)
  }

  @inline(__always)
  private static func widen(_ times: inout ClosedRange<Int64>?, to time: Int64) {
    guard let known = times else {
      times = time...time
      return
    }
    if known.contains(time) { return }
    times = min(known.lowerBound, time)...max(known.upperBound, time)
  }
}
