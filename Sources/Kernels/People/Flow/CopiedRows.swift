import Sections

/// Rows of runs that share a section, taken out of its blocks: those of each run in a part of the room of
/// its own, and from there, in one order, where a stretch is made of them.
@safe struct CopiedRows: ~Copyable {
  /// Rows of all runs together, as long as a run has some.
  private static let roomRows = 65_536
  private static let leastRows = 16

  private let values: Int
  private var room: Columns
  /// Of each run.
  private var rowsOfRun = 0
  private var merged: Columns
  private var mergedCount = 0

  init(values: Int) {
    self.values = values
    room = Columns(values: values, capacity: 0)
    merged = Columns(values: values, capacity: Section.blockRows)
  }

  /// Forgets the person before.
  mutating func begin(runs count: Int) {
    mergedCount = 0
    if count == 0 { return }
    rowsOfRun = min(Section.blockRows, max(Self.leastRows, Self.roomRows / count))
    if room.capacity < rowsOfRun * count {
      room = Columns(values: values, capacity: rowsOfRun * count)
    }
  }

  // SAFETY, for both: of as many rows as were copied there.
  func times(of run: Int) -> UnsafePointer<Int64> {
    unsafe UnsafePointer(room.times + run * rowsOfRun)
  }
  func marks(of run: Int) -> UnsafePointer<UInt64> {
    unsafe UnsafePointer(room.marks + run * rowsOfRun)
  }

  /// Copies the first rows of a stretch, and says how many.
  mutating func copy(_ stretch: borrowing Stretch, to run: Int) -> Int {
    let count = unsafe min(stretch.count, rowsOfRun)
    unsafe room.take(count, of: stretch, every: Section.blockRows, at: run * rowsOfRun)
    return count
  }

  /// Puts rows of a run behind those that wait to be handed on.
  mutating func hand(
    _ run: Int, _ place: Int, _ count: Int, to sink: inout some FlowSink & ~Copyable
  ) {
    var done = 0
    while done < count {
      let part = min(count - done, Section.blockRows - mergedCount)
      let rows = unsafe room.stretch(from: run * rowsOfRun + place + done, part)
      unsafe merged.take(part, of: rows, every: room.capacity, at: mergedCount)
      mergedCount += part
      done += part
      if mergedCount == Section.blockRows { hand(to: &sink) }
    }
  }

  /// Hands on what waits.
  mutating func hand(to sink: inout some FlowSink & ~Copyable) {
    if mergedCount == 0 { return }
    unsafe sink.take(merged.stretch(from: 0, mergedCount))
    mergedCount = 0
  }
}

/// Memory for rows as a stretch has them; the numbers of each value follow `capacity` later.
@safe private struct Columns: ~Copyable {
  let capacity: Int
  private let values: Int
  // SAFETY, for all: for so many rows, as long as the columns live.
  let times: UnsafeMutablePointer<Int64>
  let marks: UnsafeMutablePointer<UInt64>
  private let sessions: UnsafeMutablePointer<UInt64>
  private let numbers: UnsafeMutablePointer<UInt32>

  init(values: Int, capacity: Int) {
    self.values = values
    self.capacity = capacity
    unsafe times = .allocate(capacity: capacity)
    unsafe marks = .allocate(capacity: capacity)
    unsafe sessions = .allocate(capacity: capacity)
    unsafe numbers = .allocate(capacity: values * capacity)
  }

  deinit {
    unsafe times.deallocate()
    unsafe marks.deallocate()
    unsafe sessions.deallocate()
    unsafe numbers.deallocate()
  }

  /// SAFETY: the stretch has so many rows, its numbers of each value at this distance, and there is room.
  func take(_ count: Int, of stretch: borrowing Stretch, every distance: Int, at place: Int) {
    unsafe (times + place).update(from: stretch.times, count: count)
    unsafe (marks + place).update(from: stretch.marks, count: count)
    unsafe (sessions + place).update(from: stretch.sessions, count: count)
    for value in 0..<values {
      unsafe (numbers + value * capacity + place)
        .update(from: stretch.numbers + value * distance, count: count)
    }
  }

  func stretch(from place: Int, _ count: Int) -> Stretch {
    unsafe Stretch(
      times: UnsafePointer(times + place), marks: UnsafePointer(marks + place),
      numbers: UnsafePointer(numbers + place), sessions: UnsafePointer(sessions + place),
      count: count)
  }
}
