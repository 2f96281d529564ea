import SQLite

// Packs that were missing at some start, in the catalogue.
extension StoreFile {
  func missedPacks() throws(SQLiteError) -> Set<UInt64> {
    try database.withStatement("SELECT number FROM missed_pack") { statement throws(SQLiteError) in
      var numbers: Set<UInt64> = []
      while try statement.step() { numbers.insert(UInt64(bitPattern: statement.int64(0))) }
      return numbers
    }
  }

  /// Remembers these for as long as they are named.
  func note(missed numbers: Set<UInt64>) throws(SQLiteError) {
    try database.transaction { () throws(SQLiteError) in
      for number in numbers.sorted() {
        try database.withStatement("INSERT OR IGNORE INTO missed_pack VALUES (?)") {
          statement throws(SQLiteError) in
          statement.bind(1, Int64(bitPattern: number))
          try statement.run()
        }
      }
      try database.execute(
        "DELETE FROM missed_pack WHERE number NOT IN (SELECT number FROM pack)")
    }
  }

  func forget(missed number: UInt64) throws(SQLiteError) {
    try database.withStatement("DELETE FROM missed_pack WHERE number = ?") {
      statement throws(SQLiteError) in
      statement.bind(1, Int64(bitPattern: number))
      try statement.run()
    }
  }
}
