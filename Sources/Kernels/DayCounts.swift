import Calendar
import Query
import Store

/// Counts by name, and by name and day, in one pass: rows come in the order of time, so a day is a
/// stretch of each run.
struct DayCounts {
  private let names: [String]
  private var days: [Instant: [Int]] = [:]

  init(of snapshot: HotSnapshot, _ question: EventStatistics, _ filter: RowFilter) {
    names = snapshot.names
    for run in snapshot.runs {
      let rows = run.rows(
        from: question.range.lowerBound.milliseconds, to: question.range.upperBound.milliseconds)
      var row = rows.lowerBound
      while row < rows.upperBound {
        let day = Bucket.day.start(
          of: Instant(milliseconds: run.cts[row]), in: question.zone)
        let next = Bucket.day.next(after: day, in: question.zone).milliseconds
        var counts = days.removeValue(forKey: day) ?? Array(repeating: 0, count: names.count)
        // The first row of a day is in it whatever the calendar's last day says.
        repeat {
          if filter.matches(run, row) { counts[Int(run.names[row])] += 1 }
          row += 1
        } while row < rows.upperBound && run.cts[row] < next
        days[day] = counts
      }
    }
  }

  var answer: EventStatistics.Answer {
    var totals = Array(repeating: 0, count: names.count)
    var byDay: [EventStatistics.Answer.OfDay] = []
    let order = names.indices.sorted { names[$0].utf8.lexicographicallyPrecedes(names[$1].utf8) }
    for (day, counts) in days.sorted(by: { $0.key < $1.key }) {
      for code in order where counts[code] > 0 {
        totals[code] += counts[code]
        byDay.append(.init(name: names[code], day: day, count: counts[code]))
      }
    }
    let byName = order.filter { totals[$0] > 0 }
      .map { EventStatistics.Answer.OfName(name: names[$0], count: totals[$0]) }
      // Stable: equal counts stay in the order of their names.
      .sorted { $0.count > $1.count }
    return .init(total: totals.reduce(0, +), byName: byName, byDay: byDay)
  }
}
