private import CSQLite

extension Database {
  /// Runs `body` while this connection sees the database as it is now, whatever others commit. They are
  /// not held up; only their checkpoints cannot reach behind this moment for as long.
  package func withSnapshot<R>(_ body: () throws(SQLiteError) -> R) throws(SQLiteError) -> R {
    try execute("BEGIN")
    defer { if isInTransaction { try? execute("ROLLBACK") } }  // It has only read.
    // A transaction begins with its first look.
    _ = try integer("SELECT count(*) FROM sqlite_schema")
    return try body()
  }

  /// Copies the database, page by page, into a file that did not exist. Inside `withSnapshot` it is a
  /// copy of that moment. Between steps `goOn` is asked, which may also take its time; false gives the
  /// copy up, and is the answer. The bytes still have to be synced by whoever wanted them.
  package func copy(
    to path: String, pagesPerStep: Int32 = 512, goOn: () -> Bool = { true }
  ) throws(SQLiteError) -> Bool {
    var opened: OpaquePointer?
    // SAFETY: the text outlives the call, and `opened` is null or a handle of ours.
    let result = unsafe sqlite3_open_v2(
      path, &opened,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    defer { unsafe sqlite3_close_v2(opened) }
    guard let target = unsafe opened, result == SQLITE_OK else {
      throw SQLiteError(
        code: result, message: unsafe String(cString: sqlite3_errstr(result)),
        subject: "open \(path)")
    }
    func targetFailure(_ code: Int32) -> SQLiteError {
      SQLiteError(
        code: code, message: unsafe String(cString: sqlite3_errmsg(target)),
        subject: "copy to \(path)")
    }
    // A copy that a crash cuts short is never looked at: it needs neither a journal nor a sync by
    // SQLite's own plan.
    let prepared = unsafe sqlite3_exec(
      target, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", nil, nil, nil)
    guard prepared == SQLITE_OK else { throw targetFailure(prepared) }
    return try unsafe withHandle { handle throws(SQLiteError) in
      // SAFETY: both connections outlive the copy, which is finished below in every case.
      guard let copy = unsafe sqlite3_backup_init(target, "main", handle, "main") else {
        throw targetFailure(unsafe sqlite3_extended_errcode(target))
      }
      while true {
        let step = unsafe sqlite3_backup_step(copy, pagesPerStep)
        if step == SQLITE_OK, goOn() { continue }
        let end = unsafe sqlite3_backup_finish(copy)
        if step == SQLITE_OK { return false }
        guard step == SQLITE_DONE, end == SQLITE_OK else {
          throw targetFailure(step == SQLITE_DONE ? end : step)
        }
        return true
      }
    }
  }
}
