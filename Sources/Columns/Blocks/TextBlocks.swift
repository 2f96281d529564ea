// The head of a column of texts goes on with its patterns (`TextPattern`), as many as the parameter
// says, at most 15. A block:
//
//   u8        the pattern of all its texts, counted from 1; 0: none has one (plain); 255: mixed
//   choices   if mixed: the same for each text (`BackToBack`), as wide as the number of patterns
//   patterns  in turn, each that occurs: its hexadecimal digits, two to a byte, 16 bytes a UUID; or
//             decimals as a block of integers (`PackedBlock`)
//   plain     if there are plain texts: their lengths as a block of integers;
//             u32: bytes that follow, and bit 31: they are a zstd frame;
//             the texts back to back

package import Compression

/// A column of texts that no dictionary shortens: what is a number in disguise is packed, the rest is
/// compressed block by block.
package struct TextBlocks: Sendable {
  static let mixed: UInt8 = 255
  static let compressedFlag: UInt32 = 1 << 31
  /// Far more than 1,024 texts of the largest event.
  static let mostPlainBytes = 1 << 28

  package let head: ColumnHead
  package let patterns: [TextPattern]

  package init(head bytes: Span<UInt8>) throws(BlockProblem) {
    head = try ColumnHead(bytes, is: .texts)
    guard Int(head.parameter) <= TextPattern.mostPatterns else { throw .badHead }
    var patterns: [TextPattern] = []
    var place = ColumnHead.byteCount
    for _ in 0..<head.parameter { patterns.append(try TextPattern(bytes, at: &place)) }
    self.patterns = patterns
  }

  /// Bits of a choice.
  static func choiceWidth(patterns: Int) -> Int { Int.bitWidth - patterns.leadingZeroBitCount }

  /// Appends the texts of a block. They are the bytes that were encoded; what came out of damage need
  /// not be UTF-8.
  package func decode(
    _ block: Int, of piece: Span<UInt8>, _ decompressor: ZstdDecompressor,
    into texts: inout TextRows
  ) throws(BlockProblem) {
    let bytes = piece.extracting(try range(ofBlock: block, in: piece))
    let parts = try parts(of: bytes, block, decompressor)
    if parts.plainCount == parts.count {
      texts.append(contentsOf: parts.plain, lengths: parts.plainLengths.span)
    } else {
      parts.spell(bytes, patterns, into: &texts)
    }
  }

  func range(ofBlock block: Int, in piece: Span<UInt8>) throws(BlockProblem) -> Range<Int> {
    precondition(0..<head.blockCount ~= block, "no block \(block)")
    return try Piece.range(ofBlock: block, in: piece)
  }

  /// What a block consists of, plain texts decompressed.
  func parts(
    of bytes: Span<UInt8>, _ block: Int, _ decompressor: ZstdDecompressor
  ) throws(BlockProblem) -> TextBlockParts {
    var parts = try TextBlockParts(
      bytes, count: head.valueCount(ofBlock: block), patterns: patterns, block: block)
    try parts.readPlain(bytes, decompressor)
    return parts
  }

  /// Appends a single text of a block whose texts all have one pattern of as many digits, so that its
  /// place is known; false for any other block.
  package func append(
    _ index: Int, ofBlock block: Int, of piece: Span<UInt8>, to texts: inout TextRows
  ) throws(BlockProblem) -> Bool {
    let bytes = piece.extracting(try range(ofBlock: block, in: piece))
    guard !bytes.isEmpty else { throw .badBlock(block) }
    let choice = Int(bytes[0])
    guard choice > 0, choice <= patterns.count else { return false }
    let pattern = patterns[choice - 1]
    let place = 1 + index * pattern.packedCount
    guard pattern.kind != .decimal, index < head.valueCount(ofBlock: block) else { return false }
    guard pattern.packedCount <= bytes.count - place else { throw .badBlock(block) }
    var spelling = TextSpelling(pattern, at: place)
    let room = pattern.longestText + TextPattern.longestPrefix
    unsafe texts.append(atMost: room, texts: 1) { target, ends in
      // SAFETY: there is room for the longest text, and for the 32 bytes that a prefix may write.
      ends.append(unsafe spelling.next(bytes, 0, to: target))
    }
    return true
  }
}
