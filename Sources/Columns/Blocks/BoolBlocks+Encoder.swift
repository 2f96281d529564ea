extension BoolBlocks {
  /// Takes truths as they come, and gives away pieces as soon as they are complete.
  package struct Encoder: Sendable {
    private var codes: CodeBlocks.Encoder
    private let constant: Bool?

    /// `constant` is the value of all that will come, where that is known.
    package init(constant: Bool?) {
      self.constant = constant
      codes = CodeBlocks.Encoder(.bools, limit: constant == nil ? 2 : 1)
    }

    /// Zeros and ones.
    package mutating func append(_ bits: Span<UInt8>) {
      let isConstant = constant != nil
      let values = [UInt32](capacity: bits.count) { output in
        for index in bits.indices { output.append(bits[index] != 0 && !isConstant ? 1 : 0) }
      }
      codes.append(values.span)
    }

    package mutating func takePieces() -> [Piece] { codes.takePieces() }

    /// The head, and the pieces that were not taken.
    package mutating func finish() -> EncodedColumn {
      var column = codes.finish()
      column.head.append(constant.map { $0 ? 1 : 0 } ?? 2)
      return column
    }
  }
}
