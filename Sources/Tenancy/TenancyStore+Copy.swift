import SQLite

extension TenancyStore {
  /// Copies the book as it is into a new file, whose bytes still have to be synced.
  package func copy(to path: String) throws(TenancyError) {
    let database = database
    try run { () throws(SQLiteError) in
      _ = try database.withSnapshot { () throws(SQLiteError) in try database.copy(to: path) }
    }
  }
}
