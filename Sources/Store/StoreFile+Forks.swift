import Batches
import Events
import SQLite

/// One collector's life of numbers.
struct EpochKey: Hashable, Sendable {
  let collector: String
  let epoch: Epoch
}

extension StoreFile {
  func forkedEpochs() throws(SQLiteError) -> Set<EpochKey> {
    try database.withStatement("SELECT collector, epoch FROM forked_epoch") {
      statement throws(SQLiteError) in
      var all: Set<EpochKey> = []
      while try statement.step() {
        // Only epochs that were decoded have been written.
        guard let epoch = Epoch(statement.text(1)) else { continue }
        all.insert(EpochKey(collector: statement.text(0), epoch: epoch))
      }
      return all
    }
  }

  func insertFork(_ key: EpochKey, found: Int64) throws(SQLiteError) {
    try database.withStatement("INSERT OR IGNORE INTO forked_epoch VALUES (?, ?, ?)") {
      statement throws(SQLiteError) in
      statement.bind(1, key.collector)
      statement.bind(2, key.epoch.description)
      statement.bind(3, found)
      try statement.run()
    }
  }
}
