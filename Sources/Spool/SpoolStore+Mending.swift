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
          try removeStretch(of: ledger, at: stretch.positions.lowerBound)
          let positions = stretch.positions
          var cuts = stride(
            from: positions.lowerBound, to: positions.upperBound,
            by: max(1, min(limit ?? .max, positions.count))
          ).dropFirst().map { $0 }
          // A damaged chunk is left whole: it is mended when its turn comes.
          if try !splitChunks(of: ledger, at: cuts) { cuts = [] }
          for (start, end) in zip(
            [positions.lowerBound] + cuts, cuts + [positions.upperBound])
          {
            let sequence = stretch.sequence + (start - positions.lowerBound)
            try insert(Stretch(positions: start..<end, sequence: sequence), of: ledger)
            ledger.openStretches += 1
          }
        } else {
          try database.withStatement(
            "UPDATE gap SET batch = NULL, bytes = NULL WHERE project = ? AND batch = ?"
          ) { statement throws(SQLiteError) in
            statement.bind(1, ledger.number)
            statement.bind(2, key.batch)
            try statement.run()
            ledger.openGaps += database.changes
          }
        }
        try store(&ledger)
        ledgers[index] = ledger
      }
    }
  }

  /// Begins another epoch: batches and sequences are numbered from 1 again, and everything that is
  /// not acknowledged is sealed again. The work does not grow with the backlog.
  func rotate(to new: Epoch) throws(SQLiteError) {
    try change { () throws(SQLiteError) in
      commit -= 1
      try countCommit()
      try setValue(new.bytes, of: "epoch")
      epoch = new
      for index in ledgers.indices {
        var ledger = ledgers[index]
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
        try database.withStatement(
          "UPDATE gap SET batch = NULL, bytes = NULL WHERE project = ? AND batch IS NOT NULL"
        ) { statement throws(SQLiteError) in
          statement.bind(1, ledger.number)
          try statement.run()
          ledger.openGaps += database.changes
        }
        try store(&ledger)
        ledgers[index] = ledger
      }
    }
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

  /// Takes the damaged or missing positions out of what waits: events whose check holds stay, what
  /// is lost becomes a gap, what is left of it goes to the quarantine.
  func mend(_ ledger: ProjectLedger, _ damage: Range<Int64>) throws(SQLiteError) {
    throw Self.unsound("chunk")
  }
}
