/// A column of integers: each block has a frame of reference of its own (`PackedBlock`), so that equal
/// values cost nothing but the base, and the bounds of a block are known without unpacking it.
package struct IntegerBlocks: Sendable {
  package let head: ColumnHead

  package init(head bytes: Span<UInt8>) throws(BlockProblem) {
    head = try ColumnHead(bytes, is: .integers)
  }

  /// Writes the values of a block from the piece that holds it, and says how many there are.
  /// `values` has room for 1,024.
  @discardableResult
  package func decode(
    _ block: Int, of piece: Span<UInt8>, into values: inout MutableSpan<Int64>
  ) throws(BlockProblem) -> Int {
    let packed = try packedBlock(block, of: piece)
    packed.decode(piece, into: &values)
    return packed.count
  }

  /// One value, without its neighbours.
  package func value(at index: Int, of piece: Span<UInt8>) throws(BlockProblem) -> Int64 {
    precondition(0..<head.count ~= index, "no value \(index)")
    let packed = try packedBlock(index / Lanes.blockCount, of: piece)
    return packed.value(at: index % Lanes.blockCount, of: piece)
  }

  /// The smallest value of a block, and a bound of the largest one.
  package func bounds(
    ofBlock block: Int, of piece: Span<UInt8>
  ) throws(BlockProblem) -> ClosedRange<Int64> {
    try packedBlock(block, of: piece).bounds
  }

  private func packedBlock(
    _ block: Int, of piece: Span<UInt8>
  ) throws(BlockProblem) -> PackedBlock {
    precondition(0..<head.blockCount ~= block, "no block \(block)")
    let range = try Piece.range(ofBlock: block, in: piece)
    let bytes = piece.extracting(..<range.upperBound)
    guard
      let packed = PackedBlock(
        bytes, at: range.lowerBound, count: head.valueCount(ofBlock: block))
    else { throw .badBlock(block) }
    return packed
  }
}

extension IntegerBlocks {
  package static func encode(_ values: Span<Int64>) -> EncodedColumn {
    var encoder = Encoder()
    encoder.append(values)
    return encoder.finish()
  }

  /// Takes values as they come, and gives away pieces as soon as they are complete.
  package struct Encoder: Sendable {
    private var writer = PieceWriter(hasDirectory: true)
    private var pending = PendingBlock<Int64>()
    private var count = 0

    package init() {}

    package mutating func append(_ values: Span<Int64>) {
      var next = 0
      while next < values.count {
        if pending.fill(from: values, at: &next) { finishBlock() }
      }
    }

    package mutating func takePieces() -> [Piece] { writer.takePieces() }

    /// The head, and the pieces that were not taken.
    package mutating func finish() -> EncodedColumn {
      if !pending.values.isEmpty { finishBlock() }
      return EncodedColumn(
        head: ColumnHead(.integers, count: count).bytes, pieces: writer.finish())
    }

    private mutating func finishBlock() {
      var block: [UInt8] = []
      PackedBlock.append(pending.values.span, to: &block)
      writer.append(block)
      count += pending.values.count
      pending.removeAll()
    }
  }
}
