private import CSQLite

/// Runs statements that somebody else wrote, over virtual tables and nothing else: no file, no writing,
/// no other database, and no more memory and time than it is given.
///
/// For one thread: hence not `Sendable`.
@safe package final class Console {
  // SAFETY: the handle is opened in `init`, closed once in `deinit`, and used between by one thread,
  // which the missing `Sendable` makes the compiler check.
  private let handle: OpaquePointer
  private let watch: Watch
  private let tables: [HeldTable]

  package static let maximumStatementBytes = 64 << 10
  /// Of one value, a text or a row.
  package static let maximumValueBytes = 16 << 20
  package static let maximumColumns = 200

  /// What the handlers of the connection look at.
  private final class Watch {
    let memoryBytes: Int64
    let usedBefore: Int64
    let check: () throws -> Void
    var mostUsed: Int64 = 0
    var refusal: String?
    var failure: (any Error)?

    init(memoryBytes: Int, check: @escaping () throws -> Void) {
      self.memoryBytes = Int64(memoryBytes)
      self.usedBefore = sqlite3_memory_used()
      self.check = check
    }
  }

  /// `check` is asked again and again while a statement runs; what it throws ends the statement.
  package init(
    over tables: [String: any VirtualTable], memoryBytes: Int, check: @escaping () throws -> Void
  ) throws(SQLiteError) {
    var opened: OpaquePointer?
    let result = unsafe sqlite3_open_v2(
      ":memory:", &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    guard let opened = unsafe opened, result == SQLITE_OK else {
      unsafe sqlite3_close_v2(opened)
      throw SQLiteError(code: result, message: "cannot be opened", subject: "console")
    }
    unsafe handle = opened
    watch = Watch(memoryBytes: memoryBytes, check: check)
    self.tables = tables.values.map { HeldTable($0) }
    for (name, held) in zip(tables.keys, self.tables) {
      try expect(unsafe held.register(as: name, with: handle), name)
    }
    // The first look at a table declares its columns, which nobody may do later.
    for name in tables.keys + ["json_each('[]')", "json_tree('[]')"] {
      try expect(unsafe sqlite3_exec(handle, "SELECT 1 FROM \(name) LIMIT 0", nil, nil, nil), name)
    }
    bound()
    guardAccess()
    watchProgress()
  }

  deinit { unsafe sqlite3_close_v2(handle) }

  private func expect(_ result: Int32, _ table: String) throws(SQLiteError) {
    if result == SQLITE_OK { return }
    throw SQLiteError(
      code: result, message: unsafe String(cString: sqlite3_errmsg(handle)), subject: table)
  }

  /// Runs one statement: first its columns are told, then row by row, until `row` has enough.
  package func run(
    _ sql: String, columns: ([String]) -> Void, row: (ConsoleRow) -> Bool
  ) throws(ConsoleProblem) {
    guard sql.utf8.count <= Self.maximumStatementBytes else {
      throw .statement("a statement may have \(Self.maximumStatementBytes) bytes", at: nil)
    }
    // SQLite would read up to the first one, and leave the rest.
    guard !sql.utf8.contains(0) else { throw .statement("a zero byte in the statement", at: nil) }
    let statement = unsafe try prepare(sql)
    defer { unsafe sqlite3_finalize(statement) }
    let count = unsafe sqlite3_column_count(statement)
    columns(
      (0..<count).map { column in
        unsafe sqlite3_column_name(statement, column).map { unsafe String(cString: $0) } ?? ""
      })
    while true {
      switch unsafe sqlite3_step(statement) {
      case SQLITE_ROW:
        if !row(unsafe ConsoleRow(statement, count: Int(count))) { return }
      case SQLITE_DONE: return
      case let code: throw problem(code)
      }
    }
  }

  @unsafe private func prepare(_ sql: String) throws(ConsoleProblem) -> OpaquePointer {
    watch.refusal = nil
    var statement: OpaquePointer?
    var rest = 0
    var sql = sql
    // SAFETY: the text outlives the call, which copies what it needs, and says where it has ended.
    let result = sql.withUTF8 { utf8 in
      let text = unsafe UnsafeRawPointer(utf8.baseAddress)?.assumingMemoryBound(to: CChar.self)
      var tail: UnsafePointer<CChar>?
      let result = unsafe sqlite3_prepare_v3(
        handle, text, Int32(utf8.count), 0, &statement, &tail)
      if let text = unsafe text, let tail = unsafe tail { rest = unsafe tail - text }
      return result
    }
    guard result == SQLITE_OK else { throw problem(result) }
    guard let statement = unsafe statement else { throw .statement("no statement", at: nil) }
    // What follows has to be nothing: spaces, comments. SQLite knows what is one.
    let tail = String(decoding: Array(sql.utf8).dropFirst(rest), as: UTF8.self)
    if unsafe sqlite3_stmt_readonly(statement) == 0 || hasStatement(tail) {
      unsafe sqlite3_finalize(statement)
      throw .statement("one statement that reads, and no more", at: nil)
    }
    return unsafe statement
  }

  private func hasStatement(_ text: String) -> Bool {
    var statement: OpaquePointer?
    let result = unsafe sqlite3_prepare_v3(handle, text, -1, 0, &statement, nil)
    defer { unsafe sqlite3_finalize(statement) }
    return unsafe result != SQLITE_OK || statement != nil
  }

  private func problem(_ code: Int32) -> ConsoleProblem {
    if let failure = watch.failure ?? tables.lazy.compactMap(\.failure).first {
      return .failed(failure)
    }
    switch code & 0xFF {
    case SQLITE_INTERRUPT: return .overBudget(bytes: Int(watch.mostUsed))
    case SQLITE_NOMEM: return .overBudget(bytes: Int(watch.memoryBytes))
    case SQLITE_AUTH:
      return .statement(watch.refusal ?? "not allowed", at: nil)
    default:
      let place = unsafe sqlite3_error_offset(handle)
      return .statement(
        unsafe String(cString: sqlite3_errmsg(handle)), at: place < 0 ? nil : Int(place))
    }
  }

  // MARK: What it may not do

  private func bound() {
    for (limit, value) in [
      (SQLITE_LIMIT_LENGTH, Self.maximumValueBytes),
      (SQLITE_LIMIT_SQL_LENGTH, Self.maximumStatementBytes),
      (SQLITE_LIMIT_COLUMN, Self.maximumColumns), (SQLITE_LIMIT_EXPR_DEPTH, 200),
      (SQLITE_LIMIT_COMPOUND_SELECT, 50), (SQLITE_LIMIT_VDBE_OP, 1_000_000),
      (SQLITE_LIMIT_ATTACHED, 0), (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 256),
      (SQLITE_LIMIT_TRIGGER_DEPTH, 1), (SQLITE_LIMIT_WORKER_THREADS, 0),
    ] { unsafe sqlite3_limit(handle, limit, Int32(value)) }
    unsafe csqlite_configure(handle, SQLITE_DBCONFIG_DEFENSIVE, 1)
    // What is sorted and grouped stays in memory, whose amount is watched: no file of SQLite's own.
    unsafe sqlite3_exec(
      handle, "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF", nil, nil, nil)
  }

  private func guardAccess() {
    // SAFETY: the watch lives as long as the connection.
    unsafe sqlite3_set_authorizer(
      handle,
      { context, action, first, _, _, _ in
        let watch = unsafe Unmanaged<Watch>.fromOpaque(context!).takeUnretainedValue()
        switch action {
        case SQLITE_SELECT, SQLITE_FUNCTION, SQLITE_RECURSIVE: return SQLITE_OK
        case SQLITE_READ:
          let table = unsafe first.map { unsafe String(cString: $0) } ?? ""
          if !Console.isPrivate(table) { return SQLITE_OK }
          watch.refusal = "the table \(table) is not for reading"
        default: watch.refusal = "one statement that reads, and no more"
        }
        return SQLITE_DENY
      }, Unmanaged.passUnretained(watch).toOpaque())
  }

  /// What there is beside our tables in a connection without files: SQLite's own, which tell of it.
  private static func isPrivate(_ table: String) -> Bool {
    let name = table.lowercased()
    return ["sqlite_", "pragma_"].contains { name.hasPrefix($0) }
      || ["dbstat", "bytecode", "tables_used"].contains(name)
  }

  private func watchProgress() {
    // SAFETY: as above.
    unsafe sqlite3_progress_handler(
      handle, 1_000,
      { context in
        let watch = unsafe Unmanaged<Watch>.fromOpaque(context!).takeUnretainedValue()
        do { try watch.check() } catch {
          watch.failure = error
          return 1
        }
        let used = sqlite3_memory_used() - watch.usedBefore
        watch.mostUsed = max(watch.mostUsed, used)
        return used > watch.memoryBytes ? 1 : 0
      }, Unmanaged.passUnretained(watch).toOpaque())
  }
}

/// A row of an answer, lent for as long as it stands.
@safe package struct ConsoleRow {
  private let statement: OpaquePointer
  package let count: Int

  @unsafe init(_ statement: OpaquePointer, count: Int) {
    unsafe self.statement = statement
    self.count = count
  }

  package subscript(column: Int) -> SQLiteValue {
    let place = Int32(column)
    switch unsafe sqlite3_column_type(statement, place) {
    case SQLITE_INTEGER: return .integer(unsafe sqlite3_column_int64(statement, place))
    case SQLITE_FLOAT: return .double(unsafe sqlite3_column_double(statement, place))
    case SQLITE_TEXT:
      // SAFETY: the bytes stay until the next step; they are copied here.
      let bytes = unsafe UnsafeRawPointer(sqlite3_column_text(statement, place))
      return .text(String(decoding: unsafe copy(bytes, place), as: UTF8.self))
    case SQLITE_BLOB:
      return .blob(unsafe copy(sqlite3_column_blob(statement, place), place))
    default: return .null
    }
  }

  @unsafe private func copy(_ bytes: UnsafeRawPointer?, _ place: Int32) -> [UInt8] {
    let count = Int(unsafe sqlite3_column_bytes(statement, place))
    return unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
  }
}

/// Why a statement has no answer.
package enum ConsoleProblem: Error {
  /// The statement itself, in words for whoever wrote it, and the byte where it goes wrong.
  case statement(String, at: Int?)
  case overBudget(bytes: Int)
  /// Something that a table or the check threw.
  case failed(any Error)
}
