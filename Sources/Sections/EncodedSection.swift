import Columns
import Compression

/// A section's bytes in memory: the directory, and the extents that it tells of.
package struct EncodedSection: Sendable, ExtentSource {
  package let directory: SectionDirectory
  package let extents: [Extent]

  package init(directory: SectionDirectory, extents: [Extent]) {
    self.directory = directory
    self.extents = extents
  }

  package var byteCount: Int { extents.reduce(0) { $0 + $1.byteCount } }

  package func extent(_ number: Int) throws(SectionProblem) -> Extent {
    guard extents.indices.contains(number) else { throw .unreadable(extent: number) }
    return extents[number]
  }
}

/// Puts columns into extents: small ones share an extent, large ones come in parts of their own.
struct ExtentWriter: ExtentSink {
  /// An extent is closed once it has this much: enough to make a read worth its while, and little
  /// enough for a look at one value.
  static let closedAt = 64 << 10

  private(set) var finished: [Extent] = []
  private var current: [UInt8] = []

  mutating func place(_ column: EncodedColumn) -> ColumnPlace {
    ColumnPlace(
      head: column.head,
      pieces: column.pieces.map { piece in
        let place = self.place(piece.bytes)
        return ColumnPlace.Piece(
          firstBlock: UInt32(piece.firstBlock), extent: place.extent, offset: place.offset,
          length: UInt32(piece.bytes.count))
      })
  }

  /// Texts of the pool, by their numbers.
  mutating func place(
    texts: [UInt32], of pool: TextPool, _ encoder: inout SectionTextEncoder
  ) -> TextPlaces {
    switch encoder.encode(texts.span, ends: pool.ends.span, in: pool.bytes.span) {
    case .dictionary(let codes, let lexicon):
      return TextPlaces(values: place(codes), lexicon: place(lexicon))
    case .blocks(let blocks): return TextPlaces(values: place(blocks))
    }
  }

  mutating func place(integers: [Int64]) -> ColumnPlace {
    place(IntegerBlocks.encode(integers.span))
  }

  mutating func place(doubles: [Double]) -> ColumnPlace {
    place(DoubleBlocks.encode(doubles.span))
  }

  mutating func place(bools: [Bool]) -> ColumnPlace { place(BoolBlocks.encode(bools.span)) }

  mutating func place(codes: [UInt32], limit: Int) -> ColumnPlace {
    place(CodeBlocks.encode(codes.span, limit: limit))
  }

  mutating func place(_ bytes: [UInt8]) -> (extent: UInt32, offset: UInt32) {
    let place = (extent: UInt32(finished.count), offset: UInt32(current.count))
    current += bytes
    if current.count >= Self.closedAt { close() }
    return place
  }

  /// The number of the extent that `append` makes next.
  mutating func nextExtent() -> Int {
    close()
    return finished.count
  }

  /// An extent of its own.
  mutating func append(_ bytes: Span<UInt8>) {
    close()
    finished.append(Extent(bytes))
  }

  private mutating func close() {
    if current.isEmpty { return }
    finished.append(Extent(current.span))
    current = []
  }

  consuming func finish() -> [Extent] {
    close()
    return finished
  }
}
