/// Why bytes are not the column of blocks that they claim to be.
package enum BlockProblem: Error, Equatable, Sendable {
  /// A head that ends too early, names another kind, or has numbers outside their range.
  case badHead
  /// A piece that does not hold this block, or a block that ends before its values do.
  case truncated(block: Int)
  /// A block whose numbers contradict each other or its column's head.
  case badBlock(Int)
  /// A code that points to nothing.
  case badCode(block: Int)
  /// Compressed texts that do not come out as the lengths say.
  case badTexts(block: Int)
  /// A dictionary whose entries do not ascend.
  case badOrder
}
