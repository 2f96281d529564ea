import Columns

/// A column of doubles, a block at a time.
package struct DoubleCursor {
  private let column: DoubleBlocks
  private var pieces: PieceCursor
  /// The values of the block that was loaded last, and room up to 1,024; empty before the first.
  package private(set) var values: [Double] = []
  private var loaded = -1
  private var loadedCount = 0
  /// The block of which a single value was asked for last.
  private var touched = -1

  package var count: Int { column.head.count }

  /// The digits behind the point that all values have, if they do.
  var commonDigits: Int? { column.commonDigits }

  package init(_ place: ColumnPlace, of source: any ExtentSource) throws(SectionProblem) {
    do { column = try DoubleBlocks(head: place.head.span) } catch { throw .column("\(error)") }
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

  package mutating func value(at index: Int) throws(SectionProblem) -> Double {
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
}

/// A column of truths, a block at a time.
package struct BoolCursor {
  private let column: BoolBlocks
  private var pieces: PieceCursor
  /// Zeros and ones: those of the block that was loaded last.
  package private(set) var values: [UInt8] = []
  private var loaded = -1
  private var loadedCount = 0

  package var count: Int { column.head.count }

  /// The value of all rows, where they have one.
  var constant: Bool? { column.constant }

  package init(_ place: ColumnPlace, of source: any ExtentSource) throws(SectionProblem) {
    do { column = try BoolBlocks(head: place.head.span) } catch { throw .column("\(error)") }
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

  package mutating func value(at index: Int) throws(SectionProblem) -> Bool {
    guard index < count else { throw .column("no value \(index)") }
    let (extent, range) = try pieces.piece(ofBlock: index / Lanes.blockCount)
    return try extent.read(range) { piece throws(BlockProblem) in
      try column.value(at: index, of: piece)
    }
  }
}
