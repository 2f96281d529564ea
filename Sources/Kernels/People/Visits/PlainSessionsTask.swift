import Query
import Sections

/// Sessions of whatever somebody did, by gaps no shorter than those of visits: from visits alone. Rows
/// are read of those whose visits overlap, are cut by the range or reach the cap.
final class PlainSessionsTask: FlowTask {
  private let reader: FlowReader
  private let rule: Rule
  private let sums: SessionSums
  private var rows: SessionRows

  private struct Rule {
    let idle: Int64
    let cap: Int64
    let isClipped: Bool
  }

  init(_ reader: FlowReader, _ question: SessionsQuestion, _ pieces: PieceTable) {
    self.reader = reader
    rule = Rule(
      idle: question.cutting.idleMilliseconds, cap: question.cutting.capMilliseconds,
      isClipped: question.isClipped)
    rows = SessionRows(question, pieces, nil)
    sums = rows.sums
  }

  /// Whether visits say everything of most people.
  static func fits(_ question: SessionsQuestion) -> Bool {
    guard question.scope.filter == .everything, question.scope.kinds == .events,
      question.breakdown == nil, question.page == nil, question.cutting.cut == .gaps,
      question.cutting.idleMilliseconds >= VisitPieces.gap, !question.cutting.splitsAtMidnight
    else { return false }
    if case .ga4(.some) = question.bounce { return false }
    return true
  }

  var byteCount: Int { rows.byteCount }

  func look(at people: Range<Int>) throws(KernelFailure) {
    let (reader, sums, rule) = (reader, sums, rule)
    for person in people {
      let done =
        unsafe reader.isTangled[person]
        ? 0 : Self.count(person, reader, sums, rule, weight: 1, upTo: .max)
      guard let done else { continue }
      // What was counted before rows turned out to be needed is taken back.
      if done > 0 { _ = Self.count(person, reader, sums, rule, weight: -1, upTo: done) }
      try SessionRows.look(at: person, reader, &rows)
    }
  }

  /// Counts a person's sessions. Where rows are needed, because a session reaches the cap or the range
  /// cuts a visit of which only a part counts, it says how many were counted before.
  @inline(__always)
  private static func count(
    _ person: Int, _ reader: FlowReader, _ sums: SessionSums, _ rule: Rule, weight: Int,
    upTo limit: Int
  ) -> Int? {
    let (from, to) = (sums.pieces.from, sums.pieces.to)
    // SAFETY: people, runs and visits are those that there are.
    var place = unsafe Int(reader.firstRuns[person])
    let end = unsafe Int(reader.firstRuns[person &+ 1])
    var open = Session(first: 0, last: 0, events: 0, views: 0, acts: 0)
    var closed = 0
    while place < end {
      let run = unsafe reader.runs[place]
      let lane = unsafe reader.lanes + Int(run.section)
      var visit = unsafe Int(lane.pointee.firstVisits[Int(run.run)])
      let endVisit = unsafe Int(lane.pointee.firstVisits[Int(run.run) &+ 1])
      while visit < endVisit {
        let (first, last) = unsafe (lane.pointee.starts[visit], lane.pointee.ends[visit])
        if rule.isClipped {
          if first < from && last >= from || first < to && last >= to { return closed }
          if first < from || first >= to {
            visit &+= 1
            continue
          }
        }
        let isNext =
          open.events == 0
          || UInt64(bitPattern: first &- open.last) > UInt64(bitPattern: rule.idle)
        if isNext {
          if open.events > 0 {
            sums.add(open, weight: weight)
            closed &+= 1
            if closed == limit { return nil }
          }
          open = Session(first: first, last: last, events: 0, views: 0, acts: 0)
        }
        open.last = last
        unsafe open.events &+= Int(lane.pointee.eventCounts[visit])
        unsafe open.views &+= Int(lane.pointee.viewCounts[visit])
        unsafe open.acts &+= Int(lane.pointee.actCounts[visit])
        if UInt64(bitPattern: last &- open.first) > UInt64(bitPattern: rule.cap) { return closed }
        visit &+= 1
      }
      place &+= 1
    }
    if open.events > 0 { sums.add(open, weight: weight) }
    return nil
  }

  func finish() -> SessionParts { rows.found() }
}
