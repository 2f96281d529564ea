import Query
import Sections

/// What a thread found of sessions.
struct SessionParts: Sendable {
  var whole: SessionTally
  var groups: [UInt32: SessionTally] = [:]
  var entryPages: [UInt32: Int] = [:]
  var exitPages: [UInt32: Int] = [:]
}

/// Sessions from rows, with all that may be asked of them.
struct SessionRows: FlowSink, ~Copyable {
  /// Bit 0 of a mark: a key event.
  private let pieces: PieceTable
  private let bounce: BounceRule
  private let groups: GroupCodes?
  /// Where a row's number of a page, of its session's id are behind those of its group; -1: nowhere.
  private let page: Int
  private let id: Int
  private var cutter: SessionCutter
  private var named = SessionsByID()
  /// The group of the session that the cutter is in, and of those by id: of the first event with one.
  private var group: UInt32 = 0
  private var namedGroups: [UInt32] = []
  var parts: SessionParts
  // Stored, for whoever asks a computed one may copy all of it first.
  let isSatisfied = false

  init(_ question: SessionsQuestion, _ pieces: PieceTable, _ groups: GroupCodes?) {
    self.pieces = pieces
    bounce = question.bounce
    self.groups = groups
    var place = question.breakdown?.paths.count ?? 0
    page = question.page == nil ? -1 : place * Section.blockRows
    if question.page != nil { place += 1 }
    id = question.cutting.cut == .sessionID ? place * Section.blockRows : -1
    var byGaps = question.cutting
    byGaps.cut = .gaps
    cutter = SessionCutter(byGaps, zone: question.scope.zone)
    parts = SessionParts(whole: SessionTally(pieces: pieces.count))
  }

  var byteCount: Int {
    48 * parts.whole.pieces.count * (1 + parts.groups.count)
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
      // SAFETY: the stretch has so many rows, and a number for each value.
      let mark = unsafe stretch.marks[row]
      if mark != 0 {
        let event = unsafe SessionEvent(
          time: stretch.times[row], ordinal: page < 0 ? 0 : Int(stretch.numbers[page &+ row]),
          isView: mark & EventMarks.view != 0, isAct: mark & EventMarks.act != 0,
          isKey: mark & 1 != 0)
        let code = unsafe groups?.code(stretch.numbers + row) ?? 0
        let session = unsafe id < 0 ? 0 : stretch.session(of: row, at: id)
        if session != 0 { add(event, session, code) } else { add(event, code) }
      }
      row &+= 1
    }
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

  private mutating func add(_ event: SessionEvent, _ session: UInt64, _ code: UInt32) {
    let place = named.add(event, id: session)
    guard groups != nil else { return }
    if place == namedGroups.count { namedGroups.append(code) }
    if namedGroups[place] == ValueNumbers.none { namedGroups[place] = code }
  }

  /// The person's sessions are complete.
  mutating func end() {
    if let last = cutter.finish() { count(last, group) }
    group = ValueNumbers.none
    guard id >= 0 else { return }
    for place in 0..<named.count {
      count(named.session(place), groups == nil ? 0 : namedGroups[place])
    }
    named.removeAll()
    namedGroups.removeAll(keepingCapacity: true)
  }

  private mutating func count(_ session: Session, _ group: UInt32) {
    guard session.first >= pieces.from, session.first < pieces.to else { return }
    let piece = pieces.index(of: session.first)
    let state = session.state(by: bounce)
    parts.whole.pieces[piece].add(session, bounced: state)
    if groups != nil {
      let count = pieces.count
      parts.groups[group, default: SessionTally(pieces: count)]
        .pieces[piece].add(session, bounced: state)
    }
    if page >= 0, session.entryOrdinal >= 0 {
      parts.entryPages[UInt32(session.entryOrdinal), default: 0] += 1
      parts.exitPages[UInt32(session.exitOrdinal), default: 0] += 1
    }
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

  func finish() -> SessionParts { rows.parts }
}
