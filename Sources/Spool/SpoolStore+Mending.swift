import Events
import Platform
import SQLite

extension SpoolStore {
  /// Drops the sealed bytes of batches so that their events are sealed again under new numbers, with
  /// the same sequences: at most `events` in each, if that is given. Unknown batches are left out.
  func requeue(_ keys: [BatchKey], events limit: Int?) throws(SQLiteError) {
    try change { () throws(SQLiteError) in
      for key in keys {
        guard let index = numbers[key.project], key.epoch == epoch else { continue }
        var ledger = ledgers[index]
        if let stretch = try sealedStretch(key) {
          try reopen(stretch, of: &ledger, events: limit)
        } else {
          ledger.openGaps += try reopenGaps(of: ledger, batches: key.batch...key.batch)
        }
        try store(&ledger)
        ledgers[index] = ledger
      }
    }
  }

  private func reopen(
    _ stretch: Stretch, of ledger: inout ProjectLedger, events limit: Int?
  ) throws(SQLiteError) {
    let positions = stretch.positions
    try removeStretch(of: ledger, at: positions.lowerBound)
    var cuts = stride(
      from: positions.lowerBound, to: positions.upperBound,
      by: max(1, min(limit ?? .max, positions.count))
    ).dropFirst().map { $0 }
    // A damaged chunk is left whole: it is mended when its turn comes.
    if try !splitChunks(of: ledger, at: cuts) { cuts = [] }
    for (start, end) in zip([positions.lowerBound] + cuts, cuts + [positions.upperBound]) {
      let sequence = stretch.sequence + (start - positions.lowerBound)
      try insert(Stretch(positions: start..<end, sequence: sequence), of: ledger)
      ledger.openStretches += 1
    }
  }

  /// Sets the events of a sealed batch aside for people to look at, and tells the aggregator of the
  /// gap. False where there is no such batch.
  func quarantine(_ key: BatchKey, reason: String) throws(SQLiteError) -> Bool {
    guard let index = numbers[key.project], let stretch = try sealedStretch(key) else {
      return false
    }
    try change { () throws(SQLiteError) in
      var ledger = ledgers[index]
      try setAside(stretch, of: ledger, reason: reason)
      try removeEvents(stretch, of: &ledger)
      try insertGap(
        of: &ledger, sequence: stretch.sequence, count: Int64(stretch.positions.count),
        .quarantined)
      try store(&ledger)
      ledgers[index] = ledger
    }
    return true
  }

  private func setAside(
    _ stretch: Stretch, of ledger: ProjectLedger, reason: String
  ) throws(SQLiteError) {
    var records: [(sequence: Int64, record: [UInt8])] = []
    try database.withStatement("SELECT id, payload FROM chunk WHERE id >= ? AND id < ? ORDER BY id")
    { statement throws(SQLiteError) in
      statement.bind(1, ledger.id(of: stretch.positions.lowerBound))
      statement.bind(2, ledger.id(of: stretch.positions.upperBound))
      while try statement.step() {
        let first = ProjectLedger.position(ofRow: statement.int64(0))
        let sequence = stretch.sequence + (first - stretch.positions.lowerBound)
        let payload = statement.blob(1)
        guard let header = ChunkHeader(payload.span) else { continue }
        for (number, frame) in header.salvage(payload.span).enumerated() {
          guard let frame else { continue }
          records.append((sequence + Int64(number), Array(payload[frame])))
        }
      }
    }
    for (sequence, record) in records {
      try insertQuarantined(record, of: ledger, sequence: sequence, reason: reason)
    }
  }

  // MARK: Epochs

  /// Begins another epoch: batches and sequences are numbered from 1 again, and everything that is
  /// not acknowledged is sealed again. The work does not grow with the backlog. With a reason, every
  /// project tells of events that were lost at the end of the epoch before, nobody knows how many.
  func rotate(to new: Epoch, lost reason: Gap.Reason? = nil) throws(SQLiteError) {
    try change { () throws(SQLiteError) in
      if let reason {
        for index in ledgers.indices {
          let sequence = ledgers[index].next - ledgers[index].offset
          try insertGap(of: &ledgers[index], sequence: sequence, count: nil, reason)
        }
        if ledgers.isEmpty { try insertGap(project: 0, epoch, sequence: 0, count: nil, reason) }
      }
      try setValue(new.bytes, of: "epoch")
      try storeCommit()
      epoch = new
      for index in ledgers.indices { try renumber(&ledgers[index]) }
    }
  }

  private func renumber(_ ledger: inout ProjectLedger) throws(SQLiteError) {
    ledger.nextBatch = 1
    ledger.durableThrough = 0
    ledger.openStretches = 0
    var sequence: Int64 = 1
    for var stretch in try stretches(of: ledger) {
      try removeStretch(of: ledger, at: stretch.positions.lowerBound)
      stretch.batch = nil
      stretch.sequence = sequence
      try insert(stretch, of: ledger)
      sequence += Int64(stretch.positions.count)
      ledger.openStretches += 1
    }
    ledger.offset = ledger.cursor - sequence
    ledger.openGaps += try reopenGaps(of: ledger, batches: 0 ... .max)
    try store(&ledger)
  }

  private func stretches(of ledger: ProjectLedger) throws(SQLiteError) -> [Stretch] {
    var found: [Stretch] = []
    try database.withStatement(
      "SELECT id, count, sequence, batch FROM stretch WHERE id >= ? AND id < ? ORDER BY id"
    ) { statement throws(SQLiteError) in
      statement.bind(1, ledger.id(of: 0))
      statement.bind(2, ledger.id(of: ledger.next))
      while try statement.step() {
        let first = ProjectLedger.position(ofRow: statement.int64(0))
        found.append(
          Stretch(
            positions: first..<(first + statement.int64(1)), sequence: statement.int64(2),
            batch: statement.isNull(3) ? nil : statement.int64(3)))
      }
    }
    return found
  }
}
