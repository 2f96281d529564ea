import Batches
import Columns
import Compression

/// One column of a table of the result, and those of the inputs that it is made of.
final class MergedColumn {
  struct Description {
    let field: UInt32
    let kind: FieldKind
    /// By input.
    var places: [TextPlaces?]

    /// About what reading the inputs' columns and writing this one takes.
    var memory: Int {
      var bytes = 16 << 10
      for place in places {
        guard let place else { continue }
        let stored = place.values.pieces.reduce(0) { $0 + Int($1.length) }
        let lexicon = place.lexicon.pieces.reduce(0) { $0 + Int($1.length) }
        bytes += min(stored, 256 << 10) * 2 + (16 << 10) + lexicon * 6
        // What turns out to be too much for a dictionary was gathered as one up to there.
        let isText = kind == .string || kind == .array
        if isText, place.lexicon.head.isEmpty { bytes += min(stored * 4, 8 << 20) }
      }
      return bytes
    }
  }

  private enum Feed {
    case bools(ColumnFeed<BoolCursor>)
    case integers(ColumnFeed<IntegerCursor>)
    case doubles(ColumnFeed<DoubleCursor>)
    case texts(TextFeedOfMerge)
  }

  private let kind: FieldKind
  private var feeds: [Feed?] = []
  private var places = TextPlaces()

  private var bools = BoolBlocks.Encoder(constant: nil)
  private var integers = IntegerBlocks.Encoder()
  private var doubles = DoubleBlocks.Encoder()
  private let texts: TextMerge?
  private var boolValues: [UInt8] = []
  private var integerValues: [Int64] = []
  private var doubleValues: [Double] = []

  init(
    _ column: Description, _ inputs: [MergeInput], _ compressor: ZstdCompressor,
    _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) {
    kind = column.kind
    texts = kind == .string || kind == .array ? TextMerge(compressor) : nil
    var constants: Set<Bool?> = []
    var digits = 0
    for (input, place) in zip(inputs, column.places) {
      guard let place else {
        feeds.append(nil)
        continue
      }
      let source = input.section.source
      switch kind {
      case .bool:
        let cursor = try BoolCursor(place.values, of: source)
        constants.insert(cursor.constant)
        feeds.append(.bools(ColumnFeed(cursor)))
      case .integer:
        feeds.append(.integers(ColumnFeed(try IntegerCursor(place.values, of: source))))
      case .double:
        let cursor = try DoubleCursor(place.values, of: source)
        digits = max(digits, cursor.commonDigits ?? 0)
        feeds.append(.doubles(ColumnFeed(cursor)))
      case .string, .array:
        let lexicon = try place.loadLexicon(of: source, decompressor)
        feeds.append(
          .texts(
            TextFeedOfMerge(try TextCursor(place, lexicon: lexicon, of: source, decompressor))))
      case .null, .object: throw .column("a field without values has a column")
      }
    }
    doubles = DoubleBlocks.Encoder(digits: digits)
    if constants.count == 1, let constant = constants.first {
      bools = BoolBlocks.Encoder(constant: constant)
    }
  }

  var hasTexts: Bool { texts != nil }

  func skip(_ input: Int, _ count: Int) {
    switch feeds[input] {
    case .bools(let feed): feed.skip(count)
    case .integers(let feed): feed.skip(count)
    case .doubles(let feed): feed.skip(count)
    case .texts(let feed): feed.step(count)
    case nil: break
    }
  }

  /// The first pass over texts; other columns are passed once.
  func look(_ input: Int, _ count: Int) throws(SectionProblem) {
    guard case .texts(let feed) = feeds[input], let texts else { return }
    for _ in 0..<count { try texts.look(at: feed) }
  }

  func decide() {
    texts?.decide()
    for case .texts(let feed)? in feeds { feed.move(to: 0) }
    // What was skipped in the first pass is skipped again.
    for feed in feeds {
      switch feed {
      case .bools(let feed): feed.move(to: 0)
      case .integers(let feed): feed.move(to: 0)
      case .doubles(let feed): feed.move(to: 0)
      case .texts, nil: break
      }
    }
  }

  /// Moves values of an input to the result.
  func take(
    _ input: Int, _ count: Int, _ stream: inout ExtentStream
  ) throws(SectionProblem) {
    switch feeds[input] {
    case .bools(let feed):
      try feed.take(count, into: &boolValues)
      if boolValues.count >= Lanes.blockCount { try flush(&stream) }
    case .integers(let feed):
      try feed.take(count, into: &integerValues)
      if integerValues.count >= Lanes.blockCount { try flush(&stream) }
    case .doubles(let feed):
      try feed.take(count, into: &doubleValues)
      if doubleValues.count >= Lanes.blockCount { try flush(&stream) }
    case .texts(let feed):
      for _ in 0..<count { try texts?.write(feed, &stream) }
    case nil: throw .column("a field without a column")
    }
  }

  private func flush(_ stream: inout ExtentStream) throws(SectionProblem) {
    let (truths, numbers, fractions) = (boolValues, integerValues, doubleValues)
    bools.append(truths.span)
    integers.append(numbers.span)
    doubles.append(fractions.span)
    boolValues.removeAll(keepingCapacity: true)
    integerValues.removeAll(keepingCapacity: true)
    doubleValues.removeAll(keepingCapacity: true)
    for pieces in [bools.takePieces(), integers.takePieces(), doubles.takePieces()] {
      try stream.place(pieces, in: &places.values)
    }
  }

  func finish(_ stream: inout ExtentStream) throws(SectionProblem) -> TextPlaces {
    if let texts { return try texts.finish(&stream) }
    try flush(&stream)
    let column =
      switch kind {
      case .bool: bools.finish()
      case .double: doubles.finish()
      default: integers.finish()
      }
    try stream.finish(column, in: &places.values)
    return places
  }
}
