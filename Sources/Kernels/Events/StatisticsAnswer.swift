import Calendar
import Events
package import Query
package import Sections

extension SectionAnswers {
  package func answer(
    _ question: EventStatistics, from snapshot: Snapshot, within limits: Limits = .standard
  ) async throws(QueryError) -> Sighted<EventStatistics.Answer> {
    try await seeing(snapshot, limits) { attempt throws(KernelFailure) in
      let times = Self.times(question.range)
      let filter = try Self.filter(question.range, question.zone, question.name)
      let sections = attempt.sections
      let whole = WholeQuarters(
        times, isOnGrid: question.zone.isOnQuarterHourGrid(in: question.range))
      let parts = try await attempt.threads.run(steps: sections.count, within: attempt.budget) {
        steps throws(KernelFailure) in
        var counts = DailyCounts(question.zone)
        while let number = try steps.next() {
          try KernelFailure.naming(number) { () throws(SectionProblem) in
            try counts.add(sections[number], number, filter, times, whole)
          }
        }
        return counts
      }
      var counts = DailyCounts(question.zone)
      for part in parts { counts.add(part) }
      return counts.answer
    }
  }

  package func answer(
    _ question: EventSeries, from snapshot: Snapshot, within limits: Limits = .standard
  ) async throws(QueryError) -> Sighted<EventSeries.Answer> {
    let table: BucketTable
    do {
      table = try BucketTable(
        question.bucket, in: question.range, of: question.zone,
        limit: EventSeries.maximumBuckets)
    } catch { throw .tooManyBuckets(limit: EventSeries.maximumBuckets) }
    return try await seeing(snapshot, limits) { attempt throws(KernelFailure) in
      let times = Self.times(question.range)
      let filter = try Self.filter(question.range, question.zone, question.name)
      let sections = attempt.sections
      let whole = WholeQuarters(times, isOnGrid: table.isOnQuarterHourGrid)
      let parts = try await attempt.threads.run(steps: sections.count, within: attempt.budget) {
        steps throws(KernelFailure) in
        var counts = [Int](repeating: 0, count: table.count)
        func add(_ time: Int64, _ count: Int) {
          if let bucket = table.index(of: Instant(milliseconds: time)) { counts[bucket] += count }
        }
        while let number = try steps.next() {
          try KernelFailure.naming(number) { () throws(SectionProblem) in
            let section = sections[number]
            if let whole {
              try whole.forEachCell(of: section, filter) { _, time, count in add(time, count) }
            }
            for rows in whole.map({ $0.edges(of: times) }) ?? [times] {
              try Self.forEachRow(of: section, number, filter, rows) { _, time in add(time, 1) }
            }
          }
        }
        return counts
      }
      var counts = [Int](repeating: 0, count: table.count)
      for part in parts { for index in part.indices { counts[index] += part[index] } }
      return EventSeries.Answer(
        total: counts.reduce(0, +),
        buckets: zip(table.starts, counts).map { .init(start: $0, count: $1) })
    }
  }

  private static func times(_ range: Range<Instant>) -> Range<Int64> {
    range.lowerBound.milliseconds..<range.upperBound.milliseconds
  }

  private static func filter(
    _ range: Range<Instant>, _ zone: Zone, _ name: String?
  ) throws(KernelFailure) -> EventFilter {
    do {
      return try EventFilter(
        Scope(range, zone: zone), name.map { EventSelector($0) } ?? .everything)
    } catch { throw .question(error) }
  }

  /// Lends `body` head and time of each row of a filter in these times.
  static func forEachRow(
    of section: Section, _ number: Int, _ filter: EventFilter, _ times: Range<Int64>,
    _ body: (Int, Int64) -> Void
  ) throws(SectionProblem) {
    let own = section.directory.times
    guard !times.isEmpty, times.lowerBound <= own.upperBound, own.lowerBound < times.upperBound
    else { return }
    let reader = try BlockReader(section)
    let blocks = try BlockFilter(
      EventFilter(filter, times: times), section: number, reader)
    if blocks.isEmpty { return }
    for block in 0..<section.blockCount {
      try reader.load(block)
      let count = try blocks.load(reader)
      let (heads, stamps) = (reader.heads.values, reader.times.values)
      for index in 0..<count {
        let row = Int(blocks.rows[index])
        body(Int(heads[row]), stamps[row])
      }
    }
  }
}

/// The quarters of an hour that lie in a range as a whole, which rollups know.
struct WholeQuarters: Sendable {
  private let quarters: Range<Int64>

