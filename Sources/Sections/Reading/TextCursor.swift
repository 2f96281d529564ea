package import Columns
package import Compression

/// A column of texts: block after block, or one by one. What has a dictionary can also be read as codes.
package struct TextCursor {
  /// The dictionary, where the column has one: then it is read as codes.
  package let lexicon: TextLexicon?
  private var codes: CodeCursor?
  private var pieces: PieceCursor
  private let blocks: TextBlocks?
  /// The texts of the block that was loaded last, where there is no dictionary.
  package private(set) var texts = TextRows()
  private var loaded = -1
  /// The block of which single texts were asked for last, and how many.
  private var touched = -1
  private var touches = 0
  private let decompressor: ZstdDecompressor

  /// So many single texts cost as much as a block of them.
  private static let mostTouches = 64

  package let count: Int

  package init(
    _ places: TextPlaces, lexicon: TextLexicon?, of source: any ExtentSource,
    _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) {
    self.decompressor = decompressor
    self.lexicon = lexicon
    pieces = PieceCursor(places.values, of: source)
    if let lexicon {
      let codes = try CodeCursor(places.values, of: source)
      guard codes.limit == lexicon.count else { throw .column("codes of another dictionary") }
      count = codes.count
      self.codes = codes
      blocks = nil
    } else {
      let blocks: TextBlocks
      do { blocks = try TextBlocks(head: places.values.head.span) } catch {
        throw .column("\(error)")
      }
      count = blocks.head.count
      self.blocks = blocks
    }
  }

  /// The codes of the block that was loaded last, where there is a dictionary.
  package var codeValues: [UInt32] { codes?.values ?? [] }

  /// Brings the codes of a block into `codeValues`, or its texts into `texts`, and says how many there
  /// are.
  @discardableResult
  package mutating func load(_ block: Int) throws(SectionProblem) -> Int {
    if let count = try codes?.load(block) { return count }
    if block != loaded, let blocks {
      texts.removeAll()
      loaded = -1
      let (extent, range) = try pieces.piece(ofBlock: block)
      let decompressor = self.decompressor
      try extent.read(range) { piece throws(BlockProblem) in
        try blocks.decode(block, of: piece, decompressor, into: &texts)
      }
      loaded = block
    }
    return texts.count
  }

  /// Appends the keys of a block's texts, where there is no dictionary.
  package mutating func appendKeys(
    ofBlock block: Int, by key: TextKey, to keys: inout [UInt64]
  ) throws(SectionProblem) {
    guard let blocks, block < blocks.head.blockCount else { throw .column("no texts \(block)") }
    let (extent, range) = try pieces.piece(ofBlock: block)
    let decompressor = self.decompressor
    try extent.read(range) { piece throws(BlockProblem) in
      try blocks.appendKeys(ofBlock: block, of: piece, decompressor, by: key, to: &keys)
    }
  }

  /// The entries of the dictionary; 0 where there is none.
  package var lexiconCount: Int { codes?.limit ?? 0 }

  /// The code of one text; nil where there is no dictionary.
  package mutating func code(at index: Int) throws(SectionProblem) -> UInt32? {
    if index % Lanes.blockCount == 0, index < count { try codes?.load(index / Lanes.blockCount) }
    return try codes?.value(at: index)
  }

  /// Appends the bytes of one text.
  package mutating func append(
    _ index: Int, to bytes: inout TextRows
  ) throws(SectionProblem) {
    guard index < count else { throw .column("no text \(index)") }
    if let lexicon, let code = try codes?.value(at: index) {
      let all = lexicon.texts.bytes
      let span = all.span
      bytes.append(span.extracting(lexicon.texts.range(of: Int(code))))
    } else {
      if try appendSingle(index, to: &bytes) { return }
      try load(index / Lanes.blockCount)
      guard index % Lanes.blockCount < texts.count else { throw .column("no text \(index)") }
      let all = texts.bytes
      let span = all.span
      bytes.append(span.extracting(texts.range(of: index % Lanes.blockCount)))
    }
  }
}

extension TextCursor {
  /// Spells one text of a block that is not worth decoding; false where it is.
  private mutating func appendSingle(
    _ index: Int, to bytes: inout TextRows
  ) throws(SectionProblem) -> Bool {
    let block = index / Lanes.blockCount
    if block == loaded { return false }
    if block != touched { (touched, touches) = (block, 0) }
    guard let blocks, touches < Self.mostTouches else { return false }
    touches += 1
    let (extent, range) = try pieces.piece(ofBlock: block)
    return try extent.read(range) { piece throws(BlockProblem) in
      try blocks.append(index % Lanes.blockCount, ofBlock: block, of: piece, to: &bytes)
    }
  }
}

extension TextPlaces {
  /// The dictionary, if the column has one.
  func loadLexicon(
    of source: any ExtentSource, _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) -> TextLexicon? {
    guard !lexicon.head.isEmpty else { return nil }
    var loader: TextLexicon.Loader
    do { loader = try TextLexicon.Loader(head: lexicon.head.span) } catch {
      throw .column("\(error)")
    }
    for place in lexicon.pieces {
      let extent = try source.extent(Int(place.extent))
      guard place.range.upperBound <= extent.byteCount else {
        throw .column("a piece ends behind its extent")
      }
      try extent.read(place.range) { piece throws(BlockProblem) in
        try loader.append(piece, decompressor)
      }
    }
    do { return try loader.finish() } catch { throw .column("\(error)") }
  }
}
