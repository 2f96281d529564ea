import Columns
import Compression

/// Merges the ids of one sort that rows name: where another one begins, and which.
struct IdentityMerge {
  private let inputs: [MergeInput]
  private let order: RowOrder
  private let identity: Identity
  private let compressor: ZstdCompressor
  private let decompressor: ZstdDecompressor

  init(
    _ inputs: [MergeInput], order: RowOrder, _ identity: Identity,
    _ compressor: ZstdCompressor, _ decompressor: ZstdDecompressor
  ) {
    self.inputs = inputs
    self.order = order
    self.identity = identity
    self.compressor = compressor
    self.decompressor = decompressor
  }

  private struct Feeds {
    var changes: [ChangeFeed] = []
    var texts: [TextFeedOfMerge] = []
  }

  private func feeds() throws(SectionProblem) -> Feeds {
    var feeds = Feeds()
    for input in inputs {
      let changes = try input.section.changes(of: identity)
      let places = input.directory.identities[identity.rawValue].texts
      let lexicon = try places.loadLexicon(of: input.section.source, decompressor)
      let texts = TextFeedOfMerge(
        try TextCursor(places, lexicon: lexicon, of: input.section.source, decompressor))
      guard texts.count == changes.changeCount else { throw .column("changes of an id") }
      feeds.changes.append(ChangeFeed(changes))
      feeds.texts.append(texts)
    }
    return feeds
  }

  func run(into stream: inout ExtentStream) throws(SectionProblem) -> IdentityPlaces {
    var places = IdentityPlaces()
    let merged = TextMerge(compressor)
    let feeds = try feeds()
    var changes = ChangeBlocks.Encoder()
    try forEachStretch(feeds) {
      (feed: TextFeedOfMerge, isNew: Bool, rows: Int) throws(SectionProblem) in
      if isNew { try merged.look(at: feed) }
      for row in 0..<rows { changes.append(isChange: isNew && row == 0) }
      try stream.place(changes.takePieces(), in: &places.changes)
    }
    try stream.finish(changes.finish(), in: &places.changes)
    merged.decide()
    for feed in feeds.changes { feed.move(to: 0) }
    try forEachStretch(feeds) {
      (feed: TextFeedOfMerge, isNew: Bool, _: Int) throws(SectionProblem) in
      if isNew { try merged.write(feed, &stream) }
    }
    places.texts = try merged.finish(&stream)
    return places
  }

  /// Calls `body` with stretches of rows that have one id, in the order of the result: where the text is,
  /// whether it is another one than that of the row before, and how many rows.
  private func forEachStretch(
    _ feeds: Feeds, _ body: (TextFeedOfMerge, Bool, Int) throws(SectionProblem) -> Void
  ) throws(SectionProblem) {
    var last: (input: Int, number: Int) = (-1, -1)
    var lastText: [UInt8] = []
    var scratch = TextRows()
    var steps = order.steps
    while let step = steps.nextStep() {
      let changes = feeds.changes[step.input]
      if step.kind == .drop {
        changes.skip(step.count)
        continue
      }
      var left = step.count
      while left > 0 {
        let (number, rows) = try changes.next(atMost: left)
        left -= rows
        let feed = feeds.texts[step.input]
        feed.move(to: number)
        if last == (step.input, number) {
          try body(feed, false, rows)
          continue
        }
        let isFirst = last.input < 0
        last = (step.input, number)
        try feed.text(into: &scratch)
        let isNew = isFirst || scratch.bytes != lastText
        if isNew { lastText = scratch.bytes }
        try body(feed, isNew, rows)
      }
    }
  }
}

/// Which value holds, row after row.
final class ChangeFeed {
  private var cursor: ChangeCursor
  private var row = 0
  private var loaded = -1
  private var run = 0

  init(_ cursor: ChangeCursor) { self.cursor = cursor }

  func skip(_ rows: Int) { row &+= rows }

  func move(to row: Int) {
    self.row = row
    loaded = -1
  }

  /// The value of the next row, and how many of the next rows have it, as far as that is known.
  func next(atMost most: Int) throws(SectionProblem) -> (number: Int, rows: Int) {
    guard row < cursor.rowCount else { throw .column("changes end too early") }
    let block = row / Lanes.blockCount
    let place = row % Lanes.blockCount
    if block != loaded {
      try cursor.load(block)
      loaded = block
      run = 0
    }
    let runs = cursor.runs
    while run + 1 < runs.starts.count, Int(runs.starts[run + 1]) <= place { run &+= 1 }
    let end = run + 1 < runs.starts.count ? Int(runs.starts[run + 1]) : runs.rowCount
    let rows = min(most, end - place)
    guard rows > 0 else { throw .column("changes end too early") }
    row &+= rows
    return (runs.first + run, rows)
  }
}
