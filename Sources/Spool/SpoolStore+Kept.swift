package import Events
import Platform
import SQLite

// Batches that were acknowledged stay for a while, as they were sent: an aggregator that is restored from
// a backup lacks what came after it, and gets it again from here (RELIABILITY A9). They take what room
// nobody else wants: they go after their time, beyond their share, and as soon as the spool fills.
extension SpoolStore {
  /// Keeps a sealed stretch that is about to go.
  func keep(_ stretch: Stretch, of ledger: ProjectLedger) throws(SQLiteError) {
    guard configuration.keptFor > .zero else { return }
    let id = ledger.id(of: stretch.positions.lowerBound)
    try database.withStatement(
      """
      INSERT OR REPLACE INTO kept (id, epoch, batch, sequence, count, at, check_sum, bytes)
      SELECT id, ?, batch, sequence, count, ?, check_sum, bytes FROM stretch WHERE id = ?
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, copying: epoch.bytes.span)
      statement.bind(2, clock.wallMilliseconds)
      statement.bind(3, id)
      try statement.run()
    }
    keptBytes += try database.withStatement("SELECT length(bytes) FROM kept WHERE id = ?") {
      statement throws(SQLiteError) in
      statement.bind(1, id)
      return try statement.step() ? statement.int(0) : 0
    }
  }

  func countKept() throws(SQLiteError) {
    keptBytes = Int(
      try database.integer("SELECT coalesce(sum(length(bytes)), 0) FROM kept") ?? 0)
  }

  /// Whether `trimKept` would find something.
  func mustTrimKept(to limit: Int) throws(SQLiteError) -> Bool {
    if keptBytes > limit { return true }
    guard keptBytes > 0 else { return false }
    let oldest = try database.integer("SELECT min(at) FROM kept")
    return oldest.map { $0 < keptSince } ?? false
  }

  /// Lets the oldest go until the rest is young enough and no more than this; those that are on their way
  /// again stay. Part of a transaction.
  func trimKept(to limit: Int) throws(SQLiteError) {
    while keptBytes > 0 {
      var goners: [Int64] = []
      var rest = keptBytes
      try database.withStatement(
        """
        SELECT id, at, length(bytes) FROM kept WHERE id NOT IN (SELECT id FROM kept_again)
        ORDER BY at, id LIMIT 64
        """
      ) { statement throws(SQLiteError) in
        while try statement.step() {
          guard rest > limit || statement.int64(1) < keptSince else { return }
          goners.append(statement.int64(0))
          rest -= statement.int(2)
        }
      }
      if goners.isEmpty { return }
      for id in goners { try removeKept(id) }
      keptBytes = max(0, rest)
    }
  }

  /// The same as a transaction of its own.
  func trim(to limit: Int) throws(SQLiteError) {
    try change { () throws(SQLiteError) in
      try trimKept(to: limit)
      try storeCommit()
    }
  }

  /// Before this it is let go.
  private var keptSince: Int64 {
    clock.wallMilliseconds - configuration.keptFor.wholeMilliseconds
  }

  private func removeKept(_ id: Int64) throws(SQLiteError) {
    try database.withStatement("DELETE FROM kept WHERE id = ?") { statement throws(SQLiteError) in
      statement.bind(1, id)
      try statement.run()
    }
  }

  // MARK: Sending again

  /// Has everything beyond what the aggregator still has sent again, as far as it is here; what is not
  /// becomes a gap. Doing it again changes nothing. Returns what is to be sent again.
  func rewind(_ marks: [SpoolMark]) throws(SQLiteError) -> [SealedBatch] {
    try change { () throws(SQLiteError) in
      for index in ledgers.indices {
        var ledger = ledgers[index]
        guard
          let mark = marks.first(where: { $0.epoch == epoch && $0.project == ledger.project })
        else { continue }
        try sendAgain(ledger, behind: mark.through)
        if mark.through < ledger.durableThrough {
          let first = mark.through + 1
          let end = min(try firstHeld(of: ledger, behind: mark.through), ledger.durableThrough + 1)
          if first < end {
            try insertGap(of: &ledger, sequence: first, count: end - first, .notKept)
          }
          ledger.durableThrough = mark.through
        }
        try store(&ledger)
        ledgers[index] = ledger
      }
      try storeCommit()
    }
    return try batchesToSendAgain()
  }

  private func sendAgain(
    _ ledger: ProjectLedger, behind sequence: Int64
  ) throws(SQLiteError) {
    try database.withStatement(
      """
      INSERT OR IGNORE INTO kept_again SELECT id FROM kept
      WHERE id >= ? AND id < ? AND epoch = ? AND sequence + count - 1 > ?
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, ledger.id(of: 0))
      statement.bind(2, ledger.id(of: ledger.next))
      statement.bind(3, copying: epoch.bytes.span)
      statement.bind(4, sequence)
      try statement.run()
    }
  }

  /// The first sequence behind this one of which the events are here, or are still to come.
  private func firstHeld(
    of ledger: ProjectLedger, behind sequence: Int64
  ) throws(SQLiteError) -> Int64 {
    try database.withStatement(
      """
      SELECT min(sequence) FROM (
        SELECT sequence FROM kept WHERE id >= ?1 AND id < ?2 AND epoch = ?3
          AND sequence + count - 1 > ?4
        UNION ALL SELECT sequence FROM stretch WHERE id >= ?1 AND id < ?2)
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, ledger.id(of: 0))
      statement.bind(2, ledger.id(of: ledger.next))
      statement.bind(3, copying: epoch.bytes.span)
      statement.bind(4, sequence)
      let unsealed = max(1, ledger.cursor - ledger.offset)
      guard try statement.step(), !statement.isNull(0) else { return unsealed }
      return min(statement.int64(0), unsealed)
    }
  }

  /// Kept batches that are on their way again, by project and in the order of their numbers.
  func batchesToSendAgain() throws(SQLiteError) -> [SealedBatch] {
    try database.withStatement(
      """
      SELECT id, batch, sequence, count, length(bytes), epoch FROM kept
      WHERE id IN (SELECT id FROM kept_again) ORDER BY id
      """
    ) { statement throws(SQLiteError) in
      var batches: [SealedBatch] = []
      while try statement.step() {
        let index = Int(ProjectLedger.number(ofRow: statement.int64(0))) - 1
        // Of another epoch: its numbers are no longer ours to use.
        guard ledgers.indices.contains(index), statement.blob(5) == epoch.bytes else { continue }
        batches.append(
          SealedBatch(
            key: BatchKey(
              project: ledgers[index].project, epoch: epoch, batch: statement.int64(1)),
            firstSequence: statement.int64(2), count: statement.int(3), size: statement.int(4)))
      }
      return batches
    }
  }

  /// The bytes of a kept batch; nil where there is none. One that has changed on disk goes.
  func bytesOfKept(_ key: BatchKey, of ledger: ProjectLedger) throws(SQLiteError) -> [UInt8]? {
    let row = try keptRow(key, of: ledger)
    guard let row else { return nil }
    let first = ProjectLedger.position(ofRow: row.id)
    let stretch = Stretch(
      positions: first..<(first + max(1, row.count)), sequence: row.sequence, batch: key.batch)
    if Self.checksum(stretch, id: row.id, bytes: row.bytes) == row.checksum { return row.bytes }
    note(.rowDamaged(table: "kept", id: row.id))
    try change { () throws(SQLiteError) in
      try removeKept(row.id)
      try removeAgain(row.id)
      try storeCommit()
    }
    return nil
  }

  /// A kept batch has arrived once more.
  func arrivedAgain(_ key: BatchKey, of ledger: ProjectLedger) throws(SQLiteError) {
    guard let row = try keptRow(key, of: ledger) else { return }
    try removeAgain(row.id)
  }

  private func removeAgain(_ id: Int64) throws(SQLiteError) {
    try database.withStatement("DELETE FROM kept_again WHERE id = ?") {
      statement throws(SQLiteError) in
      statement.bind(1, id)
      try statement.run()
    }
  }

  private struct KeptRow {
    let id: Int64
    let sequence: Int64
    let count: Int64
    let checksum: Int64
    let bytes: [UInt8]
  }

  /// Only among those that are on their way again, which makes it quick where there are none.
  private func keptRow(_ key: BatchKey, of ledger: ProjectLedger) throws(SQLiteError) -> KeptRow? {
    try database.withStatement(
      """
      SELECT kept.id, sequence, count, check_sum, bytes, epoch FROM kept_again
      JOIN kept ON kept.id = kept_again.id
      WHERE kept_again.id >= ? AND kept_again.id < ? AND batch = ?
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, ledger.id(of: 0))
      statement.bind(2, ledger.id(of: ledger.next))
      statement.bind(3, key.batch)
      while try statement.step() {
        guard statement.blob(5) == epoch.bytes else { continue }
        return KeptRow(
          id: statement.int64(0), sequence: statement.int64(1), count: statement.int64(2),
          checksum: statement.int64(3), bytes: statement.blob(4))
      }
      return nil
    }
  }
}

/// How far an aggregator has one project of one epoch without a hole.
package struct SpoolMark: Equatable, Sendable {
  package let project: ProjectID
  package let epoch: Epoch
  package let through: Int64

  package init(project: ProjectID, epoch: Epoch, through: Int64) {
    self.project = project
    self.epoch = epoch
    self.through = through
  }
}
