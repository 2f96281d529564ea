import Query
import Sections

/// What a thread found of sessions.
struct SessionParts: Sendable {
  var whole: SessionTally
  var groups: [UInt32: SessionTally] = [:]
  var entryPages: [UInt32: Int] = [:]
  var exitPages: [UInt32: Int] = [:]
}

/// Sessions from rows, with all that may be asked of them. Bit 0 of a mark: a key event.
struct SessionRows: FlowSink, ~Copyable {
  let sums: SessionSums
  private let groups: GroupCodes?
  /// Where a row's number of a page is behind those of its group; -1: nowhere.
  private let page: Int
  private let isByID: Bool
  private var cutter: SessionCutter
  private var named = SessionsByID()
  /// The group of the session that the cutter is in, and of those by id: of the first event with one.
  private var group: UInt32 = 0
  private var namedGroups: [UInt32] = []
  private var parts: SessionParts
  // Stored, for whoever asks a computed one may copy all of it first.
  let isSatisfied = false

  init(_ question: SessionsQuestion, _ pieces: PieceTable, _ groups: GroupCodes?) {
    sums = SessionSums(pieces, question.bounce)
    self.groups = groups
    page =
      question.page == nil ? -1 : (question.breakdown?.paths.count ?? 0) * Section.blockRows
    isByID = question.cutting.cut == .sessionID
    var byGaps = question.cutting
    byGaps.cut = .gaps
    cutter = SessionCutter(byGaps, zone: question.scope.zone)
    parts = SessionParts(whole: SessionTally(pieces: 0))
  }

  var byteCount: Int {
    sums.byteCount * (1 + parts.groups.count)
      + 32 * (parts.entryPages.count + parts.exitPages.count)
  }
  var heldBytes: Int { byteCount + named.byteCount + 4 * namedGroups.count }

  /// The values that rows are read with.
  static func paths(of question: SessionsQuestion) -> [PropertyPath] {
    (question.breakdown?.paths ?? []) + (question.page.map { [$0] } ?? [])
  }

  static func look(
    at person: Int, _ reader: FlowReader, _ rows: inout SessionRows
  ) throws(KernelFailure) {
    try reader.walk(person, &rows)
    rows.end()
  }

  mutating func take(_ stretch: borrowing Stretch) {
    var row = 0
    while row < (unsafe stretch.count) {
      // SAFETY: the stretch has so many rows, with a key where sessions are by id.
      let id = unsafe isByID ? stretch.sessions[row] : 0
      if id != 0 {
        let first = row
        if let part = unsafe events(of: id, in: stretch, from: &row) {
          named.add(part, id: id)
          if groups != nil { unsafe takeGroup(stretch, first..<row) }
        }
      } else {
        if unsafe stretch.marks[row] != 0 {
          unsafe add(event(stretch, row), code(stretch, row))
        }
        row &+= 1
      }
    }
  }

  /// The events of neighbouring rows of one session; nil where there are none among them.
  @inline(__always)
  private func events(
    of id: UInt64, in stretch: borrowing Stretch, from row: inout Int
  ) -> Session? {
    let start = row
    var part = Session(first: 0, last: 0, events: 0, views: 0, acts: 0)
    // SAFETY: the stretch has so many rows, with a key each.
    while row < (unsafe stretch.count), unsafe stretch.sessions[row] == id {
      let (mark, time) = unsafe (stretch.marks[row], stretch.times[row])
      // What is no event has no bit of any sort.
      part.first = part.events == 0 ? time : part.first
      part.last = mark != 0 ? time : part.last
      part.events &+= mark != 0 ? 1 : 0
      part.views &+= mark & EventMarks.view != 0 ? 1 : 0
      part.acts &+= mark & EventMarks.act != 0 ? 1 : 0
      part.keyEvents &+= Int(mark & 1)
      row &+= 1
    }
    if part.events == 0 { return nil }
    if page >= 0 { unsafe addPages(stretch, start..<row, to: &part) }
    return part
  }

