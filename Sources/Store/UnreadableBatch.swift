import SQLite

/// A stored batch that could not be read back. Its row stays where it is, for whoever can make more of
/// it; its events are in no answer, and their ids are not known to the deduplication.
///
/// What that means for an event that is sent again: a batch that its collector repeats is still answered
/// by its receipt, as a duplicate, since it was committed; whatever comes by another way is accepted as
/// new and counts once, since what is set aside does not count. For the same reason a batch that was set
/// aside never comes back by itself, not even if it can be read one day: its events may have come again
/// meanwhile, and would count twice.
package struct UnreadableBatch: Equatable, Sendable {
  package let number: Int64
  /// Whose events it has; nil where the row does not tell.
  package let project: String?
  /// How many events are missing, as far as the row can be believed; nil where it does not tell.
  package let events: Int?
  package let reason: String
}

extension StoreFile {
  /// What was set aside at earlier starts, by number.
  func unreadableBatches() throws(SQLiteError) -> [Int64: UnreadableBatch] {
    try database.withStatement("SELECT number, project, events, reason FROM unreadable_batch") {
      statement throws(SQLiteError) in
      var all: [Int64: UnreadableBatch] = [:]
      while try statement.step() {
        let number = statement.int64(0)
        all[number] = UnreadableBatch(
          number: number, project: statement.isNull(1) ? nil : statement.text(1),
          events: statement.isNull(2) ? nil : statement.int(2), reason: statement.text(3))
      }
      return all
    }
  }

  /// Notes for all starts to come that these are set aside.
  func setAside(_ batches: [UnreadableBatch], now: Int64) throws(SQLiteError) {
    if batches.isEmpty { return }
    try database.transaction { () throws(SQLiteError) in
      for batch in batches {
        try database.withStatement("INSERT OR IGNORE INTO unreadable_batch VALUES (?, ?, ?, ?, ?)")
        {
          statement throws(SQLiteError) in
          statement.bind(1, batch.number)
          if let project = batch.project {
            statement.bind(2, project)
          } else {
            statement.bindNull(2)
          }
          if let events = batch.events { statement.bind(3, events) } else { statement.bindNull(3) }
          statement.bind(4, batch.reason)
          statement.bind(5, now)
          try statement.run()
        }
      }
    }
  }
}
