import Batches
import Events
import SQLite

extension StoreFile {
  /// Reads every hot batch as it was committed: the same rows count as then. A batch that cannot be read
  /// is set aside, and the others are read all the same.
  func load(into hot: HotTier, now: Int64) throws(StoreError) -> [UnreadableBatch] {
    do throws(SQLiteError) {
      var loading = Loading(
        file: self, hot: hot, known: try unreadableBatches(), end: try nextNumber())
      try loading.run()
      do throws(SQLiteError) {
        try setAside(loading.found, now: now)
      } catch {
        // On a full disk, or a damaged file, the next start finds them again.
        if error.isIOError { throw error }
      }
      return (Array(loading.known.values) + loading.found).sorted { $0.number < $1.number }
    } catch {
      throw error.isCorrupt ? .damaged("\(error)") : .failed(StoreFailure(error))
    }
  }
}

/// One walk over the hot batches, in the order of their numbers.
private struct Loading {
  let file: StoreFile
  let hot: HotTier
  /// What was set aside before.
  let known: [Int64: UnreadableBatch]
  /// Numbers from here on were never given.
  let end: Int64
  private(set) var found: [UnreadableBatch] = []
  private var last = Int64.min
  private let batches = StoredBatchReader()

  init(file: StoreFile, hot: HotTier, known: [Int64: UnreadableBatch], end: Int64) {
    self.file = file
    self.hot = hot
    self.known = known
    self.end = end
  }

  mutating func run() throws(SQLiteError) {
    while true {
      do throws(SQLiteError) {
        return try read()
      } catch {
        // More than this is no batch that is damaged, but the file.
        guard error.isCorrupt, found.count < Self.most, try skip(error) else { throw error }
      }
    }
  }

  /// Batches set aside in one start.
  private static let most = 65_536

  /// Reads what follows `last`. SQLite itself may stumble: then `last` is the row before.
  private mutating func read() throws(SQLiteError) {
    try file.database.withStatement(
      """
      SELECT number, project, source, received, shift, rows, duplicates, rejected, sum, bytes
      FROM hot_batch WHERE number > ? ORDER BY number
      """
    ) { statement throws(SQLiteError) in
      statement.bind(1, last)
      while try statement.step() {
        let number = statement.int64(0)
        if known[number] == nil, let unreadable = restore(statement) { found.append(unreadable) }
        last = number
      }
    }
  }

  /// Steps over the row that SQLite could not read; false where there is none.
  private mutating func skip(_ error: SQLiteError) throws(SQLiteError) -> Bool {
    let damaged: Int64
    do throws(SQLiteError) {
      guard let next = try next() else { return false }
      damaged = next
    } catch {
      // Not even its number can be read: a page of several rows is damaged. Numbers follow each other.
      guard error.isCorrupt else { throw error }
      damaged = max(last, 0) + 1
    }
    guard damaged > last, damaged < end else { return false }
    last = damaged
    guard known[damaged] == nil else { return true }
    found.append(
      UnreadableBatch(number: damaged, project: nil, events: nil, reason: error.message))
    return true
  }

  private func next() throws(SQLiteError) -> Int64? {
    try file.database.withStatement(
      "SELECT number FROM hot_batch WHERE number > ? ORDER BY number LIMIT 1"
    ) { statement throws(SQLiteError) in
      statement.bind(1, last)
      return try statement.step() ? statement.int64(0) : nil
    }
  }

  /// Takes the batch of this row into the hot tier, or says why that cannot be.
  private func restore(_ row: Statement) -> UnreadableBatch? {
    let label = StoredBatchLabel(
      number: row.int64(0), project: row.text(1), source: row.text(2), received: row.int64(3),
      shift: row.int64(4), rows: row.int(5), duplicates: row.blob(6), rejected: row.blob(7))
    let isBelieved = row.isNull(8) || row.int64(8) == Int64(label.sum)
    func unreadable(_ reason: String) -> UnreadableBatch {
      UnreadableBatch(
        number: label.number, project: isBelieved ? label.project : nil,
        events: isBelieved ? label.rows - min(label.rows, label.dropped.count) : nil,
        reason: reason)
    }
    guard isBelieved else { return unreadable("bad_sum") }
    guard let project = try? ProjectID(label.project),  // A name that is none is damage too.
      HotPlace.batches.contains(label.number)
    else { return unreadable("bad_row") }
    let core: BatchCore
    do throws(BatchProblem) {
      core = try batches.core(of: row.blob(9))
    } catch { return unreadable(error.code) }
    guard core.rowCount == label.rows else { return unreadable("bad_row") }
    hot.restore(
      core, of: project, number: label.number, received: label.received, except: label.dropped)
    return nil
  }
}

extension StoredBatchLabel {
  /// The rows that do not count.
  var dropped: RowSet {
    let rows = min(max(rows, 0), BatchLimits.mostRows)
    return RowSet(stored: duplicates, rows: rows).union(RowSet(stored: rejected, rows: rows))
  }
}
