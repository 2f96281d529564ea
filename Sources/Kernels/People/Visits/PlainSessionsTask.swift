import Query
import Sections

/// Sessions of whatever somebody did, by gaps no shorter than those of visits: from visits alone. Within
/// a visit no gap is longer, so that visits of several runs that overlap or follow closely are one
/// session. Rows are read of those that the range cuts or that reach the cap.
final class PlainSessionsTask: FlowTask {
  private let reader: FlowReader
  private let rule: Rule
  private let sums: SessionSums
  private var visits: PersonVisits
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
    visits = PersonVisits(reader)
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
    try Self.look(at: people, reader, sums, rule, &visits, &rows)
  }

  private static func look(
    at people: Range<Int>, _ reader: FlowReader, _ sums: SessionSums, _ rule: Rule,
    _ visits: inout PersonVisits, _ rows: inout SessionRows
  ) throws(KernelFailure) {
    for person in people {
      guard let done = count(person, &visits, sums, rule, weight: 1, upTo: .max) else { continue }
      // What was counted before rows turned out to be needed is taken back.
      if done > 0 { _ = count(person, &visits, sums, rule, weight: -1, upTo: done) }
      try SessionRows.look(at: person, reader, &rows)
    }
  }

  /// Counts a person's sessions. Where rows are needed, because a session reaches the cap, the range
  /// cuts a visit of which only a part counts, or runs are too many, it says how many were counted
  /// before.
  @inline(__always)
  private static func count(
    _ person: Int, _ visits: inout PersonVisits, _ sums: SessionSums, _ rule: Rule, weight: Int,
    upTo limit: Int
  ) -> Int? {
    guard visits.begin(person) else { return 0 }
    let (from, to) = (sums.pieces.from, sums.pieces.to)
    var open = Session(first: 0, last: 0, events: 0, views: 0, acts: 0)
    var closed = 0
    while let visit = visits.next() {
      let (first, last) = (visit.first, visit.last)
      if rule.isClipped {
        if first < from && last >= from || first < to && last >= to { return closed }
        if first < from || first >= to { continue }
      }
      let isBehind =
        first > open.last
        && UInt64(bitPattern: first &- open.last) > UInt64(bitPattern: rule.idle)
      if open.events == 0 || isBehind {
        if open.events > 0 {
          sums.add(open, weight: weight)
          closed &+= 1
          if closed == limit { return nil }
        }
        open = Session(first: first, last: last, events: 0, views: 0, acts: 0)
      }
      // Another run's visit may lie in this one.
      open.last = max(open.last, last)
      open.events &+= visit.events
      open.views &+= visit.views
      open.acts &+= visit.acts
      if UInt64(bitPattern: open.last &- open.first) > UInt64(bitPattern: rule.cap) {
        return closed
      }
    }
    if open.events > 0 { sums.add(open, weight: weight) }
    return nil
  }

  func finish() -> SessionParts { rows.found() }
}
