import SQLite

/// What has happened since the start.
package struct SpoolCounters: Equatable, Sendable {
  package var appended: UInt64 = 0
  package var commits: UInt64 = 0
  package var refused: UInt64 = 0
  /// Chunks brought over from a database that was set aside.
  package var salvagedChunks: UInt64 = 0
  package var lastCommitNanoseconds: UInt64 = 0
  /// Rows of gaps and of the quarantine that were found damaged.
  package var damagedRows: UInt64 = 0
}

/// The spool as a health page and metrics show it.
package struct SpoolStatus: Equatable, Sendable {
  package let epoch: Epoch
  package let level: SpoolLevel
  package let findings: [SpoolFinding]
  /// Writing has failed too often: what is kept is shipped, and nothing is taken in.
  package let isDraining: Bool
  package let backlogEvents: Int64
  package let backlogBytes: Int64
  /// When the oldest event that is still here came, milliseconds; nil when there is none.
  package let oldestReceived: Int64?
  /// An alarm beyond half of `maximumLogBytes`.
  package let walBytes: Int
  /// Of batches that were acknowledged, and are kept in case the aggregator loses them.
  package let keptBytes: Int
  package let usedBytes: Int
  package let freeOnDisk: Int
  package let projects: Int
  package let quarantinedEvents: Int64
  /// How often damage was met and mended since the start.
  package let mendings: Int
  /// Damaged chunks that the last walk over all of them has met, or this one so far, and that still
  /// wait to be mended.
  package let damagedChunks: Int
  package let counters: SpoolCounters
}

extension SpoolStore {
  func status(_ counters: SpoolCounters, _ upkeep: Upkeep) throws(SQLiteError) -> SpoolStatus {
    SpoolStatus(
      epoch: epoch, level: upkeep.level, findings: upkeep.findings, isDraining: upkeep.isDraining,
      backlogEvents: ledgers.reduce(0) { $0 + $1.events },
      backlogBytes: ledgers.reduce(0) { $0 + $1.bytes }, oldestReceived: try oldestReceived(),
      walBytes: database.walPages * 4120, keptBytes: keptBytes, usedBytes: try usedBytes(),
      freeOnDisk: upkeep.freeOnDisk, projects: ledgers.count,
      quarantinedEvents: try database.integer("SELECT count(*) FROM quarantine") ?? 0,
      mendings: mendings, damagedChunks: upkeep.patrol.unmended(mendings), counters: counters)
  }

  /// Bytes of the database that hold something.
  func usedBytes() throws(SQLiteError) -> Int {
    let pages = try database.integer("PRAGMA page_count") ?? 0
    let free = try database.integer("PRAGMA freelist_count") ?? 0
    return Int(pages - free) * 4096
  }

  private func oldestReceived() throws(SQLiteError) -> Int64? {
    var oldest: Int64?
    for ledger in ledgers where ledger.events > 0 {
      let received = try database.withStatement(
        "SELECT payload FROM chunk WHERE id >= ? AND id < ? ORDER BY id LIMIT 1"
      ) { statement throws(SQLiteError) -> Int64? in
        statement.bind(1, ledger.id(of: 0))
        statement.bind(2, ledger.id(of: ledger.next))
        guard try statement.step() else { return nil }
        return statement.withBlob(0) { ChunkHeader($0)?.received }
      }
      if let received { oldest = min(oldest ?? received, received) }
    }
    return oldest
  }
}
