import Batches
import Platform
package import SQLite

/// A database of the store that lies apart: how it is copied out of a store that may be running, what
/// it says, and how a new life begins in it.
///
/// The copy goes through SQLite's backup interface over a connection of its own, inside one read
/// transaction: what is committed meanwhile neither waits nor gets in. (`VACUUM INTO` reads the same way,
/// but cannot pause to leave the disk to intake; a checkpoint and a copy of the file would have to keep
/// the writer out.)
package enum StoreCopy {
  /// Copies the database as it is now; false if `goOn` gave it up.
  package static func make(
    of path: String, to target: String, goOn: () -> Bool
  ) throws(SQLiteError) -> Bool {
    let reader = try Database(path: path, configuration: .reader(cacheKiB: 512))
    return try reader.withSnapshot { () throws(SQLiteError) in
      try reader.copy(to: target, goOn: goOn)
    }
  }

  /// What a copy says of itself.
  package struct Catalogue: Equatable, Sendable {
    package let identity: StoreIdentity
    package let generation: UInt64
    package let packs: Set<UInt64>
    /// Events in packs and in hot batches; what is damaged counts as if it were not.
    package let events: Int
  }

  /// Reads a copy that nobody uses, after SQLite's own check of its structure. Nil where that check
  /// found something, which `finding` gets to hear.
  package static func read(
    _ path: String, finding: (String) -> Void
  ) throws(SQLiteError) -> Catalogue? {
    let database = try Database(path: path, configuration: .evidence())
    let check = try database.read(pragma: "quick_check(1)") ?? "nothing"
    guard check == "ok" else {
      finding(check)
      return nil
    }
    return Catalogue(
      identity: try identity(database),
      generation: number(try meta("generation", database)),
      packs: try packs(database), events: try events(database))
  }

  /// Which store a database is, and which life of it.
  package static func identity(_ path: String) throws(SQLiteError) -> StoreIdentity {
    try identity(Database(path: path, configuration: .evidence()))
  }

  private static func identity(_ database: Database) throws(SQLiteError) -> StoreIdentity {
    let id = try meta("store_uuid", database)
    return StoreIdentity(
      id: StoreID(id.span) ?? StoreID(high: 0, low: 0),
      incarnation: number(try meta("incarnation", database)))
  }

  /// Begins another life of the store in this database: with a greater incarnation, by which collectors
  /// learn that what was acknowledged before may be missing (RELIABILITY A9).
  package static func begin(
    incarnation: UInt64, in path: String
  ) throws(SQLiteError) {
    let database = try Database(
      path: path, configuration: .owner(exclusively: false, cacheKiB: 512))
    var writer = ByteWriter()
    writer.append(littleEndian: incarnation)
    let bytes = writer.bytes
    try database.transaction { () throws(SQLiteError) in
      try database.withStatement("UPDATE meta SET value = ? WHERE key = 'incarnation'") {
        statement throws(SQLiteError) in
        statement.bind(1, copying: bytes.span)
        try statement.run()
      }
    }
    _ = try database.checkpoint(.truncate)
  }

  private static func meta(_ key: String, _ database: Database) throws(SQLiteError) -> [UInt8] {
    try database.withStatement("SELECT value FROM meta WHERE key = ?") {
      statement throws(SQLiteError) in
      statement.bind(1, key)
      return try statement.step() ? statement.blob(0) : []
    }
  }

  private static func number(_ bytes: [UInt8]) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func packs(_ database: Database) throws(SQLiteError) -> Set<UInt64> {
    try database.withStatement("SELECT number FROM pack") { statement throws(SQLiteError) in
      var packs: Set<UInt64> = []
      while try statement.step() { packs.insert(UInt64(bitPattern: statement.int64(0))) }
      return packs
    }
  }

  private static func events(_ database: Database) throws(SQLiteError) -> Int {
    var events = Int(try database.integer("SELECT coalesce(sum(rows), 0) FROM pack") ?? 0)
    try database.withStatement("SELECT rows, duplicates, rejected FROM hot_batch") {
      statement throws(SQLiteError) in
      while try statement.step() {
        let rows = statement.int(0)
        guard (0...1_000_000).contains(rows) else { continue }
        let dropped = RowSet(stored: statement.blob(1), rows: rows)
          .union(RowSet(stored: statement.blob(2), rows: rows))
        events += rows - dropped.count
      }
    }
    return events
  }
}

extension Store {
  /// What must not be unlinked at the moment.
  package var packPins: PackPins { writer.packs.pins }
}
