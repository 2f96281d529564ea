package import Compression

extension TextBlocks {
  package static func encode(
    _ texts: Span<TextPlace>, in source: Span<UInt8>, _ compressor: ZstdCompressor
  ) -> EncodedColumn {
    var encoder = Encoder(patterns: TextPattern.patterns(of: texts, in: source))
    for index in texts.indices {
      encoder.append(source.extracting(texts[index].range), compressor)
    }
    return encoder.finish(compressor)
  }

  /// Takes texts as they come, and gives away pieces as soon as they are complete.
  package struct Encoder: Sendable {
    /// Any more makes texts of random bytes larger and slower.
    private static let level = 1
    /// One block in so many is tried both ways, and all of them while plain is the smaller way.
    private static let trial = 16

    private let patterns: [TextPattern]
    private var writer = PieceWriter(hasDirectory: true)
    private var pending = TextRows()
    private var choices: [UInt8] = []
    private var count = 0
    /// Whether the last block that was tried both ways was smaller without its patterns.
    private var isPlainSmaller = false
    private var blockCount = 0

    /// `patterns` are those of a sample (`TextPattern.patterns`); texts that have none are plain.
    package init(patterns: [TextPattern]) {
      precondition(patterns.count <= TextPattern.mostPatterns, "\(patterns.count) patterns")
      self.patterns = patterns
    }

    package mutating func append(_ text: Span<UInt8>, _ compressor: ZstdCompressor) {
      var choice = 0
      for index in patterns.indices where choice == 0 && patterns[index].fits(text) {
        choice = index + 1
      }
      pending.append(text)
      choices.append(UInt8(choice))
      if pending.count == Lanes.blockCount { finishBlock(compressor) }
    }

    package mutating func takePieces() -> [Piece] { writer.takePieces() }

    /// The head, and the pieces that were not taken.
    package mutating func finish(_ compressor: ZstdCompressor) -> EncodedColumn {
      if !pending.isEmpty { finishBlock(compressor) }
      var head = ColumnHead(.texts, parameter: UInt8(patterns.count), count: count).bytes
      for pattern in patterns { pattern.append(to: &head) }
      return EncodedColumn(head: head, pieces: writer.finish())
    }

    private mutating func finishBlock(_ compressor: ZstdCompressor) {
      var block = encoded(choices, compressor)
      let isTrial = isPlainSmaller || blockCount % Self.trial == 0
      if isTrial, choices.contains(where: { $0 != 0 }) {
        // Texts that come again and again are smaller where zstd sees them whole.
        let plain = encoded([UInt8](repeating: 0, count: choices.count), compressor)
        isPlainSmaller = plain.count < block.count
        if isPlainSmaller { block = plain }
      }
      blockCount += 1
      writer.append(block)
      count += pending.count
      pending.removeAll()
      choices.removeAll(keepingCapacity: true)
    }

    private func encoded(_ choices: [UInt8], _ compressor: ZstdCompressor) -> [UInt8] {
      var block: [UInt8] = []
      if let first = choices.first, choices.allSatisfy({ $0 == first }) {
        block.append(first)
      } else {
        block.append(mixed)
        let width = TextBlocks.choiceWidth(patterns: patterns.count)
        let numbers = choices.map { UInt64($0) }
        BackToBack.pack(numbers.span, width: width, appendingTo: &block)
      }
      for (index, pattern) in patterns.enumerated() {
        let rows = choices.indices.filter { choices[$0] == UInt8(index + 1) }
        if !rows.isEmpty { appendDigits(of: rows, pattern, to: &block) }
      }
      let rows = choices.indices.filter { choices[$0] == 0 }
      if !rows.isEmpty { appendPlain(rows, to: &block, compressor) }
      return block
    }

    private func appendDigits(
      of rows: [Int], _ pattern: TextPattern, to block: inout [UInt8]
    ) {
      let bytes = pending.bytes.span
      let prefixCount = pattern.prefix.count
      if pattern.kind == .decimal {
        var numbers: [Int64] = []
        for row in rows {
          var number: Int64 = 0
          for index in pending.range(of: row).dropFirst(prefixCount) {
            number = number &* 10 &+ Int64(bytes[index] &- 0x30)
          }
          numbers.append(number)
        }
        PackedBlock.append(numbers.span, to: &block)
        return
      }
      block.append(addingCapacity: rows.count * pattern.packedCount) { output in
        for row in rows {
          let range = pending.range(of: row)
          var index = range.lowerBound + prefixCount
          while index < range.upperBound {
            // A UUID's dash, which never stands inside a pair.
            if bytes[index] == 0x2D { index &+= 1 }
            let high = TextPattern.digit(bytes[index])
            output.append(high &<< 4 | TextPattern.digit(bytes[index &+ 1]))
            index &+= 2
          }
        }
      }
    }

    private func appendPlain(
      _ rows: [Int], to block: inout [UInt8], _ compressor: ZstdCompressor
    ) {
      let lengths = rows.map { Int64(pending.range(of: $0).count) }
      PackedBlock.append(lengths.span, to: &block)
      var texts: [UInt8] = []
      for row in rows { texts.append(contentsOf: pending.bytes[pending.range(of: row)]) }
      precondition(texts.count <= mostPlainBytes, "\(texts.count) bytes in a block of texts")
      let frame = compressor.compress(texts.span, level: Self.level)
      let isCompressed = frame.count < texts.count
      let size = UInt32(isCompressed ? frame.count : texts.count)
      block.append(littleEndian: size | (isCompressed ? compressedFlag : 0))
      block.append(contentsOf: isCompressed ? frame : texts)
    }
  }
}
