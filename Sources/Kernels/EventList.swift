import Calendar
import Compression
import Events
import Platform
import Query
import Sections

/// A page of whole events in the order of (cts, id), one way or the other. Rows lie in the order of
/// people: each section's times are looked over, and only the first so many are kept.
struct EventList {
  enum Order: Sendable {
    case oldestFirst(after: EventPosition?)
    case newestFirst(before: EventPosition?)
  }

  private struct Candidate {
    let section: Int
    let row: Int
    let cts: Int64
  }

  /// Most records have less.
  private static let usualRecordBytes = 512

  private let snapshot: Snapshot
  private let range: Range<Int64>
  private let limit: Int
  private let isAscending: Bool
  private let cursor: EventPosition?
  private var candidates: [Candidate] = []
  /// No later than this one can be among the first; nil while there is room.
  private var bound: Int64?

  init(of snapshot: Snapshot, _ range: Range<Instant>, limit: Int, _ order: Order) {
    self.snapshot = snapshot
    self.limit = limit
    var from = range.lowerBound.milliseconds
    var until = range.upperBound.milliseconds
    switch order {
    case .oldestFirst(let after):
      isAscending = true
      cursor = after
      if let after { from = max(from, after.cts) }
    case .newestFirst(let before):
      isAscending = false
      cursor = before
      if let before { until = min(until, before.cts &+ 1) }
    }
    self.range = from..<max(from, until)
  }

  /// One more than asked for tells whether there is a next page.
  private var wanted: Int { min(limit, 1 << 40) + 1 }

  mutating func page(name: String?, profile: String?) throws(KernelFailure) -> EventPage {
    var person: PersonHash?
    if let profile {
      let bytes = Array(profile.utf8)
      person = snapshot.secret.people.hash(.profile, bytes.span)
    }
    for (number, section) in snapshot.sections.enumerated()
    where section.directory.times.overlaps(range) {
      let heads = section.table { head in
        !head.kind.isOperation && (name.map { $0.utf8.elementsEqual(head.name.utf8) } ?? true)
      }
      guard heads.contains(true) else { continue }
      try KernelFailure.naming(number) { () throws(SectionProblem) in
        var rows = 0..<section.rowCount
        if let person {
          let runs = try section.runs()
          guard let run = runs.run(of: person) else { return }
          rows = runs.rows(of: run)
        }
        try gather(rows, of: section, number, heads)
      }
    }
    return try page(of: first())
  }

  /// The events that a filter means; `people`: only those by one of these.
  mutating func page(
    of filter: EventFilter, by people: [PersonHash]?, within budget: Budget
  ) throws(KernelFailure) -> EventPage {
    for (number, section) in snapshot.sections.enumerated()
    where section.directory.times.overlaps(range) {
      var stretches = [0..<section.rowCount]
      if let people {
        stretches = try KernelFailure.naming(number) { () throws(SectionProblem) in
          let runs = try section.runs()
          return people.compactMap { runs.run(of: $0).map { runs.rows(of: $0) } }
        }
      }
      try gather(stretches, of: section, number, filter, budget)
    }
    return try page(of: first())
  }

  private mutating func gather(
    _ stretches: [Range<Int>], of section: Section, _ number: Int, _ filter: EventFilter,
    _ budget: Budget
  ) throws(KernelFailure) {
    guard stretches.contains(where: { !$0.isEmpty }) else { return }
    let (reader, blocks, ids) = try KernelFailure.naming(number) { () throws(SectionProblem) in
      let reader = try BlockReader(section)
      return (
        reader, try BlockFilter(filter, section: number, reader),
        try section.ids(snapshot.secret.ids)
      )
    }
    if blocks.isEmpty { return }
    for rows in stretches where !rows.isEmpty {
      for block
        in (rows.lowerBound / Section.blockRows)...((rows.upperBound - 1) / Section.blockRows)
      {
        try KernelFailure.asking { () throws(QueryError) in try budget.check() }
        try KernelFailure.naming(number) { () throws(SectionProblem) in
          try reader.load(block)
          for index in 0..<(try blocks.load(reader)) {
            let place = Int(blocks.rows[index])
            let row = reader.firstRow + place
            let cts = reader.times.values[place]
            guard rows.contains(row), range.contains(cts) else { continue }
            try consider(row, of: number, at: cts, ids)
          }
        }
      }
    }
  }

