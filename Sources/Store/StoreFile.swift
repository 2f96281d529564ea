package import Batches
import Crypto
import Events
import Platform
import SQLite

/// The store's database as rows: every statement that writes stands here. It belongs to the store's
/// thread, which decides when a transaction begins and ends.
struct StoreFile {
  let database: Database

  /// Opens or makes the file, brings its schema up to date, and gives the store its identity.
  init(_ configuration: Store.Configuration, random: any RandomSource) throws(StoreError) {
    do throws(SQLiteError) {
      database = try Database(
        path: configuration.path,
        configuration: .owner(
          exclusively: false, fileSystem: configuration.disk.databaseFileSystem, cacheKiB: 8_192))
      if let bytes = configuration.maximumFileBytes {
        try database.execute(script: "PRAGMA max_page_count = \(bytes / 4_096)")
      }
    } catch { throw .failed(StoreFailure(error)) }
    do throws(Schema.Problem) {
      try StoreSchema.schema.migrate(database)
    } catch {
      switch error {
      case .newer: throw .newerFormat("\(error)")
      case .failed(let error): throw .failed(StoreFailure(error))
      }
    }
    do throws(SQLiteError) {
      if try meta("store_uuid") == nil {
        let uuid = (0..<2).flatMap { _ in Self.bytes(of: random.next()) }
        try database.transaction { () throws(SQLiteError) in
          try setMeta("store_uuid", uuid)
          try setMeta("incarnation", Self.bytes(of: 1))
        }
      }
    } catch { throw .failed(StoreFailure(error)) }
  }

  /// The rows of a database that somebody else owns, or has set aside: nothing is made or changed.
  init(reading database: Database) { self.database = database }

