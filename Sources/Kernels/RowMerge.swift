import Calendar
import Events
import Query
import Store

/// Matching rows of all runs in one order of (cts, id): each run is in that order, so the next row is
/// the first of the runs' next ones.
struct RowMerge {
  enum Order {
    case oldestFirst(after: EventPosition?)
    case newestFirst(before: EventPosition?)
  }

  private struct Head {
    let run: HotRun
    var row: Int
    let end: Int
    var position: EventPosition
  }

  private let filter: RowFilter
  private let isAscending: Bool
  private var heads: [Head] = []

  init(_ snapshot: HotSnapshot, _ range: Range<Instant>, _ filter: RowFilter, _ order: Order) {
    self.filter = filter
    switch order {
    case .oldestFirst: isAscending = true
    case .newestFirst: isAscending = false
    }
    for run in snapshot.runs {
      var rows = run.rows(
        from: range.lowerBound.milliseconds, to: range.upperBound.milliseconds)
      switch order {
      case .oldestFirst(let after?):
        let start = run.firstRow { after < Self.position(run, $0) }
        rows = min(max(rows.lowerBound, start), rows.upperBound)..<rows.upperBound
      case .newestFirst(let before?):
        let end = run.firstRow { !(Self.position(run, $0) < before) }
        rows = rows.lowerBound..<max(rows.lowerBound, min(rows.upperBound, end))
      default: break
      }
      let first = isAscending ? rows.lowerBound : rows.upperBound - 1
      let end = isAscending ? rows.upperBound : rows.lowerBound - 1
      if let head = advance(run, from: first, to: end) { heads.append(head) }
    }
  }

  mutating func next() -> (position: EventPosition, place: HotPlace)? {
    // Runs are few, merging keeps them so: looking at all of them beats keeping a heap.
    var best: Int?
    for index in heads.indices {
      guard let current = best else {
        best = index
        continue
      }
      let isBefore = heads[index].position < heads[current].position
      if isBefore == isAscending { best = index }
    }
    guard let best else { return nil }
    let head = heads[best]
    if let next = advance(head.run, from: head.row + (isAscending ? 1 : -1), to: head.end) {
      heads[best] = next
    } else {
      heads.remove(at: best)
    }
    return (head.position, head.run.place(at: head.row))
  }

  /// The next matching row before `end`, in this direction.
  private func advance(_ run: HotRun, from start: Int, to end: Int) -> Head? {
    var row = start
    while row != end {
      if filter.matches(run, row) {
        return Head(run: run, row: row, end: end, position: Self.position(run, row))
      }
      row += isAscending ? 1 : -1
    }
    return nil
  }

  private static func position(_ run: HotRun, _ row: Int) -> EventPosition {
    EventPosition(cts: run.cts[row], id: run.id(at: row))
  }
}