  /// Whether a time comes no later than another one.
  private func isInTime(_ time: Int64, _ other: Int64) -> Bool {
    isAscending ? time <= other : time >= other
  }

  private mutating func gather(
    _ rows: Range<Int>, of section: Section, _ number: Int, _ heads: [Bool]
  ) throws(SectionProblem) {
    if rows.isEmpty { return }
    var headCodes = try section.headCodes()
    var times = try section.times()
    let ids = try section.ids(snapshot.secret.ids)
    for block in (rows.lowerBound / Section.blockRows)...((rows.upperBound - 1) / Section.blockRows)
    {
      let first = block * Section.blockRows
      let count = try times.load(block)
      try headCodes.load(block)
      for index in max(rows.lowerBound - first, 0)..<min(rows.upperBound - first, count) {
        let cts = times.values[index]
        guard range.contains(cts), heads[Int(headCodes.values[index])],
          !section.hidden.contains(first + index)
        else { continue }
        try consider(first + index, of: number, at: cts, ids)
      }
    }
  }

  /// Takes a row that is meant if it may be among the first.
  private mutating func consider(
    _ row: Int, of number: Int, at cts: Int64, _ ids: IDSection
  ) throws(SectionProblem) {
    if let bound, !isInTime(cts, bound) { return }
    if let cursor, cts == cursor.cts {
      // Of this very time: the id tells on which side of the cursor it is.
      let id = try ids.id(ofRow: row, time: cts)
      guard isAscending ? cursor.id < id : id < cursor.id else { return }
    }
    candidates.append(Candidate(section: number, row: row, cts: cts))
    if candidates.count > 4 * wanted + 1_000 { shrink() }
  }

  /// Keeps the first so many, and all that share the time of the last of them.
  private mutating func shrink() {
    guard candidates.count > wanted else { return }
    candidates.sort { isAscending ? $0.cts < $1.cts : $0.cts > $1.cts }
    let last = candidates[wanted - 1].cts
    bound = last
    let end = candidates[wanted...].firstIndex { $0.cts != last } ?? candidates.count
    candidates.removeSubrange(end...)
  }

  private mutating func first() throws(KernelFailure) -> [(Candidate, EventPosition)] {
    shrink()
    var rows: [(Candidate, EventPosition)] = []
    for candidate in candidates {
      let id = try KernelFailure.naming(candidate.section) { () throws(SectionProblem) in
        let ids = try snapshot.sections[candidate.section].ids(snapshot.secret.ids)
        return try ids.id(ofRow: candidate.row, time: candidate.cts)
      }
      rows.append((candidate, EventPosition(cts: candidate.cts, id: id)))
    }
    rows.sort { isAscending ? $0.1 < $1.1 : $1.1 < $0.1 }
    return Array(rows.prefix(wanted))
  }

  private func page(of rows: [(Candidate, EventPosition)]) throws(KernelFailure) -> EventPage {
    let shown = Array(rows.prefix(limit))
    // Neighbours are cheap to read, and by time there are few: rows lie by whose they are.
    let places = shown.indices.sorted {
      let (left, right) = (shown[$0].0, shown[$1].0)
      return (left.section, left.row) < (right.section, right.row)
    }
    var readers = [RecordReader?](repeating: nil, count: snapshot.sections.count)
    let decompressor = ZstdDecompressor()
    var events = [StoredEvent?](repeating: nil, count: shown.count)
    for place in places {
      let candidate = shown[place].0
      let number = candidate.section
      events[place] = try KernelFailure.naming(number) { () throws(SectionProblem) in
        if readers[number] == nil {
          readers[number] = try RecordReader(
            snapshot.sections[number], ids: snapshot.secret.ids, decompressor)
        }
        var writer = ByteWriter(capacity: Self.usualRecordBytes)
        try readers[number]?.append(candidate.row, to: &writer)
        let source = try readers[number]?.source(ofRow: candidate.row) ?? ""
        return StoredEvent(record: writer.bytes, source: source)
      }
    }
    return EventPage(
      events: events.compactMap(\.self), next: rows.count > limit ? shown.last?.1 : nil)
  }
}
