private import CSQLite

/// A prepared statement of a `Database`, lent by `withStatement`: it is not kept beyond that.
///
/// Parameters count from 1, columns from 0, as SQLite has it.
@safe package struct Statement {
  // SAFETY: the statement belongs to a `Database`, which lends it to the closure of `withStatement`
  // only, and finalises it when it closes.
  private let handle: OpaquePointer

  @unsafe init(adopting handle: OpaquePointer) { unsafe self.handle = handle }

  // MARK: Parameters

  @inline(__always)
  package func bind(_ index: Int32, _ value: Int64) {
    check(unsafe sqlite3_bind_int64(handle, index, value))
  }

  @inline(__always)
  package func bind(_ index: Int32, _ value: Int) { bind(index, Int64(value)) }

  package func bind(_ index: Int32, _ text: String) {
    var text = text
    text.withUTF8 { utf8 in
      // SAFETY: SQLite copies the bytes before it returns. Empty text has an address in Swift.
      check(
        unsafe csqlite_bind_copied_text(
          handle, index, UnsafeRawPointer(utf8.baseAddress)?.assumingMemoryBound(to: CChar.self),
          CInt(utf8.count)))
    }
  }

  /// Binds a copy of the bytes.
  package func bind(_ index: Int32, copying blob: Span<UInt8>) {
    // SAFETY: SQLite copies the bytes before it returns.
    check(
      unsafe blob.withUnsafeBytes {
        unsafe csqlite_bind_copied_blob(handle, index, $0.baseAddress, Int64($0.count))
      })
  }

  package func bindNull(_ index: Int32) { check(unsafe sqlite3_bind_null(handle, index)) }

  /// Runs a statement that answers nothing, reading a large blob where it lies.
  package func run(lending blob: Span<UInt8>, as index: Int32) throws(SQLiteError) {
    // SAFETY: the bytes stay until the closure returns, and before that the parameter is replaced.
    let result = unsafe blob.withUnsafeBytes { bytes in
      check(unsafe csqlite_bind_lent_blob(handle, index, bytes.baseAddress, Int64(bytes.count)))
      let result = unsafe sqlite3_step(handle)
      unsafe sqlite3_reset(handle)
      unsafe sqlite3_bind_null(handle, index)
      return result
    }
    guard result == SQLITE_DONE else { throw failure(result) }
  }

  // MARK: Running

  /// Goes to the next row; false when there is none.
  @inline(__always)
  package func step() throws(SQLiteError) -> Bool {
    let result = unsafe sqlite3_step(handle)
    if result == SQLITE_ROW { return true }
    guard result == SQLITE_DONE else { throw failure(result) }
    return false
  }

  /// Runs a statement whose rows, if any, are of no interest.
  @inline(__always)
  package func run() throws(SQLiteError) { while try step() {} }

  // MARK: Columns

  @inline(__always)
  package func int64(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

  @inline(__always)
  package func int(_ column: Int32) -> Int { Int(int64(column)) }

  package func isNull(_ column: Int32) -> Bool {
    unsafe sqlite3_column_type(handle, column) == SQLITE_NULL
  }

  /// Text, with what is no UTF-8 repaired; NULL is empty.
  package func text(_ column: Int32) -> String {
    guard let bytes = unsafe sqlite3_column_text(handle, column) else { return "" }
    // SAFETY: SQLite ends the text with a zero, and it stays until the next step.
    return unsafe String(cString: bytes)
  }

  /// Lends the bytes of a blob where SQLite keeps them.
  package func withBlob<R>(_ column: Int32, _ body: (Span<UInt8>) -> R) -> R {
    let bytes = unsafe sqlite3_column_blob(handle, column)
    let count = Int(unsafe sqlite3_column_bytes(handle, column))
    // SAFETY: the bytes stay until the next step or reset, which the closure cannot reach.
    let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count)
    return unsafe body(buffer.bindMemory(to: UInt8.self).span)
  }

  /// A copy of a blob; NULL is empty.
  package func blob(_ column: Int32) -> [UInt8] {
    let bytes = unsafe sqlite3_column_blob(handle, column)
    let count = Int(unsafe sqlite3_column_bytes(handle, column))
    // SAFETY: as above; the array copies before the next step.
    return unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
  }

  // MARK: Ending

  @inline(__always)
  func reset() { unsafe sqlite3_reset(handle) }

  func finalize() { unsafe sqlite3_finalize(handle) }

  private func failure(_ code: Int32) -> SQLiteError {
    let database = unsafe sqlite3_db_handle(handle)
    let extended = unsafe sqlite3_extended_errcode(database)
    let message = unsafe String(cString: sqlite3_errmsg(database))
    let sql = unsafe sqlite3_sql(handle).map { unsafe String(cString: $0) } ?? ""
    return SQLiteError(
      code: extended & 0xFF == code & 0xFF ? extended : code, message: message, subject: sql)
  }

  /// Binding fails only for a wrong index or at 2 GiB: mistakes of ours.
  @inline(__always)
  private func check(_ result: Int32) {
    precondition(result == SQLITE_OK, "a parameter could not be bound")
  }
}