  private func addPages(
    _ stretch: borrowing Stretch, _ rows: Range<Int>, to part: inout Session
  ) {
    // SAFETY: the stretch has these rows, and a number of a page for each.
    for row in rows where unsafe stretch.marks[row] & EventMarks.view != 0 {
      part.exitOrdinal = unsafe Int(stretch.numbers[page &+ row])
      if part.entryOrdinal < 0 { part.entryOrdinal = part.exitOrdinal }
    }
  }

  @inline(__always)
  private func event(_ stretch: borrowing Stretch, _ row: Int) -> SessionEvent {
    let mark = unsafe stretch.marks[row]
    return unsafe SessionEvent(
      time: stretch.times[row], ordinal: page < 0 ? 0 : Int(stretch.numbers[page &+ row]),
      isView: mark & EventMarks.view != 0, isAct: mark & EventMarks.act != 0, isKey: mark & 1 != 0)
  }

  @inline(__always)
  private func code(_ stretch: borrowing Stretch, _ row: Int) -> UInt32 {
    unsafe groups?.code(stretch.numbers + row) ?? ValueNumbers.none
  }

  @inline(__always)
  private mutating func add(_ event: SessionEvent, _ code: UInt32) {
    if let ended = cutter.add(event) {
      count(ended, group)
      group = code
    } else if group == ValueNumbers.none {
      group = code
    }
  }

  /// The session that was added to last has these rows.
  private mutating func takeGroup(_ stretch: borrowing Stretch, _ rows: Range<Int>) {
    let place = named.last
    if place == namedGroups.count { namedGroups.append(ValueNumbers.none) }
    var row = rows.lowerBound
    while row < rows.upperBound, namedGroups[place] == ValueNumbers.none {
      if unsafe stretch.marks[row] != 0 { namedGroups[place] = unsafe code(stretch, row) }
      row += 1
    }
  }

  /// The person's sessions are complete.
  mutating func end() {
    if let last = cutter.finish() { count(last, group) }
    group = ValueNumbers.none
    guard isByID else { return }
    var place = 0
    while place < named.count {
      count(named.session(place), groups == nil ? ValueNumbers.none : namedGroups[place])
      place &+= 1
    }
    named.removeAll()
    namedGroups.removeAll(keepingCapacity: true)
  }

  @inline(__always)
  private mutating func count(_ session: Session, _ group: UInt32) {
    sums.add(session)
    if groups != nil || page >= 0 { countParts(session, group) }
  }

  private mutating func countParts(_ session: Session, _ group: UInt32) {
    let pieces = sums.pieces
    guard session.first >= pieces.from, session.first < pieces.to else { return }
    if groups != nil {
      parts.groups[group, default: SessionTally(pieces: pieces.count)]
        .pieces[pieces.index(of: session.first)]
        .add(session, bounced: session.state(by: sums.bounce))
    }
    if page >= 0, session.entryOrdinal >= 0 {
      parts.entryPages[UInt32(session.entryOrdinal), default: 0] += 1
      parts.exitPages[UInt32(session.exitOrdinal), default: 0] += 1
    }
  }

  /// What was found so far.
  func found() -> SessionParts {
    var parts = parts
    parts.whole = sums.tally
    return parts
  }
}

/// Sessions of everybody from rows.
final class SessionsTask: FlowTask {
  private let reader: FlowReader
  private var rows: SessionRows

  init(
    _ reader: FlowReader, _ question: SessionsQuestion, _ pieces: PieceTable, _ groups: GroupCodes?
  ) {
    self.reader = reader
    rows = SessionRows(question, pieces, groups)
  }

  var byteCount: Int { rows.byteCount }

  func look(at people: Range<Int>) throws(KernelFailure) {
    try Self.look(at: people, reader, &rows)
  }

  private static func look(
    at people: Range<Int>, _ reader: FlowReader, _ rows: inout SessionRows
  ) throws(KernelFailure) {
    for person in people { try SessionRows.look(at: person, reader, &rows) }
  }

  func finish() -> SessionParts { rows.found() }
}
