import Columns
import Compression

/// The texts of one column of the result. They come twice: first it is found out whether they make a
/// dictionary, or else what patterns they have; then they are written.
final class TextMerge {
  private var pool: TextPool
  private var count = 0
  private var isDictionary = true
  private var sample = TextSample()

  /// By number of the pool: the code in the dictionary.
  private var codes: [UInt32] = []
  private var lexicon: TextLexicon?
  private var codeEncoder: CodeBlocks.Encoder?
  private var textEncoder: TextBlocks.Encoder?
  private let compressor: ZstdCompressor
  private var places = TextPlaces()
  private var waiting: [UInt32] = []
  private var scratch = TextRows()

  init(_ compressor: ZstdCompressor) {
    self.compressor = compressor
    pool = TextPool(seed: .random(in: .min ... .max))
  }

  // MARK: First

  /// Looks at the text that `feed` has next.
  func look(at feed: TextFeedOfMerge) throws(SectionProblem) {
    count += 1
    if isDictionary {
      _ = try feed.number(in: &pool)
      if pool.count > TextLexicon.mostEntries || pool.bytes.count > TextLexicon.mostBytes {
        isDictionary = false
        pool = TextPool(seed: 0)
      }
    }
    if sample.wantsNext() {
      try feed.text(into: &scratch)
      sample.add(scratch)
    }
    feed.step()
  }

  /// Everything was seen once. The feeds begin again from the start.
  func decide() {
    isDictionary = isDictionary && pool.count <= count / 2
    guard isDictionary else {
      pool = TextPool(seed: 0)
      textEncoder = TextBlocks.Encoder(patterns: sample.patterns)
      return
    }
    let (lexicon, codes) = pool.sorted()
    self.codes = codes
    codeEncoder = CodeBlocks.Encoder(limit: lexicon.count)
    self.lexicon = lexicon
  }

  // MARK: Then

  func write(_ feed: TextFeedOfMerge, _ stream: inout ExtentStream) throws(SectionProblem) {
    if isDictionary {
      let known = pool.count
      let number = try feed.number(in: &pool)
      guard pool.count == known else { throw .column("texts that were not there before") }
      waiting.append(codes[Int(number)])
      if waiting.count == Lanes.blockCount { try flush(&stream) }
    } else {
      try feed.text(into: &scratch)
      let bytes = scratch.bytes
      textEncoder?.append(bytes.span, compressor)
      if let pieces = textEncoder?.takePieces(), !pieces.isEmpty {
        try stream.place(pieces, in: &places.values)
      }
    }
    feed.step()
  }

  private func flush(_ stream: inout ExtentStream) throws(SectionProblem) {
    let values = waiting
    codeEncoder?.append(values.span)
    waiting.removeAll(keepingCapacity: true)
    if let pieces = codeEncoder?.takePieces(), !pieces.isEmpty {
      try stream.place(pieces, in: &places.values)
    }
  }

  func finish(_ stream: inout ExtentStream) throws(SectionProblem) -> TextPlaces {
    if let lexicon {
      try flush(&stream)
      if let column = codeEncoder?.finish() { try stream.finish(column, in: &places.values) }
      places.lexicon = try stream.place(lexicon.encoded(compressor))
    } else if let column = textEncoder?.finish(compressor) {
      try stream.finish(column, in: &places.values)
    }
    return places
  }
}

/// The texts of an input's column, front to back.
final class TextFeedOfMerge {
  private var cursor: TextCursor
  private(set) var index = 0
  /// For each code of the dictionary, as far as met: the pool's number and one.
  private var numbers: [UInt32]
  private var scratch = TextRows()

  init(_ cursor: TextCursor) {
    self.cursor = cursor
    numbers = Array(repeating: 0, count: cursor.lexiconCount)
  }

  var count: Int { cursor.count }

  func step(_ count: Int = 1) { index &+= count }
  func move(to index: Int) { self.index = index }

  /// What a pool calls the next text: always the same pool, until it is told to forget it.
  func number(in pool: inout TextPool) throws(SectionProblem) -> UInt32 {
    if let code = try code() {
      let known = numbers[Int(code)]
      if known > 0 { return known &- 1 }
      try text(into: &scratch)
      let bytes = scratch.bytes
      let number = pool.number(of: bytes.indices, in: bytes.span)
      numbers[Int(code)] = number &+ 1
      return number
    }
    try text(into: &scratch)
    let bytes = scratch.bytes
    return pool.number(of: bytes.indices, in: bytes.span)
  }

  private func code() throws(SectionProblem) -> UInt32? {
    guard index < cursor.count else { throw .column("texts end too early") }
    guard cursor.lexicon != nil else { return nil }
    try cursor.load(index / Lanes.blockCount)
    return cursor.codeValues[index % Lanes.blockCount]
  }

  /// Puts the next text alone into `text`.
  func text(into text: inout TextRows) throws(SectionProblem) {
    text.removeAll()
    try cursor.append(index, to: &text)
  }
}

extension TextPool {
  /// The dictionary of all texts, and by their number the code of each.
  fileprivate func sorted() -> (TextLexicon, codes: [UInt32]) {
    let all = bytes
    let span = all.span
    let ranges = (0..<UInt32(count)).map { range(of: $0) }
    let order = (0..<count).sorted { left, right in
      span.extracting(ranges[left]).precedes(span.extracting(ranges[right]))
    }
    var codes = [UInt32](repeating: 0, count: count)
    var texts = TextRows()
    for (code, number) in order.enumerated() {
      codes[number] = UInt32(code)
      texts.append(span.extracting(ranges[number]))
    }
    guard let lexicon = try? TextLexicon(ascending: texts) else {  // It was sorted just now.
      preconditionFailure("sorted texts do not ascend")
    }
    return (lexicon, codes)
  }
}

extension Span<UInt8> {
  /// The order of bytes.
  fileprivate func precedes(_ other: Span<UInt8>) -> Bool {
    var index = 0
    let common = Swift.min(count, other.count)
    while index < common {
      if self[index] != other[index] { return self[index] < other[index] }
      index &+= 1
    }
    return count < other.count
  }
}

/// Some of the texts that go by, spread evenly over all of them.
struct TextSample {
  private var texts: [[UInt8]] = []
  private var stride = 1
  private var seen = 0
  /// Longer ones are of no pattern.
  private static let longest = 256
  private static let most = 2_048

  mutating func wantsNext() -> Bool {
    defer { seen += 1 }
    return seen % stride == 0
  }

  mutating func add(_ text: TextRows) {
    texts.append(text.bytes.count <= Self.longest ? text.bytes : [])
    guard texts.count == Self.most else { return }
    texts = texts.indices.filter { $0 % 2 == 0 }.map { texts[$0] }
    stride *= 2
  }

  var patterns: [TextPattern] {
    var places: [TextPlace] = []
    var bytes: [UInt8] = []
    for text in texts {
      places.append(TextPlace(offset: bytes.count, count: text.count))
      bytes += text
    }
    return TextPattern.patterns(of: places.span, in: bytes.span)
  }
}
