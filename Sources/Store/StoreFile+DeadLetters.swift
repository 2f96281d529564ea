import Batches
import Events
import SQLite

/// How many dead letters a project may have: the oldest go when there are more.
struct DeadLetterLimits: Equatable, Sendable {
  var count: Int
  /// Bytes of their records.
  var bytes: Int
}

extension StoreFile {
  /// Keeps rows that were read and not accepted, and returns how many of the project's oldest went for
  /// it. One that is larger than all may be goes at once.
  func insertDeadLetters(
    _ rows: [RejectedRow], of batch: ArrivedBatch, _ limits: DeadLetterLimits
  ) throws(SQLiteError) -> Int {
    if rows.isEmpty { return 0 }
    var added = 0
    for row in rows { added += try insertDeadLetter(row, of: batch) }
    var (count, bytes) = try countDeadLetters(rows.count, bytes: added, of: batch)
    var evicted = 0
    while count > limits.count || bytes > limits.bytes, let size = try evictDeadLetter(of: batch) {
      count -= 1
      bytes -= size
      evicted += 1
    }
    guard evicted > 0 else { return 0 }
    try database.withStatement(
      "UPDATE dead_letter_total SET count = ?, bytes = ?, evicted = evicted + ? WHERE project = ?"
    ) { statement throws(SQLiteError) in
      statement.bind(1, count)
      statement.bind(2, bytes)
      statement.bind(3, evicted)
      statement.bind(4, batch.project.text)
      try statement.run()
    }
    return evicted
  }

  /// Returns the size of the record.
  private func insertDeadLetter(
    _ row: RejectedRow, of batch: ArrivedBatch
  ) throws(SQLiteError) -> Int {
    let record = batch.columns.record(at: row.row)
    try database.withStatement("INSERT INTO dead_letter VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)") {
      statement throws(SQLiteError) in
      statement.bind(1, batch.project.text)
      statement.bind(2, batch.columns.ids[row.row].description)
      statement.bind(3, row.code)
      statement.bind(4, row.reason)
      statement.bind(5, copying: record.span)
      statement.bind(6, batch.source)
      statement.bind(7, batch.received)
      try statement.run()
    }
    return record.count
  }

  /// What the project has with these.
  private func countDeadLetters(
    _ rows: Int, bytes: Int, of batch: ArrivedBatch
  ) throws(SQLiteError) -> (count: Int, bytes: Int) {
    try database.withStatement(
      """
      INSERT INTO dead_letter_total VALUES (?, ?, ?, 0)
      ON CONFLICT (project) DO UPDATE
        SET count = count + excluded.count, bytes = bytes + excluded.bytes
      RETURNING count, bytes
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, batch.project.text)
      statement.bind(2, rows)
      statement.bind(3, bytes)
      var total = (count: 0, bytes: 0)
      while try statement.step() { total = (statement.int(0), statement.int(1)) }
      return total
    }
  }

  /// Deletes the project's oldest letter and returns its size; nil where there is none.
  private func evictDeadLetter(of batch: ArrivedBatch) throws(SQLiteError) -> Int? {
    try database.withStatement(
      """
      DELETE FROM dead_letter
      WHERE number = (SELECT min(number) FROM dead_letter WHERE project = ?)
      RETURNING length(record)
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, batch.project.text)
      var size: Int?
      while try statement.step() { size = statement.int(0) }
      return size
    }
  }
}