  private static func bytes(of word: UInt64) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(littleEndian: word)
    return writer.bytes
  }

  // MARK: Identity

  func meta(_ key: String) throws(SQLiteError) -> [UInt8]? {
    try database.withStatement("SELECT value FROM meta WHERE key = ?") {
      statement throws(SQLiteError) in
      statement.bind(1, key)
      return try statement.step() ? statement.blob(0) : nil
    }
  }

  func identity() throws(SQLiteError) -> StoreIdentity {
    let uuid = try meta("store_uuid") ?? []
    let incarnation = try meta("incarnation") ?? []
    return StoreIdentity(
      id: StoreID(uuid.span) ?? StoreID(high: 0, low: 0),
      incarnation: incarnation.reversed().reduce(0) { $0 << 8 | UInt64($1) })
  }

  func setMeta(_ key: String, _ value: [UInt8]) throws(SQLiteError) {
    try database.withStatement("INSERT OR REPLACE INTO meta VALUES (?, ?)") {
      statement throws(SQLiteError) in
      statement.bind(1, key)
      statement.bind(2, copying: value.span)
      try statement.run()
    }
  }

  // MARK: Hot batches

  /// The number that the next batch will get: the greatest ever used and one.
  func nextNumber() throws(SQLiteError) -> Int64 {
    (try database.integer("SELECT seq FROM sqlite_sequence WHERE name = 'hot_batch'") ?? 0) + 1
  }

  func insert(
    _ batch: ArrivedBatch, number: Int64, duplicates: RowSet, rejected: RowSet
  ) throws(SQLiteError) {
    try database.withStatement("INSERT INTO hot_batch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") {
      statement throws(SQLiteError) in
      statement.bind(1, number)
      statement.bind(2, batch.project.text)
      statement.bind(3, batch.source)
      statement.bind(4, batch.received)
      statement.bind(5, batch.clockShift)
      statement.bind(6, batch.columns.rowCount)
      Self.bind(statement, 7, duplicates)
      Self.bind(statement, 8, rejected)
      let label = StoredBatchLabel(
        number: number, project: batch.project.text, source: batch.source, received: batch.received,
        shift: batch.clockShift, rows: batch.columns.rowCount, duplicates: duplicates.stored ?? [],
        rejected: rejected.stored ?? [])
      statement.bind(10, Int64(label.sum))
      try statement.run(lending: batch.bytes.span, as: 9)
    }
  }

  private static func bind(_ statement: Statement, _ index: Int32, _ rows: RowSet) {
    guard let stored = rows.stored else { return statement.bindNull(index) }
    statement.bind(index, copying: stored.span)
  }

  // MARK: Receipts and watermarks

  struct Receipt {
    let digest: [UInt8]
    let accepted: Int
    let duplicates: Int
    let rejections: [UInt8]
  }

  func receipt(
    _ origin: BatchOrigin, source: String, project: ProjectID
  ) throws(SQLiteError) -> Receipt? {
    try database.withStatement(
      """
      SELECT digest, accepted, duplicates, rejections FROM receipt
      WHERE collector = ? AND epoch = ? AND project = ? AND batch = ?
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, source)
      statement.bind(2, origin.epoch.description)
      statement.bind(3, project.text)
      statement.bind(4, Int64(bitPattern: origin.number))
      guard try statement.step() else { return nil }
      return Receipt(
        digest: statement.blob(0), accepted: statement.int(1), duplicates: statement.int(2),
        rejections: statement.blob(3))
    }
  }

  func insert(
    _ receipt: Receipt, _ origin: BatchOrigin, source: String, project: ProjectID, received: Int64
  ) throws(SQLiteError) {
    try database.withStatement("INSERT INTO receipt VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)") {
      statement throws(SQLiteError) in
      statement.bind(1, source)
      statement.bind(2, origin.epoch.description)
      statement.bind(3, project.text)
      statement.bind(4, Int64(bitPattern: origin.number))
      statement.bind(5, copying: receipt.digest.span)
      statement.bind(6, receipt.accepted)
      statement.bind(7, receipt.duplicates)
      statement.bind(8, copying: receipt.rejections.span)
      statement.bind(9, received)
      try statement.run()
    }
  }

  /// Deletes the oldest receipts of before `time`, so many at most that nobody waits for it.
  func deleteReceipts(before time: Int64) throws(SQLiteError) {
    try database.withStatement(
      """
      DELETE FROM receipt WHERE (collector, epoch, project, batch) IN (
        SELECT collector, epoch, project, batch FROM receipt
        WHERE received < ? ORDER BY received LIMIT 10000)
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, time)
      try statement.run()
    }
  }

  /// Writes what a range became when it met its neighbours.
  func replace(
    _ swallowed: [ClosedRange<UInt64>], by merged: ClosedRange<UInt64>, _ stream: StreamKey
  ) throws(SQLiteError) {
    for range in swallowed where range.lowerBound != merged.lowerBound {
      try database.withStatement(
        "DELETE FROM watermark WHERE collector = ? AND epoch = ? AND project = ? AND first = ?"
      ) { statement throws(SQLiteError) in
        Self.bind(statement, stream)
        statement.bind(4, Int64(bitPattern: range.lowerBound))
        try statement.run()
      }
    }
    try database.withStatement("INSERT OR REPLACE INTO watermark VALUES (?, ?, ?, ?, ?)") {
      statement throws(SQLiteError) in
      Self.bind(statement, stream)
      statement.bind(4, Int64(bitPattern: merged.lowerBound))
      statement.bind(5, Int64(bitPattern: merged.upperBound))
      try statement.run()
    }
  }

  func watermarks() throws(SQLiteError) -> [StreamKey: SequenceRanges] {
    try database.withStatement("SELECT collector, epoch, project, first, last FROM watermark") {
      statement throws(SQLiteError) in
      var all: [StreamKey: SequenceRanges] = [:]
      while try statement.step() {
        // Only epochs that were decoded have been written.
        guard let epoch = Epoch(statement.text(1)) else { continue }
        let key = StreamKey(
          collector: statement.text(0), epoch: epoch, project: statement.text(2))
        let first = UInt64(bitPattern: statement.int64(3))
        let last = UInt64(bitPattern: statement.int64(4))
        all[key, default: SequenceRanges()].insert(first...max(first, last))
      }
      return all
    }
  }

  private static func bind(_ statement: Statement, _ stream: StreamKey) {
    statement.bind(1, stream.collector)
    statement.bind(2, stream.epoch.description)
    statement.bind(3, stream.project)
  }

  // MARK: What was put aside

  func insert(_ gap: ArrivedGap) throws(SQLiteError) {
    try database.withStatement("INSERT OR REPLACE INTO gap VALUES (?, ?, ?, ?, ?, ?, ?, ?)") {
      statement throws(SQLiteError) in
      statement.bind(1, gap.source)
      statement.bind(2, gap.origin.epoch.description)
      statement.bind(3, gap.project.text)
      statement.bind(4, Int64(bitPattern: gap.origin.sequences.lowerBound))
      statement.bind(5, Int64(bitPattern: gap.origin.sequences.upperBound))
      statement.bind(6, Int64(gap.gap.reason.rawValue))
      statement.bind(7, gap.gap.isOpenEnded ? 1 : 0)
      statement.bind(8, gap.received)
      try statement.run()
    }
  }

  /// Counts a conflict, and keeps the payload if there is room for another sample: false if not.
  func insertConflict(
    _ id: EventID, record: [UInt8], of batch: ArrivedBatch
  ) throws(SQLiteError) -> Bool {
    let count = try database.withStatement(
      """
      INSERT INTO conflict_count VALUES (?, 1)
      ON CONFLICT (project) DO UPDATE SET count = count + 1 RETURNING count
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, batch.project.text)
      var count: Int64 = 0
      while try statement.step() { count = statement.int64(0) }
      return count
    }
    guard count <= Self.conflictSamples else { return false }
    try database.withStatement("INSERT INTO conflict VALUES (?, ?, ?, ?, ?, ?)") {
      statement throws(SQLiteError) in
      statement.bind(1, batch.project.text)
      statement.bind(2, count)
      statement.bind(3, id.description)
      statement.bind(4, copying: record.span)
      statement.bind(5, batch.source)
      statement.bind(6, batch.received)
      try statement.run()
    }
    return true
  }

  /// Samples of conflicts that a project keeps.
  static let conflictSamples: Int64 = 1_000
}

/// Which store this is, and which life of it: a restored backup begins another.
package struct StoreIdentity: Equatable, Sendable {
  package let id: StoreID
  package let incarnation: UInt64
}

/// One collector's epoch and project: what sequences and batch numbers run in.
package struct StreamKey: Hashable, Sendable {
  package let collector: String
  package let epoch: Epoch
  package let project: String

  package init(collector: String, epoch: Epoch, project: String) {
    self.collector = collector
    self.epoch = epoch
    self.project = project
  }
}
