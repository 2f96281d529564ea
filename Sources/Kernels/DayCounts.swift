import Calendar
import Query
import Store

/// Counts by name, and by name and day, in one pass: rows come in the order of time, so a day is a
/// stretch of each run.
///
/// It keeps what was found and nothing for what was not: a project with many names and a question about
/// many days cannot make it large.
struct DayCounts {
  private struct Key: Hashable {
    let day: Instant
    let name: UInt32
  }

  private let names: [String]
  private var counts: [Key: Int] = [:]

  init(of snapshot: HotSnapshot, _ question: EventStatistics, _ filter: RowFilter) {
    names = snapshot.names
    // The counts of one day of one run, by name, and the names among them that are not 0.
    var ofDay = Array(repeating: 0, count: names.count)
    var found: [UInt32] = []
    for run in snapshot.runs {
      let rows = run.rows(
        from: question.range.lowerBound.milliseconds, to: question.range.upperBound.milliseconds)
      var row = rows.lowerBound
      while row < rows.upperBound {
        let day = Bucket.day.start(
          of: Instant(milliseconds: run.cts[row]), in: question.zone)
        let next = Bucket.day.next(after: day, in: question.zone).milliseconds
        // The first row of a day is in it whatever the calendar's last day says.
        repeat {
          if filter.matches(run, row) {
            let name = run.names[row]
            if ofDay[Int(name)] == 0 { found.append(name) }
            ofDay[Int(name)] += 1
          }
          row += 1
        } while row < rows.upperBound && run.cts[row] < next
        for name in found {
          counts[Key(day: day, name: name), default: 0] += ofDay[Int(name)]
          ofDay[Int(name)] = 0
        }
        found.removeAll(keepingCapacity: true)
      }
    }
  }

  var answer: EventStatistics.Answer {
    var totals: [UInt32: Int] = [:]
    for (key, count) in counts { totals[key.name, default: 0] += count }
    let order = totals.keys.sorted { isBefore($0, $1) }
    var rank: [UInt32: Int] = [:]
    for (position, name) in order.enumerated() { rank[name] = position }
    let byDay = counts.map {
      (rank: rank[$0.key.name, default: 0], day: $0.key.day, count: $0.value)
    }
    .sorted { ($0.day, $0.rank) < ($1.day, $1.rank) }
    .map { EventStatistics.Answer.OfDay(name: text(order[$0.rank]), day: $0.day, count: $0.count) }
    let byName = order.map {
      EventStatistics.Answer.OfName(name: text($0), count: totals[$0, default: 0])
    }
    return .init(
      total: totals.values.reduce(0, +),
      // Stable: equal counts stay in the order of their names.
      byName: byName.sorted { $0.count > $1.count }, byDay: byDay)
  }

  private func text(_ name: UInt32) -> String { names[Int(name)] }

  private func isBefore(_ left: UInt32, _ right: UInt32) -> Bool {
    text(left).utf8.lexicographicallyPrecedes(text(right).utf8)
  }
}
