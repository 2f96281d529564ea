import Calendar
import Events
import Platform
import Query
import Sections
import SQLite

/// A section that cannot be read, by its place in the snapshot.
struct UnreadableSection: Error {
  let number: Int
  let problem: SectionProblem
}

/// The events within some bounds, section by section, block by block.
final class EventRows: TableRows {
  private let snapshot: Snapshot
  private let bounds: EventBounds
  private let person: PersonHash?
  private let check: () throws -> Void

  private var nextSection = 0
  private var section: SectionRows?
  private var block = 0
  private var lastBlock = -1
  private var rows = 0..<0
  /// The rows of the block within the bounds, and which of them it is now.
  private var matches: [Int] = []
  private var place = 0
  private(set) var number: Int64 = 0
  private(set) var isAtEnd = false

  init(
    of snapshot: Snapshot, _ bounds: EventBounds, check: @escaping () throws -> Void
  ) throws {
    self.snapshot = snapshot
    self.bounds = bounds
    self.check = check
    person = bounds.profile.map { profile in
      let bytes = Array(profile.utf8)
      return snapshot.secret.people.hash(.profile, bytes.span)
    }
    isAtEnd = bounds.isEmpty
    if !isAtEnd { try findMore() }
  }

  func next() throws {
    number += 1
    place += 1
    if place >= matches.count { try findMore() }
  }

  func write(column: Int, to value: TableValue) throws {
    guard let section, let column = EventsTable.Column(rawValue: column), place < matches.count
    else { return }
    try reading { () throws(SectionProblem) in
      try section.write(column, ofRow: matches[place], to: value)
    }
  }

  /// Goes on to the next block that has rows within the bounds.
  private func findMore() throws {
    matches.removeAll(keepingCapacity: true)
    place = 0
    while matches.isEmpty {
      if block > lastBlock {
        guard try openSection() else {
          isAtEnd = true
          return
        }
        continue
      }
      try check()
      try reading { () throws(SectionProblem) in
        try section?.find(in: block, of: rows, bounds.times, into: &matches)
      }
      block += 1
    }
  }

  /// Opens the next section that may have rows within the bounds; false when there is none.
  private func openSection() throws -> Bool {
    while nextSection < snapshot.sections.count {
      let section = snapshot.sections[nextSection]
      nextSection += 1
      guard section.directory.times.overlaps(bounds.times) else { continue }
      let heads = section.table { head in
        !head.kind.isOperation
          && (bounds.name.map { $0.utf8.elementsEqual(head.name.utf8) } ?? true)
      }
      guard heads.contains(true) else { continue }
      let isOpen = try reading { () throws(SectionProblem) in
        rows = 0..<section.rowCount
        if let person {
          let runs = try section.runs()
          guard let run = runs.run(of: person) else { return false }
          rows = runs.rows(of: run)
        }
        guard !rows.isEmpty else { return false }
        self.section = try SectionRows(section, heads, snapshot.secret)
        return true
      }
      guard isOpen else { continue }
      block = rows.lowerBound / Section.blockRows
      lastBlock = (rows.upperBound - 1) / Section.blockRows
      return true
    }
    section = nil
    return false
  }

  private func reading<Result>(
    _ body: () throws(SectionProblem) -> Result
  ) throws(UnreadableSection) -> Result {
    do { return try body() } catch {
      throw UnreadableSection(number: nextSection - 1, problem: error)
    }
  }
}
