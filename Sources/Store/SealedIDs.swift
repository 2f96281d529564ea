import Batches
import Compression
package import Events
import Platform
import Sections

/// Looks for ids in the packs of a project: the exact answer to "did we ever have it?" beside the hot ids.
package struct SealedIDs {
  private let project: ProjectEvents
  private let sections: [SealedSection]
  private let decompressor: ZstdDecompressor
  private let needsRecords: Bool

  /// `needsRecords`: a stray is looked for among all ids of its section, as that tells its row.
  init(
    of project: ProjectEvents, _ decompressor: ZstdDecompressor, needsRecords: Bool = false
  ) {
    self.needsRecords = needsRecords
    self.project = project
    sections = project.sealed
    self.decompressor = decompressor
  }

  var isEmpty: Bool { sections.isEmpty }

  /// A row of a batch whose id a pack has, and what came first under it.
  package struct Found {
    let row: Int
    let first: First
  }

  /// The event that came first: itself, or what its section remembers of ids far from their rows.
  package enum First: Equatable {
    case record([UInt8], source: String)
    /// The first word of its payload's hash.
    case payload(UInt64)
  }

  /// The event with this id, if a pack of the project has it.
  package static func event(
    _ id: EventID, of project: ProjectEvents
  ) -> (record: [UInt8], source: String)? {
    let found = SealedIDs(of: project, ZstdDecompressor(), needsRecords: true).find([0], of: [id])
    guard case .record(let record, let source)? = found.found.first?.first else { return nil }
    return (record, source)
  }

  /// The rows whose ids were sealed before. Where no id is older than the newest that is sealed, which
  /// is how fresh events come, nothing is read. Sections that cannot be read are set aside and told.
  func find(
    _ rows: [Int], of ids: [EventID]
  ) -> (found: [Found], damaged: [SealedSection]) {
    var found: [Found] = []
    var damaged: [SealedSection] = []
    var wanted = rows
    for section in sections where !wanted.isEmpty && section.reasonAside == nil {
      let times = section.place.idTimes
      let candidates = wanted.filter { times.contains(ids[$0].milliseconds) }
      if candidates.isEmpty { continue }
      let hits: [Found]
      do { hits = try find(candidates, of: ids, in: try section.open()) } catch {
        section.setAside("\(error)")
        damaged.append(section)
        continue
      }
      if hits.isEmpty { continue }
      let rows = Set(hits.map(\.row))
      wanted.removeAll { rows.contains($0) }
      found += hits
    }
    return (found, damaged)
  }

  private func find(
    _ rows: [Int], of ids: [EventID], in section: Section
  ) throws(SectionProblem) -> [Found] {
    let strays = try findStrays(rows, of: ids, in: section)
    let index = try section.ids(project.secret.ids)
    let batch = IDBatch(rows.map { ids[$0] }, mix: project.secret.ids)
    // Where nobody has looked which ids are strays, or a stray's row is asked for, all may be one.
    let needsAll = section.directory.strays == .unknown || !strays.isEmpty && needsRecords
    let hits = try needsAll ? index.findWithStrays(batch) : index.find(batch)
    if hits.isEmpty { return strays }
    let places = try index.rows(at: hits.map(\.position))
    var times = try section.times()
    var reader = try RecordReader(section, ids: project.secret.ids, decompressor)
    var found = needsRecords ? [] : strays
    var seen = Set(found.map(\.row))
    for (hit, place) in zip(hits, places) {
      let row = rows[hit.index]
      guard let place, !seen.contains(row),
        try index.confirms(ids[row], row: place, time: try times.value(at: place))
      else { continue }
      seen.insert(row)
      var writer = ByteWriter()
      try reader.append(place, to: &writer)
      found.append(
        Found(
          row: row, first: .record(writer.bytes, source: try reader.source(ofRow: place))))
    }
    return found
  }

  private func findStrays(
    _ rows: [Int], of ids: [EventID], in section: Section
  ) throws(SectionProblem) -> [Found] {
    guard let run = try section.strays(project.secret.ids) else { return [] }
    let batch = StrayBatch(rows.map { ids[$0] }, mix: project.secret.ids)
    return try run.find(batch).map { Found(row: rows[$0.index], first: .payload($0.payload)) }
  }
}
