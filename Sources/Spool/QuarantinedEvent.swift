import Events
import Platform
import SQLite

/// An event that could not be shipped, or what is left of one, kept for people.
package struct QuarantinedEvent: Equatable, Sendable {
  package let id: Int64
  package let project: String
  /// The epoch and the sequence that it had when it was set aside.
  package let epoch: String
  package let sequence: Int64
  package let reason: String
  package let wallMilliseconds: Int64
  /// The record as it lay in the spool; where damage is the reason, the chunk that it stood in.
  package let record: [UInt8]
  /// False where this row has itself changed since it was written.
  package let isIntact: Bool

  var withoutRecord: QuarantinedEvent {
    QuarantinedEvent(
      id: id, project: project, epoch: epoch, sequence: sequence, reason: reason,
      wallMilliseconds: wallMilliseconds, record: [], isIntact: isIntact)
  }

  /// Covers everything but the id, which SQLite gives.
  static func checksum(
    project: String, epoch: [UInt8], sequence: Int64, reason: String, at: Int64,
    record: Span<UInt8>
  ) -> Int64 {
    var writer = ByteWriter(capacity: 120)
    writer.append(littleEndian: sequence)
    writer.append(littleEndian: at)
    writer.append(epoch)
    writer.append(text: project)
    writer.append(text: reason)
    return Int64(crc32c(record, continuing: crc32c(writer.bytes.span)))
  }
}

extension SpoolStore {
  func insertQuarantined(
    _ record: [UInt8], of ledger: ProjectLedger, sequence: Int64, reason: String
  ) throws(SQLiteError) {
    let at = clock.wallMilliseconds
    let check = QuarantinedEvent.checksum(
      project: ledger.project.text, epoch: epoch.bytes, sequence: sequence, reason: reason, at: at,
      record: record.span)
    try database.withStatement(
      """
      INSERT INTO quarantine (project, epoch, sequence, reason, at, check_sum, record)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, ledger.project.text)
      statement.bind(2, copying: epoch.bytes.span)
      statement.bind(3, sequence)
      statement.bind(4, reason)
      statement.bind(5, at)
      statement.bind(6, check)
      try statement.run(lending: record.span, as: 7)
    }
    try database.withStatement(
      "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?"
    ) { statement throws(SQLiteError) in
      statement.bind(1, configuration.maximumQuarantinedEvents)
      try statement.run()
    }
  }

  /// What stands in the quarantine from this id on, at most so many, each handed over by itself: the
  /// records together may be large. A row that has changed is said to have, and stays for people.
  func quarantined(
    from first: Int64, limit: Int, _ body: (QuarantinedEvent) -> Void
  ) throws(SQLiteError) {
    try database.withStatement(
      """
      SELECT id, project, epoch, sequence, reason, at, record, check_sum FROM quarantine
      WHERE id >= ? ORDER BY id LIMIT ?
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, first)
      statement.bind(2, limit)
      while try statement.step() {
        let epoch = statement.blob(2)
        let record = statement.blob(6)
        let event = QuarantinedEvent(
          id: statement.int64(0), project: statement.text(1),
          epoch: Epoch(bytes: epoch)?.description ?? "", sequence: statement.int64(3),
          reason: statement.text(4), wallMilliseconds: statement.int64(5), record: record,
          // Rows from before there was a sum have none.
          isIntact: statement.isNull(7)
            || statement.int64(7)
              == QuarantinedEvent.checksum(
                project: statement.text(1), epoch: epoch, sequence: statement.int64(3),
                reason: statement.text(4), at: statement.int64(5), record: record.span)
        )
        if !event.isIntact, damagedQuarantine.insert(event.id).inserted {
          note(.rowDamaged(table: "quarantine", id: event.id))
        }
        body(event)
      }
    }
  }
}
