import Batches
import Events
import SQLite
import Sections

// Retention, on the store's thread: the watermark is on disk before the first row goes, and from the same
// turn on nothing older is taken. It never falls, so what has gone cannot come back by halves.
extension StoreWriter {
  /// Reads since when each project is kept.
  func loadRetention() throws(StoreError) {
    retention = try writing { () throws(SQLiteError) in try file.retention() }
    for (project, watermark) in retention { hot.existing(project)?.raise(watermark: watermark) }
  }

  /// Raises watermarks that are behind these, and says which were.
  func raise(_ watermarks: [ProjectID: Int64]) throws(StoreError) -> Set<ProjectID> {
    if hasFailed { throw .stopped }
    let behind = watermarks.filter { (retention[$0] ?? .min) < $1 }
    if behind.isEmpty { return [] }
    do {
      try writing { () throws(SQLiteError) in
        try file.database.transaction { () throws(SQLiteError) in
          for (project, watermark) in behind { try file.raise(watermark, of: project) }
        }
      }
    } catch {
      if case .failed(let failure) = error { fail(failure) }
      throw error
    }
    for (project, watermark) in behind {
      retention[project] = watermark
      hot.existing(project)?.raise(watermark: watermark)
    }
    configuration.reached?(.watermarkRaised)
    return Set(behind.keys)
  }

  /// The batch, with the rows refused that its project does not keep any more.
  func refusingExpired(_ batch: ArrivedBatch) -> ArrivedBatch {
    guard let watermark = retention[batch.project] else { return batch }
    var refused = Set(batch.rejected.map(\.row))
    var expired: [RejectedRow] = []
    for row in batch.columns.ids.indices where !refused.contains(row) {
      let cts = SectionWriter.cts(of: row, in: batch.columns, clockShift: batch.clockShift)
      let id = batch.columns.ids[row]
      // The times of two copies may differ, their ids do not: what has the time of its id near it is
      // judged by that, too.
      let isNear = !IDRoute.isStray(id, time: cts)
      guard cts < watermark || isNear && id.milliseconds < watermark else { continue }
      refused.insert(row)
      expired.append(
        RejectedRow(
          row: row, code: "expired", reason: "the project does not keep events of this time"))
    }
    if expired.isEmpty { return batch }
    return ArrivedBatch(
      project: batch.project, source: batch.source, origin: batch.origin, bytes: batch.bytes,
      columns: batch.columns, rejected: (batch.rejected + expired).sorted { $0.row < $1.row },
      received: batch.received, clockShift: batch.clockShift)
  }
}
