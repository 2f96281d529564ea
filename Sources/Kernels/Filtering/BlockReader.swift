import Columns
import Compression
package import Sections

/// One thread's place in a section: heads and times of a block, and what else of it somebody asked
/// for, each decoded once whoever asks.
package final class BlockReader {
  package let section: Section
  package private(set) var block = -1
  /// Rows of the block.
  package private(set) var count = 0
  package private(set) var heads: CodeCursor
  package private(set) var times: IntegerCursor
  let decompressor = ZstdDecompressor()

  private var changes: [ChangeCursor?] = Array(
    repeating: nil, count: Identity.allCases.count + 1)
  private var sources: CodeCursor?
  private var receipts: IntegerCursor?
  private var groups: HeadGroups
  private var groupedBlock = -1

  package init(_ section: Section) throws(SectionProblem) {
    self.section = section
    heads = try section.headCodes()
    times = try section.times()
    groups = HeadGroups(headCount: section.heads.count)
  }

  /// Goes to a block. What was lent of the one before is gone.
  package func load(_ block: Int) throws(SectionProblem) {
    guard block != self.block else { return }
    self.block = -1
    count = try heads.load(block)
    guard try times.load(block) == count else { throw .column("rows of a block") }
    self.block = block
  }

  /// The first row of the block.
  package var firstRow: Int { block * Section.blockRows }

  // MARK: What some filters ask for

  /// Where other ids of this sort begin in the block; nil for `ctx`.
  func runs(of identity: Identity?) throws(SectionProblem) -> ChangeRuns {
    let place = identity.map { $0.rawValue + 1 } ?? 0
    if changes[place] == nil {
      changes[place] =
        if let identity { try section.changes(of: identity) } else { try section.ctxChanges() }
    }
    try changes[place]?.load(block)
    let runs = changes[place]?.runs ?? ChangeRuns()
    guard runs.rowCount == count else { throw .column("rows of changes") }
    return runs
  }

  func sourceCodes() throws(SectionProblem) -> [UInt32] {
    if sources == nil { sources = try section.sourceCodes() }
    try sources?.load(block)
    return sources?.values ?? []
  }

  /// What is to be added to the time of each row for that of its receipt.
  func receiptDelays() throws(SectionProblem) -> [Int64] {
    if receipts == nil { receipts = try section.receipts() }
    try receipts?.load(block)
    return receipts?.values ?? []
  }

  // MARK: Rows by head

  /// Says that somebody will ask for the rows of these heads.
  func announce(_ heads: [Int]) throws(SectionProblem) {
    try groups.add(heads, of: section)
    groupedBlock = -1
  }

  /// The rows of an announced head in the block, ascending, and which of the head's objects theirs
  /// are.
  func withRows<Result>(
    ofHead head: Int, _ body: (Span<UInt16>, Range<Int>) throws(SectionProblem) -> Result
  ) throws(SectionProblem) -> Result {
    if groupedBlock != block {
      groups.group(heads.values.span, count)
      groupedBlock = block
    }
    let range = groups.rows(ofHead: head)
    let objects = try groups.objects(ofHead: head, block: block, count: range.count)
    let rows = groups.order
    // SAFETY: the range is inside the buffer, which lives until the end of the call.
    let list = unsafe UnsafeBufferPointer(start: rows.start + range.lowerBound, count: range.count)
    defer { extendLifetime(rows) }
    return try body(unsafe list.span, objects)
  }
}

/// The rows of a block by their heads.
struct HeadGroups {
  /// The rows of the announced heads, head after head.
  let order = RowList()
  /// With few heads each is looked for; with more all rows are put in order at once.
  private static let few = 3

  private var wanted: [Int] = []
  private var ranks: [Int: HeadRanks] = [:]
  private var starts: [Int]
  private var ends: [Int]

  init(headCount: Int) {
    starts = Array(repeating: 0, count: headCount)
    ends = starts
  }

  mutating func add(_ heads: [Int], of section: Section) throws(SectionProblem) {
    let new = heads.filter { ranks[$0] == nil }
    for (head, ranks) in zip(new, try section.ranks(ofHeads: new)) {
      self.ranks[head] = ranks
      wanted.append(head)
    }
  }

  mutating func group(_ codes: Span<UInt32>, _ count: Int) {
    if wanted.count <= Self.few {
      var place = 0
      for head in wanted {
        let found = BlockLoops.compact(
          codes.extracting(first: count), equalTo: UInt32(head), into: order, at: place)
        starts[head] = place
        place += found
        ends[head] = place
      }
      return
    }
    Self.sort(codes, count, &starts, &ends, order)
  }

  /// A counting sort.
  private static func sort(
    _ codes: Span<UInt32>, _ count: Int, _ starts: inout [Int], _ ends: inout [Int],
    _ order: RowList
  ) {
    for head in ends.indices { ends[head] = 0 }
    for row in 0..<count { ends[Int(codes[row])] &+= 1 }
    var place = 0
    for head in ends.indices {
      starts[head] = place
      place &+= ends[head]
      ends[head] = starts[head]
    }
    for row in 0..<count {
      let head = Int(codes[row])
      order[ends[head]] = UInt16(truncatingIfNeeded: row)
      ends[head] &+= 1
    }
  }

  func rows(ofHead head: Int) -> Range<Int> { starts[head]..<ends[head] }

  func objects(ofHead head: Int, block: Int, count: Int) throws(SectionProblem) -> Range<Int> {
    guard let before = ranks[head]?.before, block + 1 < before.count else {
      throw .column("ranks of a head")
    }
    let first = Int(before[block])
    // Rows are counted twice, and damage between the two looks is possible.
    guard Int(before[block + 1]) - first == count else { throw .column("rows of a head") }
    return first..<(first + count)
  }
}
