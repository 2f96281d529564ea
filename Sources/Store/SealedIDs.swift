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

  init(of project: ProjectEvents, _ decompressor: ZstdDecompressor) {
    self.project = project
    sections = project.sealed
    self.decompressor = decompressor
  }

  var isEmpty: Bool { sections.isEmpty }

  /// A row of a batch whose id a pack has, and the record that came first.
  package struct Found {
    let row: Int
    package let record: [UInt8]
    package let source: String
  }

  /// The event with this id, if a pack of the project has it.
  package static func event(_ id: EventID, of project: ProjectEvents) -> Found? {
    SealedIDs(of: project, ZstdDecompressor()).find([0], of: [id]).found.first
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
    let index = try section.ids(project.secret.ids)
    let hits = try index.findWithStrays(IDBatch(rows.map { ids[$0] }, mix: project.secret.ids))
    if hits.isEmpty { return [] }
    let places = try index.rows(at: hits.map(\.position))
    var times = try section.times()
    var reader = try RecordReader(section, ids: project.secret.ids, decompressor)
    var found: [Found] = []
    var seen: Set<Int> = []
    for (hit, place) in zip(hits, places) {
      let row = rows[hit.index]
      guard let place, !seen.contains(row),
        try index.confirms(ids[row], row: place, time: try times.value(at: place))
      else { continue }
      seen.insert(row)
      var writer = ByteWriter()
      try reader.append(place, to: &writer)
      found.append(
        Found(row: row, record: writer.bytes, source: try reader.source(ofRow: place)))
    }
    return found
  }
}
