private import CSQLite

/// One connection, for the one thread or actor that opened it: hence not `Sendable`.
///
/// Statements are written as literals and prepared once; everything that goes wrong is a
/// `SQLiteError`. A connection that met an I/O error is abandoned, never closed.
@safe package final class Database {
  // SAFETY: the handle is opened in `init`, closed once in `deinit`, and used between by one thread,
  // which the missing `Sendable` makes the compiler check.
  private let handle: OpaquePointer
  private var statements: [Int: Statement] = [:]
  private var isAbandoned = false
  /// Pages in the WAL after the last commit of this connection.
  package private(set) var walPages = 0
  package let path: String

  package init(
    path: String, configuration: DatabaseConfiguration
  ) throws(SQLiteError) {
    var opened: OpaquePointer?
    let access =
      switch configuration.access {
      case .owner: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      case .reader: SQLITE_OPEN_READWRITE  // Opening read-only would need a writable -shm anyway.
      }
    // SAFETY: the strings outlive the call, and `opened` is null or a handle of ours.
    let result = unsafe sqlite3_open_v2(
      path, &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      configuration.fileSystem)
    guard let opened = unsafe opened, result == SQLITE_OK else {
      let message = unsafe String(cString: sqlite3_errstr(result))
      unsafe sqlite3_close_v2(opened)
      throw SQLiteError(code: result, message: message, subject: "open \(path)")
    }
    unsafe handle = opened
    self.path = path
    do throws(SQLiteError) {
      try configure(configuration)
    } catch {
      closeWithoutCheckpoint()
      throw error
    }
  }

  deinit {
    if isAbandoned { return }
    for statement in statements.values { statement.finalize() }
    unsafe sqlite3_close_v2(handle)
  }

  /// Lets go of the connection without closing it, since closing checkpoints: after an I/O error what
  /// the WAL holds must stay as it is for the next start to judge. The handle leaks on purpose.
  package func abandon() { isAbandoned = true }

  /// Lets the connection close, when it goes, without copying its log into the database.
  package func closeWithoutCheckpoint() {
    unsafe csqlite_configure(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
  }

  /// Runs `body` with `sql` prepared, and leaves the statement reset whatever happens.
  @inline(__always)
  package func withStatement<R>(
    _ sql: StaticString, _ body: (Statement) throws(SQLiteError) -> R
  ) throws(SQLiteError) -> R {
    let statement = try cached(sql)
    defer { statement.reset() }
    return try body(statement)
  }

  /// Runs one statement that answers nothing and takes nothing.
  package func execute(_ sql: StaticString) throws(SQLiteError) {
    try withStatement(sql) { statement throws(SQLiteError) in try statement.run() }
  }

  /// Runs text that is not a literal: schema steps and pragmas with values, never input.
  package func execute(script: String) throws(SQLiteError) {
    // SAFETY: the text outlives the call; no callback, no error text asked for.
    let result = unsafe sqlite3_exec(handle, script, nil, nil, nil)
    guard result == SQLITE_OK else { throw failure(result, script) }
  }

  /// The first column of the only row of a literal query, or nil where there is no row.
  package func integer(_ sql: StaticString) throws(SQLiteError) -> Int64? {
    try withStatement(sql) { statement throws(SQLiteError) in
      try statement.step() ? statement.int64(0) : nil
    }
  }

  /// Rows changed by the last statement that changed any.
  package var changes: Int { Int(unsafe sqlite3_changes64(handle)) }

  package var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

  /// Does all of `body` or none of it. It is on disk when this returns.
  package func transaction<R>(
    _ body: () throws(SQLiteError) -> R
  ) throws(SQLiteError) -> R {
    try execute("BEGIN IMMEDIATE")
    do throws(SQLiteError) {
      let result = try body()
      try execute("COMMIT")
      return result
    } catch {
      // SQLite has rolled back by itself after some errors; after the others this does it. Its own
      // failure adds nothing to the error that is on its way.
      if isInTransaction { try? execute("ROLLBACK") }
      throw error
    }
  }

  func failure(_ code: Int32, _ subject: String) -> SQLiteError {
    let extended = unsafe sqlite3_extended_errcode(handle)
    let message = unsafe String(cString: sqlite3_errmsg(handle))
    return SQLiteError(
      code: extended & 0xFF == code & 0xFF ? extended : code, message: message, subject: subject)
  }

  private func cached(_ sql: StaticString) throws(SQLiteError) -> Statement {
    // Literals only: the address says which, and the cache stays as small as the program.
    let key = Int(bitPattern: unsafe sql.utf8Start)
    if let statement = statements[key] { return statement }
    let statement = try prepare(sql.description)
    statements[key] = statement
    return statement
  }

  private func prepare(_ sql: String) throws(SQLiteError) -> Statement {
    var prepared: OpaquePointer?
    // SAFETY: the text outlives the call, which copies what it needs.
    let result = unsafe sqlite3_prepare_v3(
      handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
    guard result == SQLITE_OK, let prepared = unsafe prepared else { throw failure(result, sql) }
    return unsafe Statement(adopting: prepared)
  }

  private func configure(_ configuration: DatabaseConfiguration) throws(SQLiteError) {
    if case .reader = configuration.access { closeWithoutCheckpoint() }
    unsafe csqlite_configure(handle, SQLITE_DBCONFIG_DEFENSIVE, 1)
    for pragma in configuration.pragmas {
      try execute(script: "PRAGMA \(pragma.name) = \(pragma.value)")
      // A pragma that answers nothing is one that this file system or build does not have.
      guard let answer = try read(pragma: pragma.name), answer != pragma.answer else { continue }
      throw SQLiteError(
        code: SQLITE_MISUSE, message: "is \(answer), not \(pragma.answer)",
        subject: "PRAGMA \(pragma.name)")
    }
    watchWAL()
  }

  /// What a pragma answers, as text.
  package func read(pragma name: String) throws(SQLiteError) -> String? {
    let statement = try prepare("PRAGMA \(name)")
    defer { statement.finalize() }
    return try statement.step() ? statement.text(0) : nil
  }

  private func watchWAL() {
    // SAFETY: the hook runs inside a commit of this connection, hence while `self` lives.
    unsafe sqlite3_wal_hook(
      handle,
      { context, _, _, pages in
        let database = unsafe Unmanaged<Database>.fromOpaque(context!).takeUnretainedValue()
        database.walPages = Int(pages)
        return SQLITE_OK
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  /// Copies what the WAL holds into the database; see `Checkpoint`.
  package func checkpoint(_ mode: Checkpoint.Mode) throws(SQLiteError) -> Checkpoint {
    var inLog: Int32 = 0
    var copied: Int32 = 0
    // SAFETY: both numbers live across the call; null means every attached database.
    let result = unsafe sqlite3_wal_checkpoint_v2(
      handle, nil, mode.rawValue, &inLog, &copied)
    guard result == SQLITE_OK || result == SQLITE_BUSY else {
      throw failure(result, "checkpoint \(mode)")
    }
    if mode == .truncate, result == SQLITE_OK { walPages = 0 }
    return Checkpoint(
      isComplete: result == SQLITE_OK && inLog == copied, pagesInWAL: Int(max(0, inLog)),
      pagesCopied: Int(max(0, copied)))
  }

  /// Lends the connection to what stands in another file of this target.
  func withHandle<R>(
    _ body: (OpaquePointer) throws(SQLiteError) -> R
  ) throws(SQLiteError) -> R {
    try unsafe body(handle)
  }

  /// Asks SQLite to give back the memory of its page cache.
  package func releaseMemory() { unsafe sqlite3_db_release_memory(handle) }
}

/// How far a checkpoint came.
package struct Checkpoint: Equatable, Sendable {
  package enum Mode: Int32, Sendable {
    /// Copies what it can without waiting for anybody.
    case passive = 0
    /// Copies everything and makes the WAL file empty.
    case truncate = 3
  }

  /// Every page of the WAL is in the database: the next commit starts the WAL anew.
  package let isComplete: Bool
  package let pagesInWAL: Int
  package let pagesCopied: Int
}
