import Columns

/// Puts the pieces of columns into extents as they come, and hands each extent on when it is full.
struct ExtentStream {
  private let sink: any ExtentSink & AnyObject
  private var count = 0
  private var current: [UInt8] = []

  init(into sink: any ExtentSink & AnyObject) { self.sink = sink }

  mutating func place(_ pieces: [Piece], in place: inout ColumnPlace) throws(SectionProblem) {
    for piece in pieces {
      place.pieces.append(
        ColumnPlace.Piece(
          firstBlock: UInt32(piece.firstBlock), extent: UInt32(count),
          offset: UInt32(current.count), length: UInt32(piece.bytes.count)))
      current += piece.bytes
      if current.count >= ExtentWriter.closedAt { try close() }
    }
  }

  /// The rest of a column, whose earlier pieces are placed.
  mutating func finish(
    _ column: EncodedColumn, in place: inout ColumnPlace
  ) throws(SectionProblem) {
    try self.place(column.pieces, in: &place)
    place.head = column.head
  }

  mutating func place(_ column: EncodedColumn) throws(SectionProblem) -> ColumnPlace {
    var place = ColumnPlace()
    try finish(column, in: &place)
    return place
  }

  /// The number of the extent that `append` makes next.
  mutating func nextExtent() throws(SectionProblem) -> Int {
    try close()
    return count
  }

  mutating func close() throws(SectionProblem) {
    if current.isEmpty { return }
    let bytes = current
    current = []
    try write(bytes.span)
  }

  private mutating func write(_ bytes: Span<UInt8>) throws(SectionProblem) {
    var sink = sink
    try sink.append(bytes)
    count += 1
  }
}

extension ExtentStream: ExtentSink {
  /// An extent of its own.
  mutating func append(_ bytes: Span<UInt8>) throws(SectionProblem) {
    try close()
    try write(bytes)
  }
}

/// Extents in memory, for whoever wants a small section whole.
package final class ExtentBin: ExtentSink {
  package private(set) var extents: [Extent] = []

  package init() {}

  package func append(_ bytes: Span<UInt8>) { extents.append(Extent(bytes)) }
}
