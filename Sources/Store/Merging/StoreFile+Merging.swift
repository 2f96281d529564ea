import SQLite

// Packs that were replaced, in the catalogue.
extension StoreFile {
  func retire(_ number: UInt64, at time: Int64) throws(SQLiteError) {
    try database.withStatement("INSERT OR REPLACE INTO retired_pack VALUES (?, ?, ?)") {
      statement throws(SQLiteError) in
      statement.bind(1, Int64(bitPattern: number))
      statement.bind(2, Int64(bitPattern: try generation()))
      statement.bind(3, time)
      try statement.run()
    }
    try database.withStatement("DELETE FROM pack WHERE number = ?") {
      statement throws(SQLiteError) in
      statement.bind(1, Int64(bitPattern: number))
      try statement.run()
    }
  }

  func retiredPacks() throws(SQLiteError) -> [UInt64: Int64] {
    try database.withStatement("SELECT number, retired FROM retired_pack") {
      statement throws(SQLiteError) in
      var times: [UInt64: Int64] = [:]
      while try statement.step() {
        times[UInt64(bitPattern: statement.int64(0))] = statement.int64(1)
      }
      return times
    }
  }

  func forget(retired number: UInt64) throws(SQLiteError) {
    try database.withStatement("DELETE FROM retired_pack WHERE number = ?") {
      statement throws(SQLiteError) in
      statement.bind(1, Int64(bitPattern: number))
      try statement.run()
    }
  }
}
