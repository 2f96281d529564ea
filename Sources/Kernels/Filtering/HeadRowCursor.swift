import Columns
import Sections

/// Which rows the objects of one head are: for one thread.
struct HeadRowCursor {
  private let head: UInt32
  private let ranks: HeadRanks
  private var codes: CodeCursor
  /// The rows of the head in one block.
  private let found = RowList()
  private var foundBlock = -1

  init(_ head: Int, of section: Section) throws(SectionProblem) {
    self.head = UInt32(head)
    ranks = try section.ranks(ofHead: head)
    codes = try section.headCodes()
    guard ranks.before.count == section.blockCount + 1 else { throw .column("ranks of a head") }
  }

  /// The objects whose rows are among these.
  mutating func objects(in rows: Range<Int>) throws(SectionProblem) -> Range<Int> {
    let start = try rank(ofRow: rows.lowerBound)
    return start..<max(start, try rank(ofRow: rows.upperBound))
  }

  /// How many objects have rows before this one.
  private mutating func rank(ofRow row: Int) throws(SectionProblem) -> Int {
    let block = row / Section.blockRows
    guard block + 1 < ranks.before.count else { return Int(ranks.before.last ?? 0) }
    let first = Int(ranks.before[block])
    let place = row % Section.blockRows
    if place == 0 { return first }
    let count = try find(block)
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if Int(found[middle]) < place { low = middle + 1 } else { high = middle }
    }
    return first + low
  }

  /// The rows of at most 1,024 neighbouring objects.
  mutating func load(
    _ objects: Range<Int>, into rows: BlockBuffer<UInt32>
  ) throws(SectionProblem) {
    guard !objects.isEmpty else { return }
    guard objects.upperBound <= Int(ranks.before.last ?? 0), objects.count <= Section.blockRows
    else { throw .column("objects of a head") }
    var block = ranks.block(ofObject: objects.lowerBound)
    var object = objects.lowerBound
    while object < objects.upperBound {
      let first = Int(ranks.before[block])
      let end = min(Int(ranks.before[block + 1]), objects.upperBound)
      if object < end {
        let offset = object - objects.lowerBound
        if let places = ranks.places {
          Self.add(places.span.extracting(object..<end), block, to: rows, at: offset)
        } else {
          try find(block)
          Self.add(found, (object - first)..<(end - first), block, to: rows, at: offset)
        }
        object = end
      }
      block += 1
    }
  }

  /// Brings the rows of a block into `found`.
  @discardableResult
  private mutating func find(_ block: Int) throws(SectionProblem) -> Int {
    let count = Int(ranks.before[block + 1]) - Int(ranks.before[block])
    if block == foundBlock { return count }
    foundBlock = -1
    if let places = ranks.places {
      let first = Int(ranks.before[block])
      for index in 0..<count { found[index] = places[first + index] }
    } else {
      let rows = try codes.load(block)
      let values = codes.values
      let codes = values.span.extracting(first: rows)
      guard BlockLoops.compact(codes, equalTo: head, into: found, at: 0) == count else {
        // Rows are counted twice, and damage between the two looks is possible.
        throw .column("rows of a head")
      }
    }
    foundBlock = block
    return count
  }

  private static func add(
    _ places: Span<UInt16>, _ block: Int, to rows: BlockBuffer<UInt32>, at offset: Int
  ) {
    precondition(offset >= 0 && places.count <= RowList.capacity - offset, "too many rows")
    // SAFETY: checked just now.
    let target = unsafe rows.start + offset
    let first = UInt32(truncatingIfNeeded: block &* Section.blockRows)
    var index = 0
    while index < places.count {
      unsafe target[index] = first &+ UInt32(places[index])
      index &+= 1
    }
  }

  private static func add(
    _ found: RowList, _ range: Range<Int>, _ block: Int, to rows: BlockBuffer<UInt32>,
    at offset: Int
  ) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= RowList.capacity && offset >= 0
        && range.count <= RowList.capacity - offset, "too many rows")
    // SAFETY: checked just now.
    let (source, target) = unsafe (found.start + range.lowerBound, rows.start + offset)
    let first = UInt32(truncatingIfNeeded: block &* Section.blockRows)
    var index = 0
    while index < range.count {
      unsafe target[index] = first &+ UInt32(source[index])
      index &+= 1
    }
  }
}
