import Query
import Sections

/// Sessions of whatever somebody did, by gaps no shorter than those of visits: from visits alone. Rows
/// are read of those whose visits overlap, are cut by the range or reach the cap.
@safe final class PlainSessionsTask: FlowTask {
  private let reader: FlowReader
  private let pieces: PieceTable
  private let rule: Rule
  private var rows: SessionRows
  /// By piece. SAFETY: as many as there are pieces, as long as the task lives.
  private let cells: UnsafeMutablePointer<Cell>

  private enum Bounce { case oneView, ga4, singleEvent }

  private struct Rule {
    let idle: Int64
    let cap: Int64
    let bounce: Bounce
    let isClipped: Bool
  }

  private struct Cell {
    var sessions = 0
    var events = 0
    var views = 0
    var duration: Int64 = 0
    var bounces = 0
    var bounceable = 0
  }

  init(_ reader: FlowReader, _ question: SessionsQuestion, _ pieces: PieceTable) {
    self.reader = reader
    self.pieces = pieces
    let bounce: Bounce =
      switch question.bounce {
      case .oneView: .oneView
      case .ga4: .ga4
      case .singleEvent: .singleEvent
      }
    rule = Rule(
      idle: question.cutting.idleMilliseconds, cap: question.cutting.capMilliseconds,
      bounce: bounce, isClipped: question.isClipped)
    rows = SessionRows(question, pieces, nil)
    unsafe cells = .allocate(capacity: max(1, pieces.count))
    unsafe cells.initialize(repeating: Cell(), count: pieces.count)
  }

  deinit { unsafe cells.deallocate() }

  /// Whether visits say everything of most people.
  static func fits(_ question: SessionsQuestion) -> Bool {
    guard question.scope.filter == .everything, question.scope.kinds == .events,
      question.breakdown == nil, question.page == nil, question.cutting.cut == .gaps,
      question.cutting.idleMilliseconds >= VisitPieces.gap, !question.cutting.splitsAtMidnight
    else { return false }
    if case .ga4(.some) = question.bounce { return false }
    return true
  }

  var byteCount: Int { 96 * pieces.count }

  private struct Open {
    var first: Int64 = 0
    var last: Int64 = 0
    var events = 0
    var views = 0
    var acts = 0
  }

  func look(at people: Range<Int>) throws(KernelFailure) {
    let (reader, pieces, rule) = (reader, pieces, rule)
    for person in people {
      let done =
        unsafe reader.isTangled[person]
        ? 0 : Self.count(person, reader, pieces, rule, cells, sign: 1, upTo: .max)
      guard let done else { continue }
      // What was counted before rows turned out to be needed is taken back.
      if done > 0 {
        _ = unsafe Self.count(person, reader, pieces, rule, cells, sign: -1, upTo: done)
      }
      try SessionRows.look(at: person, reader, &rows)
    }
  }

  /// Counts a person's sessions. Where rows are needed, because a session reaches the cap or the range
  /// cuts a visit of which only a part counts, it says how many were counted before.
  @inline(__always)
  private static func count(
    _ person: Int, _ reader: FlowReader, _ pieces: PieceTable, _ rule: Rule,
    _ cells: UnsafeMutablePointer<Cell>, sign: Int, upTo limit: Int
  ) -> Int? {
    // SAFETY: people, runs and visits are those that there are.
    var place = unsafe Int(reader.firstRuns[person])
    let end = unsafe Int(reader.firstRuns[person &+ 1])
    var open = Open()
    var closed = 0
    while place < end {
      let run = unsafe reader.runs[place]
      let lane = unsafe reader.lanes + Int(run.section)
      var visit = unsafe Int(lane.pointee.firstVisits[Int(run.run)])
      let endVisit = unsafe Int(lane.pointee.firstVisits[Int(run.run) &+ 1])
      while visit < endVisit {
        let (first, last) = unsafe (lane.pointee.starts[visit], lane.pointee.ends[visit])
        if rule.isClipped {
          if first < pieces.from && last >= pieces.from || first < pieces.to && last >= pieces.to {
            return closed
          }
          if first < pieces.from || first >= pieces.to {
            visit &+= 1
            continue
          }
        }
        if open.events == 0
          || UInt64(bitPattern: first &- open.last) > UInt64(bitPattern: rule.idle)
        {
          if open.events > 0 {
            unsafe close(open, pieces, rule.bounce, cells, sign)
            closed &+= 1
            if closed == limit { return nil }
          }
          open = unsafe Open(
            first: first, last: last, events: Int(lane.pointee.eventCounts[visit]),
            views: Int(lane.pointee.viewCounts[visit]), acts: Int(lane.pointee.actCounts[visit]))
        } else {
          open.last = last
          unsafe open.events &+= Int(lane.pointee.eventCounts[visit])
          unsafe open.views &+= Int(lane.pointee.viewCounts[visit])
          unsafe open.acts &+= Int(lane.pointee.actCounts[visit])
        }
        if UInt64(bitPattern: last &- open.first) > UInt64(bitPattern: rule.cap) { return closed }
        visit &+= 1
      }
      place &+= 1
    }
    if open.events > 0 { unsafe close(open, pieces, rule.bounce, cells, sign) }
    return nil
  }

  @inline(__always)
  private static func close(
    _ open: Open, _ pieces: PieceTable, _ bounce: Bounce, _ cells: UnsafeMutablePointer<Cell>,
    _ sign: Int
  ) {
    guard open.first >= pieces.from, open.first < pieces.to else { return }
    let length = open.last &- open.first
    var counts = true
    let bounced: Bool
    switch bounce {
    case .oneView:
      counts = open.views > 0
      bounced = open.views == 1 && open.acts == 0
    case .ga4: bounced = length < BounceRule.engagedMilliseconds && open.views < 2
    case .singleEvent: bounced = open.events == 1
    }
    // SAFETY: the piece is one of those that there are.
    let cell = unsafe cells + pieces.index(of: open.first)
    unsafe cell.pointee.sessions &+= sign
    unsafe cell.pointee.events &+= sign &* open.events
    unsafe cell.pointee.views &+= sign &* open.views
    unsafe cell.pointee.duration &+= Int64(sign) &* length
    unsafe cell.pointee.bounces &+= bounced ? sign : 0
    unsafe cell.pointee.bounceable &+= counts ? sign : 0
  }

  func finish() -> SessionParts {
    for piece in 0..<pieces.count {
      let cell = unsafe cells[piece]
      var measures = SessionsQuestion.Measures()
      measures.sessions = cell.sessions
      measures.events = cell.events
      measures.views = cell.views
      measures.duration = cell.duration
      measures.bounces = cell.bounces
      measures.bounceable = cell.bounceable
      rows.parts.whole.pieces[piece].add(measures)
    }
    return rows.parts
  }
}
