import Calendar
import Events
import Query
import Sections

/// A page of whole events in the order of (cts, id), one way or the other. Rows lie in the order of
/// people: all threads look over each section's times, and go into what may still be among the first.
struct EventList: Sendable {
  enum Order: Sendable {
    case oldestFirst(after: EventPosition?)
    case newestFirst(before: EventPosition?)
  }

  /// So many blocks are a step.
  private static let stepBlocks = 64

  private let snapshot: Snapshot
  private let filter: EventFilter
  private let limit: Int
  private let isAscending: Bool
  private let cursor: EventPosition?

  /// `filter`: which events are meant.
  init(of snapshot: Snapshot, _ filter: EventFilter, limit: Int, _ order: Order) {
    self.snapshot = snapshot
    self.limit = limit
    var (from, until) = (filter.times.lowerBound, filter.times.upperBound)
    switch order {
    case .oldestFirst(let after):
      isAscending = true
      cursor = after
      if let after { from = max(from, after.cts) }
    case .newestFirst(let before):
      isAscending = false
      cursor = before
      if let before, before.cts < .max { until = min(until, before.cts + 1) }
    }
    self.filter = EventFilter(filter, times: from..<max(from, until))
  }

  /// One more than asked for tells whether there is a next page.
  private var wanted: Int { min(limit, 1 << 40) + 1 }

  private func found(_ bound: FirstEvents.Bound) -> FirstEvents {
    FirstEvents(wanted, isAscending: isAscending, bound)
  }

  /// Sections that can have events that are meant: those that begin with the first ones first, so that
  /// many of the others are not looked at.
  private var sections: [(number: Int, times: ClosedRange<Int64>)] {
    if filter.times.isEmpty { return [] }
    let times = filter.times.lowerBound...(filter.times.upperBound - 1)
    return snapshot.sections.enumerated().compactMap { number, section in
      guard section.directory.times.overlaps(times), section.heads.contains(where: filter.names)
      else { return nil }
      return (number, section.directory.times.clamped(to: times))
    }.sorted {
      isAscending
        ? $0.times.lowerBound < $1.times.lowerBound : $0.times.upperBound > $1.times.upperBound
    }
  }

  /// The page; `people`: only events by one of these.
  func page(
    by people: [PersonHash]?, on threads: KernelThreads, within budget: Budget
  ) async throws(KernelFailure) -> EventPage {
    let (list, bound) = (self, FirstEvents.Bound(isAscending: isAscending))
    let sections = self.sections
    if let people {
      return try await threads.once(within: budget) { () throws(KernelFailure) in
        var found = list.found(bound)
        for section in sections { try list.look(at: people, in: section, &found, budget) }
        return try list.page(of: found)
      }
    }
    var steps: [(section: (number: Int, times: ClosedRange<Int64>), blocks: Range<Int>)] = []
    for section in sections {
      let count = snapshot.sections[section.number].blockCount
      for block in stride(from: 0, to: count, by: Self.stepBlocks) {
        steps.append((section, block..<min(block + Self.stepBlocks, count)))
      }
    }
    let parts = try await threads.run(steps: steps.count, within: budget) {
      [steps] numbers throws(KernelFailure) -> FirstEvents in
      var found = list.found(bound)
      var current: (section: Int, rows: ListedRows)?
      while let number = try numbers.next() {
        let (section, blocks) = steps[number]
        guard found.open(of: section.times) != nil else { continue }
        try KernelFailure.naming(section.number) { () throws(SectionProblem) in
          if current?.section != section.number {
            current = (section.number, try list.rows(of: section.number))
          }
          for block in blocks {
            try current?.rows.look(at: block, section.times, &found)
          }
        }
      }
      found.shrink()
      return found
    }
    return try await threads.once(within: budget) { () throws(KernelFailure) in
      var found = list.found(bound)
      for part in parts { found.add(part) }
      return try list.page(of: found)
    }
  }

  private func rows(of number: Int) throws(SectionProblem) -> ListedRows {
    try ListedRows(
      of: snapshot.sections[number], number, filter, after: cursor, snapshot.secret)
  }

  /// People's rows lie in the order of (cts, id): only the first so many of each are looked at.
  private func look(
    at people: [PersonHash], in section: (number: Int, times: ClosedRange<Int64>),
    _ found: inout FirstEvents, _ budget: Budget
  ) throws(KernelFailure) {
    guard found.open(of: section.times) != nil else { return }
    let (stretches, reader) = try KernelFailure.naming(section.number) {
      () throws(SectionProblem) -> ([Range<Int>], ListedRows?) in
      let runs = try snapshot.sections[section.number].runs()
      let own = people.compactMap { runs.run(of: $0).map { runs.rows(of: $0) } }
      if own.isEmpty { return ([], nil) }
      let reader = try rows(of: section.number)
      var stretches: [Range<Int>] = []
      for own in own { stretches.append(try reader.rows(own, in: section.times, found)) }
      return (stretches, reader)
    }
    guard var reader else { return }
    for rows in stretches where !rows.isEmpty {
      let blocks =
        (rows.lowerBound / Section.blockRows)...((rows.upperBound - 1) / Section.blockRows)
      var left = wanted
      for number in 0..<blocks.count where left > 0 {
        try KernelFailure.asking { () throws(QueryError) in try budget.check() }
        let block = isAscending ? blocks.lowerBound + number : blocks.upperBound - number
        try KernelFailure.naming(section.number) { () throws(SectionProblem) in
          try reader.look(at: block, of: rows, &found, &left)
        }
      }
    }
    found.shrink()
  }

  private func page(of found: FirstEvents) throws(KernelFailure) -> EventPage {
    var found = found
    found.shrink()
    var reader = EventRecords(snapshot)
    var rows: [(place: FirstEvents.Place, position: EventPosition)] = []
    for place in found.places { rows.append((place, try reader.position(of: place))) }
    rows.sort { isAscending ? $0.position < $1.position : $1.position < $0.position }
    let shown = rows.prefix(limit)
    return EventPage(
      events: try reader.events(at: Array(shown)),
      next: rows.count > limit ? shown.last?.position : nil)
  }
}
