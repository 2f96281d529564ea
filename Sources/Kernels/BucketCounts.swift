import Calendar
import Events
import Query
import Sections

/// How many events each name has in each piece of a range: from the quarters of an hour that sections
/// keep counts of, where all cuts lie on them, else row by row. Operations are no events.
///
/// It keeps what was found and nothing for what was not: a project with many names and a question about
/// many pieces cannot make it large.
struct BucketCounts {
  /// Which piece, and how many.
  private(set) var byName: [String: [Int: Int]] = [:]

  /// A piece ends where the next one starts, the last one at the end of the range; the first one may
  /// start before the range.
  init(
    of snapshot: Snapshot, _ starts: [Instant], until range: Range<Instant>, name: String?
  ) throws(SectionProblem) {
    let times = range.lowerBound.milliseconds..<range.upperBound.milliseconds
    var cuts = starts.map(\.milliseconds)
    cuts[0] = max(cuts[0], times.lowerBound)
    let cell = Rollup.cellMilliseconds
    let isOnGrid =
      cuts.allSatisfy { $0 % cell == 0 } && times.upperBound % cell == 0
    for section in snapshot.sections {
      guard section.directory.times.overlaps(times) else { continue }
      let heads = section.heads.indices.filter {
        let head = section.heads[$0]
        return !head.kind.isOperation && (name == nil || isSame(name ?? "", head.name))
      }
      if heads.isEmpty { continue }
      if isOnGrid {
        try count(section.rollup(), heads, of: section, cuts, times)
      } else {
        try count(rowsOf: section, heads, cuts, times)
      }
    }
  }

  private mutating func count(
    _ rollup: Rollup, _ heads: [Int], of section: Section, _ cuts: [Int64], _ times: Range<Int64>
  ) {
    for head in heads {
      var found: [Int: Int] = [:]
      for cell in rollup.cells(ofHead: head) {
        let start = Rollup.times(ofQuarter: rollup.quarters[cell]).lowerBound
        guard times.contains(start) else { continue }
        found[Self.piece(of: start, cuts), default: 0] += Int(rollup.counts[cell])
      }
      add(found, section.heads[head].name)
    }
  }

  private mutating func count(
    rowsOf section: Section, _ heads: [Int], _ cuts: [Int64], _ times: Range<Int64>
  ) throws(SectionProblem) {
    var wanted = [Bool](repeating: false, count: section.heads.count)
    for head in heads { wanted[head] = true }
    var found: [[Int: Int]] = Array(repeating: [:], count: section.heads.count)
    try section.forEachBlock(of: 0..<section.blockCount) { codes, stamps in
      for row in codes.indices where times.contains(stamps[row]) {
        let head = Int(codes[row])
        if wanted[head] { found[head][Self.piece(of: stamps[row], cuts), default: 0] += 1 }
      }
    }
    for head in heads { add(found[head], section.heads[head].name) }
  }

  private mutating func add(_ found: [Int: Int], _ name: String) {
    if found.isEmpty { return }
    byName[name, default: [:]].merge(found) { $0 + $1 }
  }

  /// The last cut at or before a time; there is one.
  private static func piece(of time: Int64, _ cuts: [Int64]) -> Int {
    var low = 0
    var high = cuts.count
    while low < high {
      let middle = (low + high) / 2
      if cuts[middle] <= time { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  /// Names are bytes: two spellings of one letter are two names.
  private func isSame(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8)
  }
}

/// Counts by name, and by name and day.
struct DayCounts {
  let answer: EventStatistics.Answer

  init(of snapshot: Snapshot, _ question: EventStatistics) throws(SectionProblem) {
    let days = try Self.days(of: snapshot, question)
    guard !days.isEmpty else {
      answer = EventStatistics.Answer(total: 0, byName: [], byDay: [])
      return
    }
    let counts = try BucketCounts(
      of: snapshot, days, until: question.range, name: question.name)
    let names = counts.byName.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var byName: [EventStatistics.Answer.OfName] = []
    var byDay: [(day: Int, name: Int, count: Int)] = []
    for (place, name) in names.enumerated() {
      let perDay = counts.byName[name] ?? [:]
      byName.append(.init(name: name, count: perDay.values.reduce(0, +)))
      for (day, count) in perDay { byDay.append((day, place, count)) }
    }
    answer = EventStatistics.Answer(
      total: byName.reduce(0) { $0 + $1.count },
      // Stable: equal counts stay in the order of their names.
      byName: byName.sorted { $0.count > $1.count },
      byDay: byDay.sorted { ($0.day, $0.name) < ($1.day, $1.name) }.map {
        .init(name: names[$0.name], day: days[$0.day], count: $0.count)
      })
  }

  /// The days of the range that may have events: those that the sections' quarters of an hour touch. So
  /// a range of ten thousand years costs what it holds.
  private static func days(
    of snapshot: Snapshot, _ question: EventStatistics
  ) throws(SectionProblem) -> [Instant] {
    let range = question.range.lowerBound.milliseconds..<question.range.upperBound.milliseconds
    var quarters: Set<Int64> = []
    for section in snapshot.sections where section.directory.times.overlaps(range) {
      quarters.formUnion(try section.rollup().quarters)
    }
    var days: [Instant] = []
    var end = Instant(milliseconds: .min)
    for quarter in quarters.sorted() {
      let times = Rollup.times(ofQuarter: quarter)
      // Where days begin off the quarter-hour, one quarter touches two of them.
      for time in [times.lowerBound, times.upperBound].map(Instant.init(milliseconds:))
      where time >= end {
        let day = Bucket.day.start(of: time, in: question.zone)
        end = Bucket.day.next(after: day, in: question.zone)
        days.append(day)
      }
    }
    return days
  }
}
