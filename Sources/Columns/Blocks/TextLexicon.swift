package import Compression

/// The dictionary of a column of texts: distinct, in the order of their bytes, so that those with a
/// prefix have neighbouring codes. It is stored as a column of texts (`TextBlocks`), loaded whole and
/// kept: code n is text n.
package struct TextLexicon: Sendable {
  /// A dictionary stays in memory: it has no more entries and bytes than this.
  package static let mostEntries = 1 << 16
  package static let mostBytes = 1 << 24

  package private(set) var texts: TextRows
  /// Of each entry, by which dictionaries are united (`TextHash`). Computed when loading: stored, they
  /// would be 8 bytes of noise for each.
  package private(set) var hashes: [UInt64]

  package var count: Int { texts.count }

  /// A dictionary whose pieces come one after another.
  package struct Loader: Sendable {
    private let blocks: TextBlocks
    private var texts = TextRows()
    private var nextBlock = 0

    package init(head: Span<UInt8>) throws(BlockProblem) {
      blocks = try TextBlocks(head: head)
      guard blocks.head.count <= mostEntries else { throw .badHead }
    }

    package mutating func append(
      _ piece: Span<UInt8>, _ decompressor: ZstdDecompressor
    ) throws(BlockProblem) {
      guard piece.count >= Piece.headByteCount, halfWord(piece, at: 0) == nextBlock
      else { throw .truncated(block: nextBlock) }
      for _ in 0..<halfWord(piece, at: 4) {
        guard nextBlock < blocks.head.blockCount else { throw .badHead }
        try blocks.decode(nextBlock, of: piece, decompressor, into: &texts)
        guard texts.bytes.count <= mostBytes else { throw .badTexts(block: nextBlock) }
        nextBlock += 1
      }
    }

    package func finish() throws(BlockProblem) -> TextLexicon {
      guard texts.count == blocks.head.count else { throw .truncated(block: nextBlock) }
      return try TextLexicon(ascending: texts)
    }
  }

  /// Texts that ascend, none of them twice.
  package init(ascending texts: TextRows) throws(BlockProblem) {
    self.texts = texts
    let bytes = texts.bytes.span
    var hashes: [UInt64] = []
    hashes.reserveCapacity(texts.count)
    for code in 0..<texts.count {
      let range = texts.range(of: code)
      if code > 0, !TextOrder.precedes(texts.range(of: code - 1), range, in: bytes) {
        throw .badOrder
      }
      hashes.append(TextHash.hash(bytes, in: range))
    }
    self.hashes = hashes
  }

  package func encoded(_ compressor: ZstdCompressor) -> EncodedColumn {
    let places = (0..<count).map { code in
      TextPlace(offset: texts.range(of: code).lowerBound, count: texts.range(of: code).count)
    }
    return TextBlocks.encode(places.span, in: texts.bytes.span, compressor)
  }

  /// The code of a text, if it occurs.
  package func code(of text: Span<UInt8>) -> UInt32? {
    let code = firstCode { TextOrder.compare($0, text) >= 0 }
    guard code < count else { return nil }
    let bytes = texts.bytes.span
    return TextOrder.compare(bytes.extracting(texts.range(of: code)), text) == 0
      ? UInt32(code) : nil
  }

  /// The codes of all texts that begin so.
  package func codes(withPrefix prefix: Span<UInt8>) -> Range<Int> {
    let start = firstCode { TextOrder.compare($0, prefix) >= 0 }
    let end = firstCode { text in
      let head = text.extracting(..<min(text.count, prefix.count))
      return TextOrder.compare(head, prefix) > 0
    }
    return start..<max(start, end)
  }

  /// The first code for which `isBehind` holds; it holds for all that follow.
  private func firstCode(where isBehind: (Span<UInt8>) -> Bool) -> Int {
    let bytes = texts.bytes.span
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isBehind(bytes.extracting(texts.range(of: middle))) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return low
  }
}

/// The order of bytes.
enum TextOrder {
  @inline(__always)
  static func compare(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
    let common = min(left.count, right.count)
    var index = 0
    while index &+ 8 <= common {
      let (first, second) = (word(left, at: index), word(right, at: index))
      if first != second { return first.byteSwapped < second.byteSwapped ? -1 : 1 }
      index &+= 8
    }
    while index < common {
      if left[index] != right[index] { return left[index] < right[index] ? -1 : 1 }
      index &+= 1
    }
    return left.count == right.count ? 0 : left.count < right.count ? -1 : 1
  }

  static func precedes(_ left: Range<Int>, _ right: Range<Int>, in bytes: Span<UInt8>) -> Bool {
    compare(bytes.extracting(left), bytes.extracting(right)) < 0
  }
}
