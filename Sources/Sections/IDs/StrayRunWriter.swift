/// Writes a run from strays that come in its order: a page's worth of them is in memory at a time.
struct StrayRunWriter<Sink: ExtentSink> {
  private let mix: IDMix
  private(set) var sink: Sink
  private var writer = SortedPageWriter(tailWidths: PackedStray.tailWidths)
  private var waiting: [PackedStray] = []
  private var written = 0

  /// More strays than one page can hold, whatever they are.
  private static var enough: Int { SortedPage.byteCount * 8 / 123 }

  init(into sink: Sink, mix: IDMix) {
    self.sink = sink
    self.mix = mix
  }

  mutating func append(_ stray: PackedStray) throws(SectionProblem) {
    waiting.append(stray)
    // Twice as many, so that what a page leaves behind is moved once for each page.
    if waiting.count >= 2 * Self.enough { try writePage() }
  }

  private mutating func writePage() throws(SectionProblem) {
    let count = Self.write(waiting, position: written, with: &writer)
    written += count
    waiting.removeFirst(count)
    if writer.isExtentFull { try writer.flush(into: &sink) }
  }

  private static func write(
    _ strays: [PackedStray], position: Int, with writer: inout SortedPageWriter
  ) -> Int {
    writer.writePage(
      available: strays.count, position: position,
      value: { strays[$0].number },
      tail: { index, word in strays[index].tail(word) })
  }

  /// Writes what is left. Nothing can be appended behind it.
  mutating func finish() throws(SectionProblem) -> StrayRunRoot {
    while !waiting.isEmpty { try writePage() }
    try writer.flush(into: &sink)
    return StrayRunRoot(
      count: written, mark: mix.mark, directory: PageDirectory(writer.firsts))
  }
}

extension StrayRun {
  /// Writes these strays, in any order, as a run. Of two with one id the first one's payload counts.
  package static func build<Sink: ExtentSink>(
    _ strays: [StrayEntry], mix: IDMix, into sink: inout Sink
  ) throws(SectionProblem) -> StrayRunRoot {
    var packed = strays.map { PackedStray($0.id, payload: $0.payload, mix: mix) }
    packed.sort(by: PackedStray.precedes)  // A stable sort, so the first of equals stays first.
    var writer = StrayRunWriter(into: sink, mix: mix)
    var last: PackedStray? = nil
    for stray in packed {
      if let last, last.isSameID(as: stray) { continue }
      try writer.append(stray)
      last = stray
    }
    let root = try writer.finish()
    sink = writer.sink
    return root
  }

  /// Merges runs into one, oldest first, in the memory of a page of each. Where several have an id,
  /// the oldest one's payload counts.
  package static func merge<Sink: ExtentSink>(
    _ runs: [StrayRun], mix: IDMix, into sink: inout Sink
  ) throws(SectionProblem) -> StrayRunRoot {
    var writer = StrayRunWriter(into: sink, mix: mix)
    var cursors: [StrayCursor] = []
    for run in runs {
      precondition(run.mix == mix, "runs of different projects")
      cursors.append(try StrayCursor(run))
    }
    var last: PackedStray? = nil
    while true {
      // Few runs are merged at a time, so the least is found by looking at each.
      var least: (index: Int, stray: PackedStray)? = nil
      for (index, cursor) in cursors.enumerated() {
        guard let stray = cursor.current else { continue }
        if let known = least, !PackedStray.precedes(stray, known.stray) { continue }
        least = (index, stray)
      }
      guard let (index, stray) = least else { break }
      try cursors[index].advance()
      if let last, last.isSameID(as: stray) { continue }
      try writer.append(stray)
      last = stray
    }
    let root = try writer.finish()
    sink = writer.sink
    return root
  }

  /// Calls `body` with every entry, in the order of the run.
  package func forEach(
    _ body: (StrayEntry) throws(SectionProblem) -> Void
  ) throws(SectionProblem) {
    var cursor = try StrayCursor(self)
    while let stray = cursor.current {
      guard let entry = stray.entry(mix: mix) else { throw .damaged(extent: cursor.extent) }
      try body(entry)
      try cursor.advance()
    }
  }
}

/// A place in a run that goes from its first stray to its last.
struct StrayCursor {
  private let run: StrayRun
  private var page = -1
  private var strays: [PackedStray] = []
  private var next = 0

  init(_ run: StrayRun) throws(SectionProblem) {
    self.run = run
    try readPage()
  }

  var current: PackedStray? { next < strays.count ? strays[next] : nil }
  var extent: Int { max(0, page) / SortedPageWriter.pagesPerExtent }

  mutating func advance() throws(SectionProblem) {
    next += 1
    if next == strays.count { try readPage() }
  }

  private mutating func readPage() throws(SectionProblem) {
    let last = strays.last
    strays.removeAll(keepingCapacity: true)
    next = 0
    guard page + 1 < run.pages.pageCount else { return }
    page += 1
    let extent = extent
    strays = try run.pages.withPage(page) { page throws(SectionProblem) in
      var numbers: [UInt64] = []
      guard page.appendValues(to: &numbers) else { throw .damaged(extent: extent) }
      return numbers.enumerated().map { PackedStray(number: $1, page: page, index: $0) }
    }
    // What is merged must be sorted, or an id would be in a place where nobody looks for it.
    var before = last
    for stray in strays {
      if let before, !PackedStray.precedes(before, stray) { throw .damaged(extent: extent) }
      before = stray
    }
  }
}
