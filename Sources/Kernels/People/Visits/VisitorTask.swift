import Query
import Sections

/// How many people there are, and views, by piece of the range.
struct VisitorTally: Sendable {
  var people = 0
  var views = 0
  var piecePeople: [Int]
  var pieceViews: [Int]

  init(pieces count: Int) {
    piecePeople = Array(repeating: 0, count: count)
    pieceViews = piecePeople
  }

  mutating func add(_ other: VisitorTally) {
    people += other.people
    views += other.views
    for piece in piecePeople.indices {
      piecePeople[piece] += other.piecePeople[piece]
      pieceViews[piece] += other.pieceViews[piece]
    }
  }

  func row(_ group: Group, _ pieces: PieceTable) -> VisitorsQuestion.Content.Row {
    VisitorsQuestion.Content.Row(
      group, people: people, views: views,
      pieces: pieces.starts.indices.map {
        VisitorsQuestion.Content.Piece(
          pieces.starts[$0], people: piecePeople[$0], views: pieceViews[$0])
      })
  }
}

/// A tally, and whom it counted last: people come one after the other, and their events in time.
struct VisitorCount {
  var tally: VisitorTally
  private var person = -1
  private var piece = -1

  init(pieces count: Int) { tally = VisitorTally(pieces: count) }

  @inline(__always)
  mutating func add(_ person: Int, piece: Int, views: Int) {
    tally.views &+= views
    tally.pieceViews[piece] &+= views
    if person < 0 || (person == self.person && piece == self.piece) { return }
    if person != self.person { tally.people &+= 1 }
    self.person = person
    self.piece = piece
    tally.piecePeople[piece] &+= 1
  }
}

/// Counts visitors from rows: of people, and the views of rows that nobody is known to have made.
struct VisitorRows: FlowSink {
  private let pieces: PieceTable
  private let groups: GroupCodes?
  private let pathCount: Int
  private let assignment: Breakdown.Assignment
  /// In a second look: the groups that are too small for a row, as one.
  private let others: Set<UInt32>
  private(set) var whole: VisitorCount
  private(set) var counts: [UInt32: VisitorCount] = [:]
  private var person = -1
  /// The person's own value of each path, where all of their events are under it.
  private var own: [UInt32] = []
  private var ownTimes: [Int64] = []
  private var isChoosing = false
  private let numbers: ValueNumbers
  // Stored, for whoever asks a computed one may copy all of it first.
  let isSatisfied = false

  init(
    _ question: VisitorsQuestion, _ pieces: PieceTable, _ groups: GroupCodes?,
    _ numbers: ValueNumbers, others: Set<UInt32>
  ) {
    self.pieces = pieces
    self.groups = groups
    self.others = others
    self.numbers = numbers
    pathCount = question.breakdown?.paths.count ?? 0
    assignment = question.breakdown?.assignment ?? .event
    whole = VisitorCount(pieces: pieces.count)
  }

  var byteCount: Int { 16 * pieces.count * (1 + counts.count) }
  var heldBytes: Int { byteCount }

  mutating func look(at person: Int, _ reader: FlowReader) throws(KernelFailure) {
    self.person = person
    if assignment != .event {
      own = Array(repeating: ValueNumbers.none, count: pathCount)
      ownTimes = Array(repeating: 0, count: pathCount)
      isChoosing = true
      try reader.walk(person, &self)
      isChoosing = false
    }
    try reader.walk(person, &self)
  }

  /// Rows of nobody: their views count, and their groups are there.
  mutating func takeOfNobody(_ stretch: borrowing Stretch) {
    person = -1
    own = Array(repeating: ValueNumbers.none, count: pathCount)
    unsafe take(stretch)
  }

  mutating func take(_ stretch: borrowing Stretch) {
    var row = 0
    while row < (unsafe stretch.count) {
      // SAFETY: the stretch has so many rows, and a number for each path.
      let mark = unsafe stretch.marks[row]
      if mark != 0 {
        let time = unsafe stretch.times[row]
        if isChoosing {
          unsafe choose(stretch.numbers + row, at: time)
        } else {
          let views = mark & EventMarks.view != 0 ? 1 : 0
          let piece = pieces.index(of: time)
          whole.add(person, piece: piece, views: views)
          if let groups {
            let group =
              assignment == .event
              ? unsafe groups.code(stretch.numbers + row) : groups.code(of: own)
            if others.isEmpty {
              counts[group, default: VisitorCount(pieces: pieces.count)]
                .add(person, piece: piece, views: views)
            } else if others.contains(group) {
              counts[0, default: VisitorCount(pieces: pieces.count)]
                .add(person, piece: piece, views: views)
            }
          }
        }
      }
      row &+= 1
    }
  }

  /// The first value of the person at each path, or the last: of one millisecond the least, or the
  /// greatest.
  private mutating func choose(_ values: UnsafePointer<UInt32>, at time: Int64) {
    for path in 0..<pathCount {
      // SAFETY: a row has a number for each path.
      let number = unsafe values[path * Section.blockRows]
      if number == ValueNumbers.none || number == own[path] && assignment == .firstOfPerson {
        continue
      }
      let isFirst = own[path] == ValueNumbers.none
      if !isFirst && time == ownTimes[path] {
        let isLess = numbers.value(of: number) < numbers.value(of: own[path])
        if isLess == (assignment == .firstOfPerson) { own[path] = number }
      } else if isFirst || assignment == .lastOfPerson {
        own[path] = number
        ownTimes[path] = time
      }
    }
  }
}

/// A thread's part of a question about visitors, from rows. Behind the people come the sections' rows
/// of nobody.
final class VisitorTask: FlowTask {
  private let reader: FlowReader
  private var rows: VisitorRows

  init(_ reader: FlowReader, _ rows: VisitorRows) {
    self.reader = reader
    self.rows = rows
  }

  var byteCount: Int { rows.byteCount }

  func look(at people: Range<Int>) throws(KernelFailure) {
    try Self.look(at: people, reader, &rows)
  }

  private static func look(
    at people: Range<Int>, _ reader: FlowReader, _ rows: inout VisitorRows
  ) throws(KernelFailure) {
    for person in people { try rows.look(at: person, reader) }
  }

  func lookAtNobody(in section: Int) throws(KernelFailure) {
    try unsafe reader.walkNobody(of: section) { stretch in unsafe rows.takeOfNobody(stretch) }
  }

  func finish() -> (VisitorTally, [UInt32: VisitorTally]) {
    (rows.whole.tally, rows.counts.mapValues(\.tally))
  }
}
