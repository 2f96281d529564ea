import Events
import Query
import Sections

/// Hands on the rows of a person's runs in one order where these overlap in time: of one run, as many
/// rows at a time as come before those of all others. Rows stay where their blocks were decoded. Only
/// those of runs that share a section, whose blocks drive out each other, are copied, some of each run
/// at a time: memory is bounded however long a history is, and however many ids were joined.
@safe struct TangledRuns: ~Copyable {
  private struct Cursor {
    let section: Int
    /// The row that comes next, and the end of the run.
    var row: Int
    let end: Int
    /// Of that row.
    var time: Int64 = 0
    /// Rows are copied to this place of the room; -1: they stay in the lane.
    let room: Int
    /// Where the next row is among those that are here, and how many these are.
    var place = 0
    var count = 0
  }

  private var copies: CopiedRows
  private var cursors: [Cursor] = []
  /// Their places, the one whose row comes first on top.
  private var heap: [Int] = []
  /// By section, how many runs are in it.
  private var sharing: [UInt32]
  /// Rows that were handed on since time and memory were looked at.
  private var unchecked = 0

  init(_ source: FlowSource) {
    copies = CopiedRows(values: source.paths.count)
    sharing = Array(repeating: 0, count: source.facts.count)
  }

  mutating func walk(
    _ reader: FlowReader, _ runs: UnsafePointer<PersonDirectory.Run>,
    _ notes: UnsafePointer<RunNotes.Note>, count: Int, _ sink: inout some FlowSink & ~Copyable
  ) throws(KernelFailure) {
    unsafe begin(runs, notes, count)
    for place in cursors.indices {
      if try fill(place, reader) { try push(place, reader) }
    }
    while let first = heap.first, !sink.isSatisfied {
      let found = rows(of: first, reader)
      hand(first, found, reader, to: &sink)
      unchecked += found
      if unchecked >= Section.blockRows {
        unchecked = 0
        try reader.check(holding: sink.heldBytes)
      }
      cursors[first].row += found
      cursors[first].place += found
      if try !fill(first, reader) {
        heap[0] = heap[heap.count - 1]
        heap.removeLast()
      }
      try settle(reader)
    }
    copies.hand(to: &sink)
  }

  private mutating func begin(
    _ runs: UnsafePointer<PersonDirectory.Run>, _ notes: UnsafePointer<RunNotes.Note>, _ count: Int
  ) {
    cursors.removeAll(keepingCapacity: true)
    heap.removeAll(keepingCapacity: true)
    // SAFETY, for all of it: the caller lends so many runs, and each is one of its section's.
    for place in 0..<count { unsafe sharing[Int(runs[place].section)] += 1 }
    var copied = 0
    for place in 0..<count where unsafe notes[place].mask != 0 {
      let section = unsafe Int(runs[place].section)
      let isShared = sharing[section] > 1
      cursors.append(
        Cursor(
          section: section, row: unsafe Int(notes[place].first), end: unsafe Int(notes[place].end),
          room: isShared ? copied : -1))
      if isShared { copied += 1 }
    }
    for place in 0..<count { unsafe sharing[Int(runs[place].section)] = 0 }
    copies.begin(runs: copied)
  }

  /// How many rows of the run that is first come before those of all others. Of a time that it shares
  /// with another run it is one: ids say which.
  private func rows(of first: Int, _ reader: FlowReader) -> Int {
    let cursor = cursors[first]
    var bound = Int64.max
    for child in 1...2 where child < heap.count { bound = min(bound, cursors[heap[child]].time) }
    let times = unsafe times(of: cursor, reader)
    // SAFETY: the cursor's rows are here.
    if unsafe times[cursor.count &- 1] < bound { return cursor.count - cursor.place }
    var low = cursor.place + 1
    var high = cursor.count - 1
    while low < high {
      let middle = (low + high) / 2
      if unsafe times[middle] < bound { low = middle + 1 } else { high = middle }
    }
    return low - cursor.place
  }

  private mutating func hand(
    _ first: Int, _ count: Int, _ reader: FlowReader, to sink: inout some FlowSink & ~Copyable
  ) {
    let cursor = cursors[first]
    if cursor.room >= 0 {
      copies.hand(cursor.room, cursor.place, count, to: &sink)
    } else {
      copies.hand(to: &sink)
      // SAFETY: the rows are in the block that the lane has.
      unsafe sink.take(reader.lanes[cursor.section].stretch(from: cursor.place, count))
    }
  }

  /// Goes to the cursor's next row that is an event; false where there is none.
  private mutating func fill(_ place: Int, _ reader: FlowReader) throws(KernelFailure) -> Bool {
    var cursor = cursors[place]
    while true {
      let (times, marks) = unsafe (times(of: cursor, reader), marks(of: cursor, reader))
      // SAFETY: the cursor's rows are here.
      while cursor.place < cursor.count, unsafe marks[cursor.place] == 0 {
        cursor.place += 1
        cursor.row += 1
      }
      if cursor.place < cursor.count {
        cursor.time = unsafe times[cursor.place]
        cursors[place] = cursor
        return true
      }
      if cursor.row >= cursor.end { return false }
      try load(&cursor, reader)
    }
  }

  private mutating func load(
    _ cursor: inout Cursor, _ reader: FlowReader
  ) throws(KernelFailure) {
    try reader.load(section: cursor.section, row: cursor.row)
    // SAFETY: the row is in the block that was just loaded.
    let lane = unsafe reader.lanes + cursor.section
    let offset = unsafe cursor.row - lane.pointee.firstRow
    let count = unsafe min(cursor.end - cursor.row, lane.pointee.count - offset)
    guard count > 0 else { throw .section(cursor.section, .column("rows of a run")) }
    if cursor.room < 0 {
      cursor.place = offset
      cursor.count = offset + count
    } else {
      cursor.place = 0
      cursor.count = unsafe copies.copy(lane.pointee.stretch(from: offset, count), to: cursor.room)
    }
  }

  // SAFETY, for both: for the places below the cursor's count, until rows are loaded.
  @inline(__always)
  private func times(of cursor: Cursor, _ reader: FlowReader) -> UnsafePointer<Int64> {
    unsafe cursor.room < 0
      ? UnsafePointer(reader.lanes[cursor.section].times) : copies.times(of: cursor.room)
  }
  @inline(__always)
  private func marks(of cursor: Cursor, _ reader: FlowReader) -> UnsafePointer<UInt64> {
    unsafe cursor.room < 0
      ? UnsafePointer(reader.lanes[cursor.section].marks) : copies.marks(of: cursor.room)
  }

  // MARK: The heap

  private mutating func push(_ place: Int, _ reader: FlowReader) throws(KernelFailure) {
    heap.append(place)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard try isBefore(heap[child], heap[parent], reader) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func settle(_ reader: FlowReader) throws(KernelFailure) {
    var parent = 0
    while true {
      var least = parent
      for child in (2 * parent + 1)...(2 * parent + 2) where child < heap.count {
        if try isBefore(heap[child], heap[least], reader) { least = child }
      }
      if least == parent { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }

  private func isBefore(
    _ left: Int, _ right: Int, _ reader: FlowReader
  ) throws(KernelFailure) -> Bool {
    if cursors[left].time != cursors[right].time { return cursors[left].time < cursors[right].time }
    return try id(left, reader) < id(right, reader)
  }

  private func id(_ place: Int, _ reader: FlowReader) throws(KernelFailure) -> EventID {
    let cursor = cursors[place]
    return try reader.id(section: cursor.section, row: cursor.row, time: cursor.time)
  }
}
