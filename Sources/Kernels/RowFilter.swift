import Calendar
import Events
import Query
import Store

/// Which rows of a snapshot a question is about: event questions leave operations on profiles out.
struct RowFilter {
  private let name: UInt32?
  private let person: UInt32?
  private let operations: UInt8

  /// Nil where the project has never had the name or the person: nothing can match.
  init?(_ snapshot: HotSnapshot, name: String? = nil, profileID: String? = nil) {
    var nameCode: UInt32?
    var personCode: UInt32?
    if let name {
      guard let code = snapshot.project.code(ofName: name) else { return nil }
      nameCode = code
    }
    if let profileID {
      guard let code = snapshot.project.code(of: .profile(profileID)) else { return nil }
      personCode = code
    }
    self.name = nameCode
    person = personCode
    operations = EventKind.identify.rawValue
  }

  func matches(_ run: HotRun, _ row: Int) -> Bool {
    if run.kinds[row] >= operations { return false }
    if let name, run.names[row] != name { return false }
    if let person, run.people[row] != person { return false }
    return true
  }

  /// Adds to `counts` the matching rows of each piece; a piece ends where the next one starts, the
  /// last one at the end of the range.
  func count(
    _ run: HotRun, _ range: Range<Instant>, cutAt starts: [Instant], into counts: inout [Int]
  ) {
    var rows = run.rows(
      from: range.lowerBound.milliseconds, to: range.upperBound.milliseconds)
    for (piece, start) in starts.enumerated() {
      let end = piece + 1 < starts.count ? starts[piece + 1] : range.upperBound
      guard start < range.upperBound, !rows.isEmpty else { return }
      let stop = min(
        rows.upperBound, run.firstRow { run.cts[$0] >= end.milliseconds })
      var row = rows.lowerBound
      var count = 0
      while row < stop {
        if matches(run, row) { count += 1 }
        row += 1
      }
      counts[piece] += count
      rows = max(rows.lowerBound, stop)..<rows.upperBound
    }
  }
}
