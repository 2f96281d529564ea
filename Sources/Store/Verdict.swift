import Batches
import Events
import SQLite

/// Which rows of a batch count, and why the others do not.
struct Verdict {
  let rejected: RowSet
  /// Rows whose id is taken: by an event of before, or by an earlier row of this group.
  var duplicates: RowSet
  /// Those of them that say something else than the event that came first.
  var conflicts: [Int] = []

  init(on batch: ArrivedBatch) {
    var rejected = RowSet(rows: batch.columns.rowCount)
    for row in batch.rejected { rejected.insert(row.row) }
    self.rejected = rejected
    duplicates = RowSet(rows: batch.columns.rowCount)
  }

  var dropped: RowSet { rejected.union(duplicates) }

  /// A batch that brings nothing new is a replay, whatever its number.
  var status: CommitOutcome.Status {
    if rejected.count > 0 { return .partial }
    return duplicates.isFull ? .duplicate : .committed
  }
}

extension StoreWriter {
  /// Claims the ids of the rows that count for the batch of this number, and says which do not.
  /// Nothing is written. Whatever comes of it, `unclaim` takes it back.
  func judge(
    _ batch: ArrivedBatch, number: Int64, in project: ProjectEvents
  ) throws(StoreError) -> Verdict {
    let columns = batch.columns
    var verdict = Verdict(on: batch)
    let meetings = project.claim(columns.ids, batch: number, except: verdict.rejected)
    if !meetings.isEmpty {
      try judge(meetings, of: batch, number: number, in: project, &verdict)
    }
    try judgeSealed(batch, number: number, in: project, &verdict)
    verdict.conflicts.sort()
    return verdict
  }

  /// Rows whose id a pack has.
  private func judgeSealed(
    _ batch: ArrivedBatch, number: Int64, in project: ProjectEvents, _ verdict: inout Verdict
  ) throws(StoreError) {
    let sealed = SealedIDs(of: project, decompressor)
    if sealed.isEmpty { return }
    let columns = batch.columns
    let open = columns.ids.indices.filter {
      !verdict.rejected.contains($0) && !verdict.duplicates.contains($0)
    }
    let (found, damaged) = sealed.find(open, of: columns.ids)
    if !damaged.isEmpty {
      project.forgetSnapshot()
      try writing { () throws(SQLiteError) in try file.setAside(damaged) }
    }
    for found in found {
      switch found.first {
      case .record(let record, _): verdict.add(found.row, of: columns, first: record)
      case .payload(let payload): verdict.add(found.row, of: columns, payload: payload)
      }
    }
    project.unclaim(columns.ids, batch: number, rows: found.map(\.row))
  }

  private func judge(
    _ meetings: [ProjectEvents.Meeting], of batch: ArrivedBatch, number: Int64,
    in project: ProjectEvents, _ verdict: inout Verdict
  ) throws(StoreError) {
    let columns = batch.columns

    // In the order of the first copies' batches, so that each of those is decoded once at most.
    var first: (number: Int64, columns: BatchColumns) = (number, columns)
    for meeting in meetings.sorted(by: { $0.place.packed < $1.place.packed }) {
      let (row, place) = (meeting.row, meeting.place)
      if place.batch != first.number {
        let entry =
          place.batch == number ? nil : try shelf.batch(place.batch, from: file.database, batches)
        first = (place.batch, entry?.columns ?? columns)
      }
      guard first.columns.ids[place.row] == columns.ids[row] else { continue }
      verdict.add(row, of: columns, first: first.columns, at: place.row)
    }
    claimStrangers(meetings.map(\.row), batch, number: number, in: project, &verdict)
  }

  /// Rows that have only met events with other ids, which happens once in 2^64 times: they are new,
  /// unless one of them repeats another.
  private func claimStrangers(
    _ rows: [Int], _ batch: ArrivedBatch, number: Int64, in project: ProjectEvents,
    _ verdict: inout Verdict
  ) {
    let columns = batch.columns
    var claimed: [EventID: Int] = [:]
    for row in rows where !verdict.duplicates.contains(row) {
      let earlier = claimed[columns.ids[row]]
      if earlier == row { continue }
      if let earlier {
        verdict.add(row, of: columns, first: columns, at: earlier)
      } else {
        claimed[columns.ids[row]] = row
        project.claim(new: columns.ids, batch: number, rows: CollectionOfOne(row))
      }
    }
  }
}

extension Verdict {
  fileprivate mutating func add(
    _ row: Int, of columns: BatchColumns, first: BatchColumns, at firstRow: Int
  ) {
    guard !duplicates.contains(row) else { return }
    duplicates.insert(row)
    // Nearly always it is the very record again, which is quicker to see than to hash twice.
    if columns.record(at: row) == first.record(at: firstRow) { return }
    if columns.payloadHash(at: row) != first.payloadHash(at: firstRow) { conflicts.append(row) }
  }

  /// A row whose first copy's payload is known by half of its hash.
  fileprivate mutating func add(_ row: Int, of columns: BatchColumns, payload: UInt64) {
    duplicates.insert(row)
    if columns.payloadHash(at: row).high != payload { conflicts.append(row) }
  }

  /// A row whose first copy is a record of a pack, found once.
  fileprivate mutating func add(_ row: Int, of columns: BatchColumns, first record: [UInt8]) {
    duplicates.insert(row)
    if columns.record(at: row) == record { return }
    guard
      let view = try? EventRecordView(  // A record that cannot be read is no repeat of this one.
        record.span, range: record.indices, checking: false)
    else { return conflicts.append(row) }
    if columns.payloadHash(at: row) != PayloadHash(view, in: record.span) { conflicts.append(row) }
  }
}
