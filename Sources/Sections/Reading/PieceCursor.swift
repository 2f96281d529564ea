import Columns

/// The pieces of a column as they are asked for: it keeps the last one, since the next block is nearly
/// always in it. One belongs to one pass.
package struct PieceCursor {
  private let place: ColumnPlace
  private let source: any ExtentSource
  private var blocks = 0..<0
  private var range = 0..<0
  private var extent: Extent

  private static let nothing = Extent([UInt8]().span)

  package init(_ place: ColumnPlace, of source: any ExtentSource) {
    self.place = place
    self.source = source
    extent = Self.nothing
  }

  /// The piece that has this block: bytes of an extent. A column without pieces has an empty one.
  @inline(__always)
  package mutating func piece(
    ofBlock block: Int
  ) throws(SectionProblem) -> (extent: Extent, range: Range<Int>) {
    if !blocks.contains(block) { try load(block) }
    return (extent, range)
  }

  private mutating func load(_ block: Int) throws(SectionProblem) {
    guard !place.pieces.isEmpty else { return }
    guard let index = place.piece(ofBlock: block) else {
      throw .column("no piece has block \(block)")
    }
    let piece = place.pieces[index]
    let extent = try source.extent(Int(piece.extent))
    guard piece.range.upperBound <= extent.byteCount else {
      throw .column("a piece ends behind its extent")
    }
    let end = index + 1 < place.pieces.count ? Int(place.pieces[index + 1].firstBlock) : .max
    guard Int(piece.firstBlock) < end else { throw .column("pieces out of order") }
    blocks = Int(piece.firstBlock)..<end
    range = piece.range
    self.extent = extent
  }
}

/// A column of integers, a block at a time.
package struct IntegerCursor {
  private let column: IntegerBlocks
  private var pieces: PieceCursor
  /// The values of the block that was loaded last, and room up to 1,024; empty before the first.
  package private(set) var values: [Int64] = []
  private var loaded = -1
  private var loadedCount = 0
  /// The block of which a single value was asked for last.
  private var touched = -1

  package var count: Int { column.head.count }
  package var blockCount: Int { column.head.blockCount }

  package init(_ place: ColumnPlace, of source: any ExtentSource) throws(SectionProblem) {
    do { column = try IntegerBlocks(head: place.head.span) } catch { throw .column("\(error)") }
    pieces = PieceCursor(place, of: source)
  }

  /// Brings a block into `values`, and says how many there are.
  @discardableResult
  package mutating func load(_ block: Int) throws(SectionProblem) -> Int {
    if block == loaded { return loadedCount }
    if values.isEmpty { values = Array(repeating: 0, count: Lanes.blockCount) }
    let (extent, range) = try pieces.piece(ofBlock: block)
    let column = self.column
    let count = try extent.read(range) { piece throws(BlockProblem) in
      var target = values.mutableSpan
      return try column.decode(block, of: piece, into: &target)
    }
    loaded = block
    loadedCount = count
    return count
  }

  /// Bounds of a block's values, without unpacking them.
  package mutating func bounds(ofBlock block: Int) throws(SectionProblem) -> ClosedRange<Int64> {
    let (extent, range) = try pieces.piece(ofBlock: block)
    let column = self.column
    return try extent.read(range) { piece throws(BlockProblem) in
      try column.bounds(ofBlock: block, of: piece)
    }
  }

  package mutating func value(at index: Int) throws(SectionProblem) -> Int64 {
    guard index < count else { throw .column("no value \(index)") }
    let block = index / Lanes.blockCount
    // Who asks twice in a block asks for neighbours: all of them cost as much as a few.
    if block == touched { try load(block) }
    if block == loaded { return values[index % Lanes.blockCount] }
    touched = block
    let (extent, range) = try pieces.piece(ofBlock: block)
    return try extent.read(range) { piece throws(BlockProblem) in
      try column.value(at: index, of: piece)
    }
  }

  /// For so many there is room at once; for more as they are found to be there.
  private static let reserved = 1 << 20

  /// All values. Whoever asks has room for them.
  package mutating func all() throws(SectionProblem) -> [Int64] {
    var all: [Int64] = []
    all.reserveCapacity(min(count, Self.reserved))
    for block in 0..<blockCount { all += values[..<(try load(block))] }
    return all
  }
}

/// A column of codes, a block at a time.
package struct CodeCursor {
  private let column: CodeBlocks
  private var pieces: PieceCursor
  /// The codes of the block that was loaded last, and room up to 1,024; empty before the first.
  package private(set) var values: [UInt32] = []
  private var loaded = -1
  private var loadedCount = 0
  /// The block of which a single code was asked for last.
  private var touched = -1

  package var count: Int { column.head.count }
  package var blockCount: Int { column.head.blockCount }
  /// Every code is below it.
  package var limit: Int { column.head.limit }

  package init(_ place: ColumnPlace, of source: any ExtentSource) throws(SectionProblem) {
    do { column = try CodeBlocks(head: place.head.span) } catch { throw .column("\(error)") }
    pieces = PieceCursor(place, of: source)
  }

  @discardableResult
  package mutating func load(_ block: Int) throws(SectionProblem) -> Int {
    if block == loaded { return loadedCount }
    if values.isEmpty { values = Array(repeating: 0, count: Lanes.blockCount) }
    let (extent, range) = try pieces.piece(ofBlock: block)
    let column = self.column
    let count = try extent.read(range) { piece throws(BlockProblem) in
      var target = values.mutableSpan
      return try column.decode(block, of: piece, into: &target)
    }
    loaded = block
    loadedCount = count
    return count
  }

  package mutating func value(at index: Int) throws(SectionProblem) -> UInt32 {
    guard index < count else { throw .column("no value \(index)") }
    let block = index / Lanes.blockCount
    // Who asks twice in a block asks for neighbours: all of them cost as much as a few.
    if block == touched { try load(block) }
    if block == loaded { return values[index % Lanes.blockCount] }
    touched = block
    let (extent, range) = try pieces.piece(ofBlock: block)
    return try extent.read(range) { piece throws(BlockProblem) in
      try column.value(at: index, of: piece)
    }
  }

  private static let reserved = 1 << 20

  package mutating func all() throws(SectionProblem) -> [UInt32] {
    var all: [UInt32] = []
    all.reserveCapacity(min(count, Self.reserved))
    for block in 0..<blockCount { all += values[..<(try load(block))] }
    return all
  }
}
