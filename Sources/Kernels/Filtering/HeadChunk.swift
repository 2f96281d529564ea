import Columns
import Compression
import Sections

/// Some of a chunk's objects: their places in it, ascending.
struct ChosenObjects {
  let places: RowList
  let count: Int
}

/// Neighbouring objects of one head, at most 1,024, and what else of their rows somebody asks for:
/// for one thread. Columns of properties have their values side by side, so what asks for one name
/// reads nothing of the others.
final class HeadChunk {
  /// What the chunks of a thread share, since it works on one at a time.
  struct Room {
    let rows = BlockBuffer<UInt32>(repeating: 0)
    let times = BlockBuffer<Int64>(repeating: 0)
    let shared = BlockBuffer<UInt32>(repeating: 0)
    /// By row of a block.
    let ofBlock = BlockBuffer<UInt32>(repeating: 0)
    /// Some rows of a block.
    let inBlock = RowList()
    /// Every place of a chunk.
    let everything = RowList()
    /// A one for each object whose `ctx` nobody has asked for, and a list of such.
    let lacking = Mask()
    let asked = RowList()
    let decompressor = ZstdDecompressor()

    init() { BlockLoops.count(into: everything) }
  }

  let section: Section
  let head: Int
  private let room: Room
  private(set) var objects = 0..<0
  /// By place of an object in the chunk, once they were asked for: its row, its time, and the `ctx` of
  /// its row.
  var rows: BlockBuffer<UInt32> { room.rows }
  var times: BlockBuffer<Int64> { room.times }
  var shared: BlockBuffer<UInt32> { room.shared }
  var decompressor: ZstdDecompressor { room.decompressor }

  private var rowCursor: HeadRowCursor
  // Taken out by whoever uses one, so that what it has decoded is not copied.
  private var timeCursor: IntegerCursor?
  private var changes: ChangeCursor?
  private var knowsRows = false
  private var knowsTimes = false
  private var knowsShared = false

  /// With fewer objects in a block their values are looked up one by one.
  private static let fewInBlock = 8
  /// With more, all rows of the block find their `ctx` at once.
  private static let manyInBlock = 160

  init(_ head: Int, of section: Section, in room: Room) throws(SectionProblem) {
    self.section = section
    self.head = head
    self.room = room
    rowCursor = try HeadRowCursor(head, of: section)
  }

  var count: Int { objects.count }
  var everything: ChosenObjects { ChosenObjects(places: room.everything, count: count) }

  /// The objects whose rows are among these.
  func objects(in rows: Range<Int>) throws(SectionProblem) -> Range<Int> {
    try rowCursor.objects(in: rows)
  }

  /// Goes to other objects. What was found of those before is gone.
  func load(_ objects: Range<Int>) {
    precondition(objects.count <= Section.blockRows, "\(objects.count) objects in a chunk")
    self.objects = objects
    knowsRows = false
    knowsTimes = false
    knowsShared = false
  }

  func findRows() throws(SectionProblem) {
    if knowsRows { return }
    try rowCursor.load(objects, into: rows)
    knowsRows = true
  }

  func findTimes(of chosen: ChosenObjects) throws(SectionProblem) {
    if knowsTimes { return }
    try findRows()
    var cursor = try takeTimes()
    try forEachBlock(of: chosen) { (block, range) throws(SectionProblem) in
      try findTimes(of: chosen.places, range, in: block, &cursor)
    }
    timeCursor = cursor
    knowsTimes = chosen.count == count
  }

  /// Of the chosen those whose times are inside. Most blocks say that of all their rows.
  func keep(
    _ chosen: ChosenObjects, timesIn bounds: ClosedRange<Int64>, into list: RowList
  ) throws(SectionProblem) -> ChosenObjects {
    try findRows()
    var cursor = try takeTimes()
    var found = 0
    try forEachBlock(of: chosen) { (block, range) throws(SectionProblem) in
      let own = try cursor.bounds(ofBlock: block)
      if bounds.lowerBound <= own.lowerBound, own.upperBound <= bounds.upperBound {
        BlockLoops.copy(chosen.places, range, to: list, at: &found)
      } else if bounds.overlaps(own) {
        try findTimes(of: chosen.places, range, in: block, &cursor)
        BlockLoops.keep(chosen.places, range, where: times, isIn: bounds, into: list, at: &found)
      }
    }
    timeCursor = cursor
    return ChosenObjects(places: list, count: found)
  }

  private func takeTimes() throws(SectionProblem) -> IntegerCursor {
    let cursor = timeCursor
    timeCursor = nil
    if let cursor { return cursor }
    return try section.times()
  }

  private func findTimes(
    of places: RowList, _ range: Range<Int>, in block: Int, _ cursor: inout IntegerCursor
  ) throws(SectionProblem) {
    if range.count < Self.fewInBlock {
      for index in range {
        let place = Int(places[index])
        times[place] = try cursor.value(at: Int(rows[place]))
      }
      return
    }
    try cursor.load(block)
    let values = cursor.values
    BlockLoops.gather(values.span, rows, places, range, into: times)
  }

  func findShared(of chosen: ChosenObjects) throws(SectionProblem) {
    if !knowsShared { BlockLoops.fill(room.lacking, count, with: true) }
    knowsShared = true
    let count = BlockLoops.keep(
      chosen.places, 0..<chosen.count, where: room.lacking, into: room.asked)
    if count == 0 { return }
    try findRows()
    let known = changes
    changes = nil
    var cursor = if let known { known } else { try section.ctxChanges() }
    let asked = ChosenObjects(places: room.asked, count: count)
    try forEachBlock(of: asked) { (block, range) throws(SectionProblem) in
      if range.count < Self.manyInBlock {
        BlockLoops.placesInBlock(rows, asked.places, range, into: room.inBlock)
        try room.inBlock.withSpan(range.count) { rows throws(SectionProblem) in
          try cursor.find(rows, inBlock: block)
        }
        let numbers = cursor.numbers
        BlockLoops.scatter(numbers.span, to: asked.places, range, into: shared)
      } else {
        try cursor.load(block)
        let runs = cursor.runs
        let starts = runs.starts
        BlockLoops.number(starts.span, from: runs.first, into: room.ofBlock)
        BlockLoops.gather(room.ofBlock, rows, asked.places, range, into: shared)
      }
    }
    changes = cursor
    BlockLoops.mark(asked.places, 0..<count, with: false, in: room.lacking)
  }

  /// Lends `body` stretches of `ctx` numbers, at most 1,024 from the first to the last, and which of
  /// the chosen have them.
  func forEachShared(
    of chosen: ChosenObjects, _ body: (Range<Int>, Range<Int>) throws(SectionProblem) -> Void
  ) throws(SectionProblem) {
    try findShared(of: chosen)
    var index = 0
    while index < chosen.count {
      let first = Int(shared[Int(chosen.places[index])])
      let end = BlockLoops.end(
        shared, chosen.places, index, chosen.count, below: first + Section.blockRows)
      try body(first..<(Int(shared[Int(chosen.places[end - 1])]) + 1), index..<end)
      index = end
    }
  }

  /// Lends `body` each block with rows of the chosen, and which of them they are.
  private func forEachBlock(
    of chosen: ChosenObjects, _ body: (Int, Range<Int>) throws(SectionProblem) -> Void
  ) throws(SectionProblem) {
    var index = 0
    while index < chosen.count {
      let block = Int(rows[Int(chosen.places[index])]) / Section.blockRows
      let end = BlockLoops.end(
        rows, chosen.places, index, chosen.count, below: (block + 1) * Section.blockRows)
      try body(block, index..<end)
      index = end
    }
  }
}
