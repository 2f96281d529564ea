// Blocks of codes lie in their piece without a directory: a full block has `Lanes.byteCount(width:)`
// bytes, the last one of a column as many as `BackToBack` needs. A width of 0 has no pieces at all.

/// A column of codes below a limit: all blocks have the width of the largest one that is allowed.
package struct CodeBlocks: Sendable {
  /// Codes are checked by their sign bit.
  package static let largestLimit = 1 << 31

  package let head: ColumnHead
  package let width: Int

  package init(head bytes: Span<UInt8>) throws(BlockProblem) {
    try self.init(ColumnHead(bytes, is: .codes))
  }

  init(_ head: ColumnHead) throws(BlockProblem) {
    guard head.limit <= Self.largestLimit, head.limit > 0 || head.count == 0,
      Int(head.parameter) == Self.width(limit: head.limit)
    else { throw .badHead }
    self.head = head
    width = Int(head.parameter)
  }

  static func width(limit: Int) -> Int {
    Int.bitWidth - max(limit - 1, 0).leadingZeroBitCount
  }

  /// Codes that are not below the limit may be among what a block of this width says.
  var needsCheck: Bool { head.limit != 1 << width }

  /// Where a block lies, which is checked to be there.
  func range(ofBlock block: Int, in piece: Span<UInt8>) throws(BlockProblem) -> Range<Int> {
    precondition(0..<head.blockCount ~= block, "no block \(block)")
    guard width > 0 else { return 0..<0 }
    let count = head.valueCount(ofBlock: block)
    let full = Lanes.byteCount(width: width)
    return try Piece.range(
      ofBlock: block, stride: full,
      byteCount: count == Lanes.blockCount ? full : BackToBack.byteCount(of: count, width: width),
      in: piece)
  }

  /// One code, without its neighbours.
  package func value(at index: Int, of piece: Span<UInt8>) throws(BlockProblem) -> UInt32 {
    precondition(0..<head.count ~= index, "no value \(index)")
    let block = index / Lanes.blockCount
    let packed = piece.extracting(try range(ofBlock: block, in: piece))
    let code =
      head.valueCount(ofBlock: block) == Lanes.blockCount
      ? Lanes.value(at: index % Lanes.blockCount, width: width, of: packed)
      : UInt32(BackToBack.value(at: index % Lanes.blockCount, width: width, of: packed))
    guard code < head.limit else { throw .badCode(block: block) }
    return code
  }
}

extension CodeBlocks {
  package static func encode(_ codes: Span<UInt32>, limit: Int) -> EncodedColumn {
    var encoder = Encoder(limit: limit)
    encoder.append(codes)
    return encoder.finish()
  }

  /// Takes codes as they come, and gives away pieces as soon as they are complete.
  package struct Encoder: Sendable {
    private let kind: ColumnHead.Kind
    private let limit: Int
    private let width: Int
    private var writer = PieceWriter(hasDirectory: false)
    private var pending = PendingBlock<UInt32>()
    private var count = 0

    /// All codes will be below the limit.
    package init(limit: Int) { self.init(.codes, limit: limit) }

    init(_ kind: ColumnHead.Kind, limit: Int) {
      precondition(0...largestLimit ~= limit, "a limit of \(limit)")
      self.kind = kind
      self.limit = limit
      width = CodeBlocks.width(limit: limit)
    }

    package mutating func append(_ codes: Span<UInt32>) {
      var next = 0
      while next < codes.count {
        if pending.fill(from: codes, at: &next) { finishBlock() }
      }
    }

    package mutating func takePieces() -> [Piece] { writer.takePieces() }

    /// The head, and the pieces that were not taken.
    package mutating func finish() -> EncodedColumn {
      if !pending.values.isEmpty { finishBlock() }
      let head = ColumnHead(kind, parameter: UInt8(width), count: count, limit: limit)
      return EncodedColumn(head: head.bytes, pieces: writer.finish())
    }

    private mutating func finishBlock() {
      let codes = pending.values
      let largest = codes.max() ?? 0
      precondition(largest < limit, "code \(largest) of \(limit)")
      count += codes.count
      defer { pending.removeAll() }
      guard width > 0 else { return }
      var block: [UInt8] = []
      if codes.count == Lanes.blockCount {
        Lanes.pack(codes.span, width: width, appendingTo: &block)
      } else {
        let codes = codes.map { UInt64($0) }
        BackToBack.pack(codes.span, width: width, appendingTo: &block)
      }
      writer.append(block)
    }
  }
}
