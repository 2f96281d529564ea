import Columns

extension Extent {
  /// Lends a part of the extent to whoever knows columns, and says their problems as the section's.
  func read<R>(
    _ range: Range<Int>, _ body: (Span<UInt8>) throws(BlockProblem) -> R
  ) throws(SectionProblem) -> R {
    do {
      return try withBytes { bytes throws(BlockProblem) in try body(bytes.extracting(range)) }
    } catch { throw .column("\(error)") }
  }
}
