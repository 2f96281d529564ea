import Sections

/// What a pass counts at once: the rows of a block, or objects of one head that lie side by side.
class SeriesBlock {
  /// By place of a row or an object: its group, and its piece.
  final let groupOf: BlockBuffer<UInt32>
  final let pieceOf: BlockBuffer<UInt32>

  init(
    groupOf: BlockBuffer<UInt32> = BlockBuffer(repeating: 0),
    pieceOf: BlockBuffer<UInt32> = BlockBuffer(repeating: 0)
  ) {
    self.groupOf = groupOf
    self.pieceOf = pieceOf
  }

  /// Those that a filter means; nil where it is not asked here.
  func chosen(byFilter number: Int) -> ChosenObjects? { nil }

  /// The numbers at a path that is added up, by place.
  func numbers(ofPath path: Int) throws(SectionProblem) -> BlockBuffer<Number> {
    BlockBuffer(repeating: .absent)
  }
}
