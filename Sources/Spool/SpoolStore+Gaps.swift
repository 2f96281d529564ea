import Events
import Platform
import SQLite

// What is lost, and has to be told. A row that turns out to be damaged is replaced by one that tells
// of a loss of which nobody knows how large it was: that much is certain.
extension SpoolStore {
  func insertGap(
    of ledger: inout ProjectLedger, sequence: Int64, count: Int64?, _ reason: Gap.Reason
  ) throws(SQLiteError) {
    try insertGap(project: ledger.number, epoch, sequence: sequence, count: count, reason)
    ledger.openGaps += 1
  }

  func insertGap(
    project: Int64, _ epoch: Epoch, sequence: Int64, count: Int64?, _ reason: Gap.Reason
  ) throws(SQLiteError) {
    let row = GapRow(
      project: project, epoch: epoch, sequence: sequence, count: count, reason: reason.rawValue,
      at: clock.wallMilliseconds)
    try database.withStatement(
      """
      INSERT INTO gap (project, epoch, sequence, count, reason, at, check_sum)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, row.project)
      statement.bind(2, copying: row.epoch.span)
      statement.bind(3, row.sequence)
      if let count { statement.bind(4, count) } else { statement.bindNull(4) }
      statement.bind(5, row.reason)
      statement.bind(6, row.at)
      statement.bind(7, row.checksum)
      try statement.run()
    }
  }

  /// Writes what may change of a row.
  private func update(_ row: GapRow) throws(SQLiteError) {
    try database.withStatement(
      "UPDATE gap SET project = ?, batch = ?, check_sum = ?, bytes = ? WHERE id = ?"
    ) { statement throws(SQLiteError) in
      statement.bind(1, row.project)
      if let batch = row.batch { statement.bind(2, batch) } else { statement.bindNull(2) }
      statement.bind(3, row.checksum)
      statement.bind(5, row.id)
      try statement.run(lending: row.bytes.span, as: 4)
    }
  }

  // MARK: Telling of them

  /// What is to be told next of this project. Nil where it is counted and not there, or damaged:
  /// then the count has been put right, or the row replaced, so that the caller can look again.
  func firstOpenGap(of ledger: ProjectLedger) throws(SQLiteError) -> Gap? {
    let row = try database.withStatement(
      """
      SELECT id, project, epoch, sequence, count, reason, at, batch, bytes, check_sum FROM gap
      WHERE project = ? AND batch IS NULL ORDER BY id LIMIT 1
      """
    ) { statement throws(SQLiteError) -> GapRow? in
      statement.bind(1, ledger.number)
      return try statement.step() ? GapRow(statement) : nil
    }
    if let gap = row?.gap { return gap }
    if let row { try mend(row) } else { try countOpenGaps() }
    return nil
  }

  /// Keeps the bytes of a gap under a batch number.
  func seal(
    _ gap: Gap, of ledger: ProjectLedger, batch: Int64, bytes: [UInt8]
  ) throws(SQLiteError) {
    var row = GapRow(
      project: ledger.number, epoch: gap.epoch, sequence: gap.sequence, count: gap.count,
      reason: gap.reason, at: gap.wallMilliseconds)
    row.id = gap.id
    row.batch = batch
    row.bytes = bytes
    try update(row)
  }

  /// The bytes of a sealed gap; nil where there is none under this number, or where it was damaged
  /// and waits to be sealed again.
  func bytesOfGap(_ ledger: ProjectLedger, batch: Int64) throws(SQLiteError) -> [UInt8]? {
    guard let row = try sealedGaps(of: ledger, batches: batch...batch).first else { return nil }
    if row.isSound { return row.bytes }
    try mend(row)
    return nil
  }

  /// Has the gaps of these batches sealed again; returns how many.
  func reopenGaps(
    of ledger: ProjectLedger, batches: ClosedRange<Int64>
  ) throws(SQLiteError) -> Int {
    let rows = try sealedGaps(of: ledger, batches: batches)
    for var row in rows {
      guard row.isSound else {
        try replace(row, project: ledger.number, sequence: ledger.nextSequence)
        continue
      }
      row.batch = nil
      row.bytes = []
      try update(row)
    }
    return rows.count
  }

  private func sealedGaps(
    of ledger: ProjectLedger, batches: ClosedRange<Int64>
  ) throws(SQLiteError) -> [GapRow] {
    try database.withStatement(
      """
      SELECT id, project, epoch, sequence, count, reason, at, batch, bytes, check_sum FROM gap
      WHERE project = ? AND batch >= ? AND batch <= ? ORDER BY id
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, ledger.number)
      statement.bind(2, batches.lowerBound)
      statement.bind(3, batches.upperBound)
      var rows: [GapRow] = []
      while try statement.step() { rows.append(GapRow(statement)) }
      return rows
    }
  }

  /// Has the first project tell of what nobody's project has lost; returns how many gaps that is.
  func adoptGaps(by number: Int64) throws(SQLiteError) -> Int {
    let rows = try database.withStatement(
      """
      SELECT id, project, epoch, sequence, count, reason, at, batch, bytes, check_sum FROM gap
      WHERE project = 0 ORDER BY id
      """
    ) { statement throws(SQLiteError) in
      var rows: [GapRow] = []
      while try statement.step() { rows.append(GapRow(statement)) }
      return rows
    }
    for var row in rows {
      guard row.isSound else {
        try replace(row, project: number, sequence: 0)
        continue
      }
      row.project = number
      try update(row)
    }
    return rows.count
  }

  // MARK: Damage

  /// Looks at every row, at the start, and mends what is damaged, as far as there is room for it: a
  /// row that stays is met again when its turn comes.
  func verifyGaps() throws(SQLiteError) {
    let damaged = try database.withStatement(
      """
      SELECT id, project, epoch, sequence, count, reason, at, batch, bytes, check_sum FROM gap
      ORDER BY id
      """
    ) { statement throws(SQLiteError) in
      var damaged: [GapRow] = []
      while try statement.step() {
        let row = GapRow(statement)
        if !row.isSound || !(0...Int64(ledgers.count)).contains(row.project) {
          damaged.append(row)
        }
      }
      return damaged
    }
    for row in damaged {
      do throws(SQLiteError) { try mend(row) } catch {
        if error.isFull { break }
        throw error
      }
    }
    try countOpenGaps()
  }

  private func mend(_ row: GapRow) throws(SQLiteError) {
    try change { () throws(SQLiteError) in
      // Of a project that is none the first one tells, or the first one to come.
      let ledger = ledgers.first { $0.number == row.project } ?? ledgers.first
      try replace(row, project: ledger?.number ?? 0, sequence: ledger?.nextSequence ?? 0)
      try storeCommit()
      try countOpenGaps()
    }
    mendings += 1
  }

  private func replace(
    _ row: GapRow, project: Int64, sequence: Int64
  ) throws(SQLiteError) {
    note(.rowDamaged(table: "gap", id: row.id))
    try database.withStatement("DELETE FROM gap WHERE id = ?") { statement throws(SQLiteError) in
      statement.bind(1, row.id)
      try statement.run()
    }
    try insertGap(project: project, epoch, sequence: sequence, count: nil, .damaged)
  }

  private func countOpenGaps() throws(SQLiteError) {
    for index in ledgers.indices { ledgers[index].openGaps = 0 }
    try database.withStatement(
      "SELECT project, count(*) FROM gap WHERE batch IS NULL GROUP BY project"
    ) { statement throws(SQLiteError) in
      while try statement.step() {
        let index = statement.int(0) - 1
        if ledgers.indices.contains(index) { ledgers[index].openGaps = statement.int(1) }
      }
    }
  }
}
