/// A column of truths: codes of one bit. Where all are the same nothing is stored; byte 12 of the head
/// says which it is: 0 false, 1 true, 2 both occur.
package struct BoolBlocks: Sendable {
  private let codes: CodeBlocks
  /// The value of all rows, where they have one.
  package let constant: Bool?

  package var head: ColumnHead { codes.head }

  package init(head bytes: Span<UInt8>) throws(BlockProblem) {
    codes = try CodeBlocks(ColumnHead(bytes, is: .bools))
    guard bytes.count > ColumnHead.byteCount else { throw .badHead }
    switch (bytes[ColumnHead.byteCount], codes.width) {
    case (0, 0): constant = false
    case (1, 0): constant = true
    case (2, 1): constant = nil
    default: throw .badHead
    }
  }

  /// Writes zeros and ones, and says how many there are. `bits` has room for 1,024.
  @discardableResult
  package func decode(
    _ block: Int, of piece: Span<UInt8>, into bits: inout MutableSpan<UInt8>
  ) throws(BlockProblem) -> Int {
    let count = try codes.decode(block, of: piece, into: &bits)
    if constant == true { for index in 0..<count { bits[index] = 1 } }
    return count
  }

  package func value(at index: Int, of piece: Span<UInt8>) throws(BlockProblem) -> Bool {
    if let constant { return constant }
    return try codes.value(at: index, of: piece) == 1
  }

  package static func encode(_ bits: Span<Bool>) -> EncodedColumn {
    var trues = 0
    for index in bits.indices where bits[index] { trues += 1 }
    let isConstant = trues == 0 || trues == bits.count
    var encoder = CodeBlocks.Encoder(.bools, limit: isConstant ? 1 : 2)
    let codes = [UInt32](capacity: bits.count) { output in
      for index in bits.indices { output.append(bits[index] && !isConstant ? 1 : 0) }
    }
    encoder.append(codes.span)
    var column = encoder.finish()
    column.head.append(isConstant ? (trues > 0 ? 1 : 0) : 2)
    return column
  }
}
