import Sections

/// Rows of one person, next to each other in time: what a question's loops look at.
@unsafe struct Stretch {
  let times: UnsafePointer<Int64>
  let marks: UnsafePointer<UInt64>
  /// The numbers of the question's first value; those of the next follow `Section.blockRows` later.
  let numbers: UnsafePointer<UInt32>
  /// Of each row, the key of its session's id, 0 for none; rubbish where nobody asked for them.
  let sessions: UnsafePointer<UInt64>
  let count: Int

  /// Where rows begin whose numbers are not those of this row.
  @inline(__always)
  func end(ofNumbersFrom row: Int, columns: Int) -> Int {
    // SAFETY: a stretch has so many rows, and as many numbers in each column.
    let first = unsafe numbers[row]
    var end = row &+ 1
    while unsafe end < count && numbers[end] == first { end &+= 1 }
    var column = 1
    while column < columns {
      let own = unsafe numbers + column &* Section.blockRows
      var place = row &+ 1
      while place < end, unsafe own[place] == own[row] { place &+= 1 }
      end = place
      column &+= 1
    }
    return end
  }

  @inline(__always)
  func hasEvent(in rows: Range<Int>) -> Bool {
    var row = rows.lowerBound
    while row < rows.upperBound, unsafe marks[row] == 0 { row &+= 1 }
    return row < rows.upperBound
  }
}

/// What takes a person's rows, stretch by stretch, in the order of time and then of ids. Rows with a
/// mark of zero are not events of the question.
protocol FlowSink: ~Copyable {
  /// Nothing more of this person is wanted.
  var isSatisfied: Bool { get }
  /// About what it holds, where one person's rows alone can make that much; asked at each block.
  var heldBytes: Int { get }
  mutating func take(_ stretch: borrowing Stretch)
}

extension FlowSink where Self: ~Copyable {
  var heldBytes: Int { 0 }
}
