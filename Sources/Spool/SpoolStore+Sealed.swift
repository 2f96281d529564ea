import Platform
import SQLite

extension SpoolStore {
  /// The sealed batches that no acknowledgement has come for, by project and in the order of their
  /// numbers.
  func sealedBatches() throws(SQLiteError) -> [SealedBatch] {
    var batches: [SealedBatch] = []
    try database.withStatement(
      """
      SELECT id >> 48, batch, sequence, count, length(bytes) FROM stretch WHERE batch IS NOT NULL
      UNION ALL
      SELECT project, batch, sequence, 0, length(bytes) FROM gap WHERE batch IS NOT NULL
      ORDER BY 1, 2
      """
    ) { statement throws(SQLiteError) in
      while try statement.step() {
        let index = statement.int(0) - 1
        guard ledgers.indices.contains(index) else {
          // A gap that has changed since the start is mended at the next one.
          if statement.int(3) == 0 { continue }
          throw Self.unsound("stretch")
        }
        batches.append(
          SealedBatch(
            key: BatchKey(
              project: ledgers[index].project, epoch: epoch, batch: statement.int64(1)),
            firstSequence: statement.int64(2), count: statement.int(3), size: statement.int(4)))
      }
    }
    return try batchesToSendAgain() + batches
  }

  /// The bytes of a sealed batch. Nil where there is no such batch (any more); where the bytes are
  /// damaged the batch waits to be sealed again under another number, for these bytes may have been
  /// seen by the aggregator.
  func bytes(of key: BatchKey) throws(SQLiteError) -> [UInt8]? {
    guard key.epoch == epoch, let index = numbers[key.project] else { return nil }
    if let stretch = try sealedStretch(key) {
      let id = ledgers[index].id(of: stretch.positions.lowerBound)
      let (bytes, check) = try database.withStatement(
        "SELECT bytes, check_sum FROM stretch WHERE id = ?"
      ) { statement throws(SQLiteError) in
        statement.bind(1, id)
        guard try statement.step() else { throw Self.unsound("stretch") }
        return (statement.blob(0), statement.int64(1))
      }
      if check == Self.checksum(stretch, id: id, bytes: bytes) { return bytes }
      try requeue([key], events: nil)
      return nil
    }
    if let bytes = try bytesOfGap(ledgers[index], batch: key.batch) { return bytes }
    return try bytesOfKept(key, of: ledgers[index])
  }

  func sealedStretch(_ key: BatchKey) throws(SQLiteError) -> Stretch? {
    guard key.epoch == epoch, let index = numbers[key.project] else { return nil }
    let ledger = ledgers[index]
    // A handful of rows: what is in flight.
    return try database.withStatement(
      "SELECT id, count, sequence FROM stretch WHERE id >= ? AND id < ? AND batch = ?"
    ) { statement throws(SQLiteError) in
      statement.bind(1, ledger.id(of: 0))
      statement.bind(2, ledger.id(of: ledger.next))
      statement.bind(3, key.batch)
      guard try statement.step() else { return nil }
      let first = ProjectLedger.position(ofRow: statement.int64(0))
      return Stretch(
        positions: first..<(first + statement.int64(1)), sequence: statement.int64(2),
        batch: key.batch)
    }
  }

  /// Lets go of what the aggregator has: the sealed bytes and their events leave in one transaction.
  /// Doing it again changes nothing. Returns how many of the batches were still here.
  @discardableResult
  func acknowledge(
    _ keys: [BatchKey], durableThrough: Int64? = nil
  ) throws(SQLiteError) -> Int {
    let present = keys.filter { $0.epoch == epoch && numbers[$0.project] != nil }
    guard !present.isEmpty else { return 0 }
    return try change { () throws(SQLiteError) in
      var removed = 0
      for key in present {
        guard let index = numbers[key.project] else { continue }
        var ledger = ledgers[index]
        if let stretch = try sealedStretch(key) {
          try keep(stretch, of: ledger)
          try removeEvents(stretch, of: &ledger)
          removed += 1
        } else if try removeGap(key, of: ledger) {
          removed += 1
        } else {
          try arrivedAgain(key, of: ledger)
        }
        ledger.durableThrough = max(ledger.durableThrough, durableThrough ?? 0)
        try store(&ledger)
        ledgers[index] = ledger
      }
      try trimKept(to: configuration.keptBytes)
      return removed
    }
  }

  /// Removes a sealed stretch with its chunks.
  func removeEvents(
    _ stretch: Stretch, of ledger: inout ProjectLedger
  ) throws(SQLiteError) {
    let first = ledger.id(of: stretch.positions.lowerBound)
    let end = ledger.id(of: stretch.positions.upperBound)
    let bytes = try database.withStatement(
      "SELECT coalesce(sum(bytes), 0) FROM chunk WHERE id >= ? AND id < ?"
    ) { statement throws(SQLiteError) in
      statement.bind(1, first)
      statement.bind(2, end)
      return try statement.step() ? statement.int64(0) : 0
    }
    try database.withStatement("DELETE FROM chunk WHERE id >= ? AND id < ?") {
      statement throws(SQLiteError) in
      statement.bind(1, first)
      statement.bind(2, end)
      try statement.run()
    }
    try removeStretch(of: ledger, at: stretch.positions.lowerBound)
    ledger.remove(events: Int64(stretch.positions.count), bytes: bytes)
  }

  private func removeGap(_ key: BatchKey, of ledger: ProjectLedger) throws(SQLiteError) -> Bool {
    try database.withStatement("DELETE FROM gap WHERE project = ? AND batch = ?") {
      statement throws(SQLiteError) in
      statement.bind(1, ledger.number)
      statement.bind(2, key.batch)
      try statement.run()
      return database.changes > 0
    }
  }
}
