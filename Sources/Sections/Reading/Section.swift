import Batches
import Columns
package import Compression
package import Events

import Synchronization

/// One project's share of a window, for reading: immutable, and safe to use from any thread. What is
/// derived from its rows is derived when somebody asks, and kept.
package final class Section: Sendable {
  package let directory: SectionDirectory
  let source: any ExtentSource
  /// Rows that are in no answer.
  package let hidden: HiddenRows

  private struct Kept {
    var ids: IDSection?
    var strays: StrayRun?
    var runs: PersonRuns?
    var facts: RunFacts?
    var rollup: Rollup?
    var ranks: [Int: HeadRanks] = [:]
    var props: [Int: PropertyTable] = [:]
    var ctx: PropertyTable?
    var identities: [Identity: TextLexicon] = [:]
  }

  private let kept = Mutex(Kept())

  package init(
    _ directory: SectionDirectory, source: any ExtentSource,
    hiding hidden: HiddenRows = HiddenRows()
  ) throws(SectionProblem) {
    self.directory = directory
    self.source = source
    self.hidden = hidden
    let heads = try CodeCursor(directory[.heads], of: source)
    let times = try IntegerCursor(directory[.times], of: source)
    guard heads.count == directory.rowCount, times.count == directory.rowCount,
      heads.limit == directory.heads.count
    else { throw .directory("rows") }
  }

  package convenience init(_ section: EncodedSection) throws(SectionProblem) {
    try self.init(section.directory, source: section)
  }

  /// The same section without these rows for questions; what goes by rows has them all the same.
  package func hiding(_ rows: HiddenRows) throws(SectionProblem) -> Section {
    try Section(directory, source: source, hiding: rows)
  }

  package var rowCount: Int { directory.rowCount }
  package var blockCount: Int { (rowCount + Lanes.blockCount - 1) / Lanes.blockCount }
  package var heads: [EventHead] { directory.heads }

  /// Rows of a block: `Lanes.blockCount`, which a stored value would look for at every use.
  package static var blockRows: Int { 1_024 }

  package func headCodes() throws(SectionProblem) -> CodeCursor {
    try CodeCursor(directory[.heads], of: source)
  }

  package func times() throws(SectionProblem) -> IntegerCursor {
    try IntegerCursor(directory[.times], of: source)
  }

  /// What is added to the time of each row for the time of its receipt.
  package func receipts() throws(SectionProblem) -> IntegerCursor {
    let receipts = try IntegerCursor(directory[.receipts], of: source)
    guard receipts.count == rowCount else { throw .column("receipts") }
    return receipts
  }

  /// Who brought each row: its place among the directory's sources.
  package func sourceCodes() throws(SectionProblem) -> CodeCursor {
    let codes = try CodeCursor(directory[.sources], of: source)
    guard codes.count == rowCount, codes.limit == directory.sources.count else {
      throw .column("sources")
    }
    return codes
  }

  /// The heads for which this holds, as a table by head code.
  package func table(of heads: (EventHead) -> Bool) -> [Bool] { self.heads.map(heads) }

  /// The ids of the rows, for whoever knows the secret that they are sorted by.
  package func ids(_ mix: IDMix) throws(SectionProblem) -> IDSection {
    if let ids = kept.withLock({ $0.ids }), ids.mix == mix { return ids }
    let bytes = directory.idRoot
    let root = try IDSectionRoot(decoding: bytes.span)
    guard root.count == rowCount else { throw .directory("ids") }
    let ids = try IDSection(
      root, source: LaterExtents(of: source, from: directory.firstIDExtent), mix: mix)
    kept.withLock { $0.ids = ids }
    return ids
  }

  /// The ids that lie far from their rows' times; nil where there are none, or nobody has looked.
  package func strays(_ mix: IDMix) throws(SectionProblem) -> StrayRun? {
    guard case .run(let bytes, let first) = directory.strays else { return nil }
    if let run = kept.withLock({ $0.strays }), run.mix == mix { return run }
    let root = try StrayRunRoot(decoding: bytes.span)
    let run = try StrayRun(root, source: LaterExtents(of: source, from: first), mix: mix)
    kept.withLock { $0.strays = run }
    return run
  }

  // MARK: What is derived

  /// The people of this section.
  package func runs() throws(SectionProblem) -> PersonRuns {
    if let runs = kept.withLock({ $0.runs }) { return runs }
    var highs = try IntegerCursor(directory[.personHighs], of: source)
    var lows = try IntegerCursor(directory[.personLows], of: source)
    var counts = try IntegerCursor(directory[.personRows], of: source)
    let runs = try PersonRuns(
      highs: try highs.all().map { UInt64(bitPattern: $0) },
      lows: try lows.all().map { UInt32(truncatingIfNeeded: $0) }, rowCounts: try counts.all(),
      rows: directory.peopleRowCount)
    guard runs.count == directory.personCount else { throw .column("people: count") }
    kept.withLock { $0.runs = runs }
    return runs
  }

  /// The facts, where somebody has asked for them before.
  package var knownFacts: RunFacts? { kept.withLock { $0.facts } }

  /// What kernels ask of people before they look at rows.
  package func facts() throws(SectionProblem) -> RunFacts {
    if let facts = kept.withLock({ $0.facts }) { return facts }
    // What is hidden has a head of no name: it leaves no trace.
    var builder = RunFacts.Builder(try runs(), bits: nameBits + [0], heads: heads)
    var row = 0
    try forEachBlock(of: 0..<((directory.peopleRowCount + Lanes.blockCount - 1) / Lanes.blockCount))
    { heads, times in
      let rows = row..<(row + heads.count)
      row = rows.upperBound
      guard hidden.touches(rows) else { return builder.add(heads: heads, times: times) }
      var codes = heads.indices.map { heads[$0] }
      for part in hidden.parts(of: rows) {
        for hidden in part { codes[hidden - rows.lowerBound] = UInt32(self.heads.count) }
      }
      builder.add(heads: codes.span, times: times)
    }
    let facts = builder.finish()
    kept.withLock { $0.facts = facts }
    return facts
  }

  /// By head: the bit of its name in masks; 0 for an operation, which is no event.
  package var nameBits: [UInt64] {
    // By their bytes: strings are equal however their letters are written.
    var numbers: [[UInt8]: Int] = [:]
    return heads.map { head in
      if head.kind.isOperation { return 0 }
      let name = Array(head.name.utf8)
      let number = numbers[name] ?? numbers.count
      numbers[name] = number
      return 1 << UInt64(min(number, 63))
    }
  }

  /// Lends `body` the heads and times of one block after another.
  package func forEachBlock(
    of blocks: Range<Int>, _ body: (Span<UInt32>, Span<Int64>) -> Void
  ) throws(SectionProblem) {
    var headCodes = try self.headCodes()
    var times = try self.times()
    for block in blocks {
      let count = try headCodes.load(block)
      try times.load(block)
      let heads = headCodes.values.span
      let stamps = times.values.span
      body(heads.extracting(first: count), stamps.extracting(first: count))
    }
  }

  package func rollup() throws(SectionProblem) -> Rollup {
    if let rollup = kept.withLock({ $0.rollup }) { return rollup }
    var cells = try IntegerCursor(directory[.rollupCells], of: source)
    var counts = try IntegerCursor(directory[.rollupCounts], of: source)
    var rollup = try Rollup(
      cells: try cells.all(), counts: try counts.all(), heads: directory.headRows)
    if !hidden.isEmpty {
      var codes = try headCodes()
      var times = try self.times()
      for row in hidden.ranges.joined() {
        rollup.remove(head: Int(try codes.value(at: row)), at: try times.value(at: row))
      }
      rollup.removeEmptyCells()
    }
    kept.withLock { $0.rollup = rollup }
    return rollup
  }

  /// How many rows of this head stand before each block.
  package func ranks(ofHead head: Int) throws(SectionProblem) -> HeadRanks {
    try ranks(ofHeads: [head])[0]
  }

  /// The same for several heads, in one pass over the rows.
  package func ranks(ofHeads heads: [Int]) throws(SectionProblem) -> [HeadRanks] {
    let known = kept.withLock { kept in heads.map { kept.ranks[$0] } }
    let missing = Set(zip(heads, known).filter { $0.1 == nil }.map(\.0))
    var made: [Int: HeadRanks] = [:]
    if !missing.isEmpty {
      for (head, ranks) in zip(missing, try count(missing)) { made[head] = ranks }
      let made = made
      kept.withLock { $0.ranks.merge(made) { known, _ in known } }
    }
    return zip(heads, known).map { head, known in known ?? made[head] ?? HeadRanks() }
  }

  private func count(_ heads: Set<Int>) throws(SectionProblem) -> [HeadRanks] {
    let wanted = Array(heads)
    // The rows of all heads are counted: a branch for each row costs more than a count in vain.
    var totals = [UInt32](repeating: 0, count: self.heads.count)
    var ranks = [HeadRanks](repeating: HeadRanks(), count: wanted.count)
    var rare = RarePlaces(wanted, rows: directory.headRows)
    try forEachHeadBlock { heads in
      for (place, head) in wanted.enumerated() { ranks[place].before.append(totals[head]) }
      var counts = totals.mutableSpan
      var index = 0
      while index < heads.count {
        counts[Int(heads[index])] &+= 1
        index &+= 1
      }
      rare.add(heads)
    }
    for (place, head) in wanted.enumerated() {
      ranks[place].before.append(totals[head])
      guard Int(totals[head]) == directory.headRows[head] else { throw .column("rows of a head") }
      ranks[place].places = rare.places(ofHead: head)
    }
    return ranks
  }

  /// The `props` of the rows with this head.
  package func props(ofHead head: Int) throws(SectionProblem) -> PropertyTable {
    if let table = kept.withLock({ $0.props[head] }) { return table }
    let table = try PropertyTable(
      directory.props[head], count: directory.headRows[head], in: directory, of: source)
    kept.withLock { $0.props[head] = table }
    return table
  }

  /// The distinct `ctx`, in the order of the rows at which each begins.
  package func ctx() throws(SectionProblem) -> PropertyTable {
    if let table = kept.withLock({ $0.ctx }) { return table }
    let table = try PropertyTable(
      directory.ctx, count: directory.ctxCount, in: directory, of: source)
    kept.withLock { $0.ctx = table }
    return table
  }

  /// Where another `ctx` begins.
  package func ctxChanges() throws(SectionProblem) -> ChangeCursor {
    let changes = try ChangeCursor(directory[.ctxRows], of: source)
    guard changes.rowCount == rowCount, changes.changeCount == directory.ctxCount else {
      throw .column("changes of ctx")
    }
    return changes
  }

  /// The rows whose client said another time than `cts`, in order, and that time.
  func rawTimes() throws(SectionProblem) -> [(row: Int, time: Int64)] {
    if directory[.rawRows].head.isEmpty { return [] }
    var rows = try IntegerCursor(directory[.rawRows], of: source)
    var times = try IntegerCursor(directory[.rawTimes], of: source)
    guard rows.count == times.count else { throw .column("raw times") }
    return zip(try rows.all(), try times.all()).map { (Int($0), $1) }
  }

  /// Where another id of this sort begins.
  package func changes(of identity: Identity) throws(SectionProblem) -> ChangeCursor {
    let changes = try ChangeCursor(directory.identities[identity.rawValue].changes, of: source)
    guard changes.rowCount == rowCount else { throw .column("changes of an id") }
    return changes
  }

  /// The ids of this sort, one for each change; an empty text is none.
  package func texts(
    of identity: Identity, _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) -> TextCursor {
    let places = directory.identities[identity.rawValue].texts
    var lexicon = kept.withLock { $0.identities[identity] }
    if lexicon == nil {
      lexicon = try places.loadLexicon(of: source, decompressor)
      if let lexicon { kept.withLock { $0.identities[identity] = lexicon } }
    }
    return try TextCursor(places, lexicon: lexicon, of: source, decompressor)
  }

  private func forEachHeadBlock(_ body: (Span<UInt32>) -> Void) throws(SectionProblem) {
    var headCodes = try self.headCodes()
    for block in 0..<blockCount {
      let count = try headCodes.load(block)
      let heads = headCodes.values.span
      body(heads.extracting(first: count))
    }
  }
}

/// The extents of a source from one of them on, counted anew.
private struct LaterExtents: ExtentSource {
  let source: any ExtentSource
  let first: Int

  init(of source: any ExtentSource, from first: Int) {
    self.source = source
    self.first = first
  }

  func extent(_ number: Int) throws(SectionProblem) -> Extent {
    let (sum, overflow) = number.addingReportingOverflow(first)
    guard !overflow, number >= 0 else { throw .unreadable(extent: number) }
    return try source.extent(sum)
  }
}

extension IDSection {
  /// The ids of all rows, in their order.
  package func all(_ section: Section) throws(SectionProblem) -> [EventID] {
    var times = try section.times()
    var ids: [EventID] = []
    ids.reserveCapacity(section.rowCount)
    for block in 0..<section.blockCount {
      for index in 0..<(try times.load(block)) {
        ids.append(
          try id(ofRow: block * Lanes.blockCount + index, time: times.values[index]))
      }
    }
    return ids
  }
}
