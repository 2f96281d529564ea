import Events
import Query
import Sections

/// Merges the rows of a person's runs where these overlap in time: some rows of each run at a time, so
/// that memory is bounded however long a history is.
@safe final class TangledRuns {
  private struct Cursor {
    let section: Int
    /// The row that comes next, and the end of the run.
    var row: Int
    let end: Int
    /// Which of the rows that were copied comes next, and how many there are.
    var place = 0
    var count = 0
  }

  /// Rows that are copied at a time, of all runs together, as long as a run has some.
  private static let roomRows = 65_536
  private static let leastRows = 16

  private let values: Int
  private let hasSessions: Bool
  private var cursors: [Cursor] = []
  private var room = 0
  private var times: [Int64] = []
  private var marks: [UInt64] = []
  private var sessions: [UInt64] = []
  private var numbers: [UInt32] = []
  /// The places of cursors, the one whose row comes first on top.
  private var heap: [Int] = []
  // What was merged and not handed on.
  private var outTimes = [Int64](repeating: 0, count: Section.blockRows)
  private var outMarks = [UInt64](repeating: 0, count: Section.blockRows)
  private var outSessions: [UInt64]
  private var outNumbers: [UInt32]
  private var outCount = 0

  init(values: Int, hasSessions: Bool) {
    self.values = values
    self.hasSessions = hasSessions
    outSessions = Array(repeating: 0, count: hasSessions ? Section.blockRows : 1)
    outNumbers = Array(repeating: 0, count: Section.blockRows * values)
  }

  func walk(
    _ reader: FlowReader, _ runs: UnsafePointer<PersonDirectory.Run>, count: Int,
    _ sink: inout some FlowSink & ~Copyable
  ) throws(KernelFailure) {
    cursors.removeAll(keepingCapacity: true)
    for place in 0..<count {
      // SAFETY: the caller lends so many runs, and each is one of its section's.
      let run = unsafe runs[place]
      let lane = unsafe reader.lanes + Int(run.section)
      guard unsafe lane.pointee.masks[Int(run.run)] & lane.pointee.wanted != 0 else { continue }
      cursors.append(
        Cursor(
          section: Int(run.section), row: unsafe Int(lane.pointee.firstRows[Int(run.run)]),
          end: unsafe Int(lane.pointee.firstRows[Int(run.run) + 1])))
    }
    room = min(Section.blockRows, max(Self.leastRows, Self.roomRows / max(1, cursors.count)))
    grow(to: room * cursors.count)
    outCount = 0
    heap.removeAll(keepingCapacity: true)
    for place in cursors.indices {
      if try fill(place, reader) { try push(place, reader) }
    }
    while let first = heap.first, !sink.isSatisfied {
      take(first)
      if outCount == Section.blockRows {
        hand(to: &sink)
        try reader.check(holding: sink.heldBytes)
      }
      if try advance(first, reader) {
        try settle(reader)
      } else {
        let last = heap.removeLast()
        if !heap.isEmpty {
          heap[0] = last
          try settle(reader)
        }
      }
    }
    if outCount > 0 { hand(to: &sink) }
  }

  private func grow(to count: Int) {
    if times.count < count {
      times = Array(repeating: 0, count: count)
      marks = Array(repeating: 0, count: count)
      sessions = Array(repeating: 0, count: hasSessions ? count : 0)
      numbers = Array(repeating: 0, count: count * values)
    }
  }

  /// Steps to the cursor's next row that is an event; false where there is none.
  private func advance(_ place: Int, _ reader: FlowReader) throws(KernelFailure) -> Bool {
    cursors[place].place += 1
    return cursors[place].place < cursors[place].count ? true : try fill(place, reader)
  }

  /// Copies the events among the next rows of a run.
  private func fill(_ place: Int, _ reader: FlowReader) throws(KernelFailure) -> Bool {
    let start = place * room
    var found = 0
    while found == 0, cursors[place].row < cursors[place].end {
      let (section, row) = (cursors[place].section, cursors[place].row)
      try reader.load(section: section, row: row)
      // SAFETY: the row is in the block that was just loaded.
      let lane = unsafe reader.lanes + section
      let offset = unsafe row - lane.pointee.firstRow
      let count = unsafe min(room, cursors[place].end - row, lane.pointee.count - offset)
      guard count > 0 else { throw .section(section, .column("rows of a run")) }
      for index in 0..<count {
        let mark = unsafe lane.pointee.marks[offset + index]
        times[start + index] = unsafe lane.pointee.times[offset + index]
        marks[start + index] = mark
        if mark != 0 { found += 1 }
        if hasSessions { sessions[start + index] = unsafe lane.pointee.sessions[offset + index] }
        for value in 0..<values {
          numbers[(start + index) * values + value] =
            unsafe lane.pointee.numbers[value * Section.blockRows + offset + index]
        }
      }
      cursors[place].row += count
      cursors[place].place = 0
      cursors[place].count = count
    }
    return found > 0
  }

  private func take(_ place: Int) {
    let index = place * room + cursors[place].place
    outTimes[outCount] = times[index]
    outMarks[outCount] = marks[index]
    if hasSessions { outSessions[outCount] = sessions[index] }
    for value in 0..<values {
      outNumbers[value * Section.blockRows + outCount] = numbers[index * values + value]
    }
    outCount += 1
  }

  private func hand(to sink: inout some FlowSink & ~Copyable) {
    let count = outCount
    outCount = 0
    unsafe outTimes.withUnsafeBufferPointer { times in
      unsafe outMarks.withUnsafeBufferPointer { marks in
        unsafe outSessions.withUnsafeBufferPointer { sessions in
          unsafe outNumbers.withUnsafeBufferPointer { numbers in
            guard let time = times.baseAddress, let mark = marks.baseAddress,
              let session = sessions.baseAddress
            else { return }
            // Without values nobody looks at numbers: any address will do.
            let none = unsafe UnsafeRawPointer(time).assumingMemoryBound(to: UInt32.self)
            unsafe sink.take(
              Stretch(
                times: time, marks: mark, numbers: numbers.baseAddress ?? none,
                sessions: session, count: count))
          }
        }
      }
    }
  }

  // MARK: The heap

  private func push(_ place: Int, _ reader: FlowReader) throws(KernelFailure) {
    heap.append(place)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard try isBefore(heap[child], heap[parent], reader) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private func settle(_ reader: FlowReader) throws(KernelFailure) {
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
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
    let (leftTime, rightTime) = (time(left), time(right))
    if leftTime != rightTime { return leftTime < rightTime }
    return try id(left, reader) < id(right, reader)
  }

  private func time(_ place: Int) -> Int64 { times[place * room + cursors[place].place] }

  private func id(_ place: Int, _ reader: FlowReader) throws(KernelFailure) -> EventID {
    let cursor = cursors[place]
    return try reader.id(
      section: cursor.section, row: cursor.row - cursor.count + cursor.place, time: time(place))
  }
}