  /// Nil where there are none, or where a zone's buckets are not made of them.
  init?(_ times: Range<Int64>, isOnGrid: Bool) {
    let cell = Rollup.cellMilliseconds
    // Events have no times below zero, nor so far ahead that this overflows.
    let low = min(max(0, times.lowerBound), 1 << 50)
    let high = min(max(low, times.upperBound), 1 << 50)
    let first = (low + cell - 1) / cell
    guard isOnGrid, first < high / cell else { return nil }
    quarters = first..<(high / cell)
  }

  /// What of the range is beside them.
  func edges(of times: Range<Int64>) -> [Range<Int64>] {
    let start = quarters.lowerBound * Rollup.cellMilliseconds
    let end = quarters.upperBound * Rollup.cellMilliseconds
    return [
      min(times.lowerBound, start)..<start, end..<max(end, times.upperBound),
    ].filter { !$0.isEmpty }
  }

  /// Lends `body` head, start and count of each cell of a filter's heads.
  func forEachCell(
    of section: Section, _ filter: EventFilter, _ body: (Int, Int64, Int) -> Void
  ) throws(SectionProblem) {
    let rollup = try section.rollup()
    for (head, name) in section.heads.enumerated() where filter.names(name) {
      for cell in rollup.cells(ofHead: head) where quarters.contains(rollup.quarters[cell]) {
        body(head, rollup.quarters[cell] * Rollup.cellMilliseconds, Int(rollup.counts[cell]))
      }
    }
  }
}

/// Counts by name and day: what was found, and nothing for what was not.
private struct DailyCounts: Sendable {
  private struct Key: Hashable {
    let day: Instant
    let name: Int
  }

  private let zone: Zone
  private var names: [String] = []
  private var numbers: [[UInt8]: Int] = [:]
  private var counts: [Key: Int] = [:]
  /// The day of the row before: neighbours are often of one.
  private var day: Range<Int64> = 0..<0
  private var start = Instant.epoch

  init(_ zone: Zone) { self.zone = zone }

  mutating func add(
    _ section: Section, _ number: Int, _ filter: EventFilter, _ times: Range<Int64>,
    _ whole: WholeQuarters?
  ) throws(SectionProblem) {
    let heads = section.heads.map { self.number(of: $0.name) }
    var own = self
    try whole?.forEachCell(of: section, filter) { head, time, count in
      own.add(heads[head], time, count)
    }
    for rows in whole.map({ $0.edges(of: times) }) ?? [times] {
      try SectionAnswers.forEachRow(of: section, number, filter, rows) { head, time in
        own.add(heads[head], time, 1)
      }
    }
    self = own
  }

  private mutating func number(of name: String) -> Int {
    let bytes = Array(name.utf8)
    if let known = numbers[bytes] { return known }
    names.append(name)
    numbers[bytes] = names.count - 1
    return names.count - 1
  }

  private mutating func add(_ name: Int, _ time: Int64, _ count: Int) {
    if !day.contains(time) {
      start = Bucket.day.start(of: Instant(milliseconds: time), in: zone)
      let end = Bucket.day.next(after: start, in: zone).milliseconds
      // The first row of a day is in it whatever the calendar's last day says.
      day = min(start.milliseconds, time)..<max(end, time + 1)
    }
    counts[Key(day: start, name: name), default: 0] += count
  }

  mutating func add(_ other: DailyCounts) {
    let numbers = other.names.map { number(of: $0) }
    for (key, count) in other.counts {
      counts[Key(day: key.day, name: numbers[key.name]), default: 0] += count
    }
  }

  var answer: EventStatistics.Answer {
    var totals = [Int](repeating: 0, count: names.count)
    for (key, count) in counts { totals[key.name] += count }
    let order = names.indices.filter { totals[$0] > 0 }.sorted {
      names[$0].utf8.lexicographicallyPrecedes(names[$1].utf8)
    }
    var rank = [Int](repeating: 0, count: names.count)
    for (place, name) in order.enumerated() { rank[name] = place }
    let byName = order.map { EventStatistics.Answer.OfName(name: names[$0], count: totals[$0]) }
    let byDay = counts.sorted {
      ($0.key.day, rank[$0.key.name]) < ($1.key.day, rank[$1.key.name])
    }
    return EventStatistics.Answer(
      total: totals.reduce(0, +),
      // Stable: equal counts stay in the order of their names.
      byName: byName.sorted { $0.count > $1.count },
      byDay: byDay.map { .init(name: names[$0.key.name], day: $0.key.day, count: $0.value) })
  }
}
