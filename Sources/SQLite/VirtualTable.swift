private import CSQLite

/// A table whose rows are made while they are read. It is known to one connection, by its thread alone,
/// and cannot be written.
package protocol VirtualTable: AnyObject {
  /// Its columns, as `CREATE TABLE` has them between the parentheses.
  var columns: String { get }

  /// Says which of these constraints a reading would profit from, and what it costs then. SQLite checks
  /// every row against all of them again: to show too many rows is slow and never wrong.
  func plan(for constraints: [TableConstraint]) -> TablePlan

  /// Begins a reading within the bounds that a plan chose, of nothing but these columns.
  func rows(within bounds: [TableBound], columns: TableColumns) throws -> any TableRows
}

/// A reading of a virtual table: one row after another.
package protocol TableRows: AnyObject {
  var isAtEnd: Bool { get }
  /// Counts the rows of this reading.
  var number: Int64 { get }
  func next() throws
  func write(column: Int, to value: TableValue) throws
}

/// What a statement asks of a column's values: compared by their bytes, or as numbers.
package struct TableConstraint: Equatable, Sendable {
  package enum Comparison: Sendable {
    case equal, less, lessOrEqual, greater, greaterOrEqual
  }

  package let column: Int
  package let comparison: Comparison

  package init(column: Int, _ comparison: Comparison) {
    self.column = column
    self.comparison = comparison
  }
}

package struct TableBound: Equatable, Sendable {
  package let constraint: TableConstraint
  package let value: SQLiteValue

  package init(_ constraint: TableConstraint, _ value: SQLiteValue) {
    self.constraint = constraint
    self.value = value
  }
}

/// How a table would be read.
package struct TablePlan: Equatable, Sendable {
  /// The places of the constraints that bound it.
  package var chosen: [Int]
  package var rows: Int
  package var cost: Double

  package init(choosing chosen: [Int], rows: Int, cost: Double) {
    self.chosen = chosen
    self.rows = rows
    self.cost = cost
  }
}

/// The columns that a statement reads. The 64th bit stands for it and all behind it.
package struct TableColumns: Equatable, Sendable {
  private let bits: UInt64

  init(bits: UInt64) { self.bits = bits }

  package static let all = TableColumns(bits: .max)

  package func contains(_ column: Int) -> Bool { bits & (1 << UInt64(min(column, 63))) != 0 }
}

/// A value as SQLite has it.
package enum SQLiteValue: Equatable, Sendable {
  case null
  case integer(Int64)
  case double(Double)
  case text(String)
  case blob([UInt8])

  @unsafe init(_ value: OpaquePointer?) {
    switch unsafe sqlite3_value_type(value) {
    case SQLITE_INTEGER: self = .integer(unsafe sqlite3_value_int64(value))
    case SQLITE_FLOAT: self = .double(unsafe sqlite3_value_double(value))
    case SQLITE_TEXT:
      // The text first: asking for it may convert the value, and change how long it is.
      let bytes = unsafe UnsafeRawPointer(sqlite3_value_text(value))
      let count = Int(unsafe sqlite3_value_bytes(value))
      self = .text(
        unsafe String(
          decoding: UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count),
          as: UTF8.self))
    case SQLITE_BLOB:
      let bytes = unsafe sqlite3_value_blob(value)
      let count = Int(unsafe sqlite3_value_bytes(value))
      self = .blob(
        unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count)))
    default: self = .null
    }
  }
}

/// Where a row puts the value of a column. What puts nothing there answers NULL.
@safe package struct TableValue {
  // SAFETY: SQLite's, and lent for the one call that fills it.
  private let context: OpaquePointer

  @unsafe init(_ context: OpaquePointer) { unsafe self.context = context }

  package func set(_ value: Int64) { unsafe sqlite3_result_int64(context, value) }

  package func set(_ text: Span<UInt8>) {
    // SAFETY: SQLite copies the bytes before it returns.
    unsafe text.withUnsafeBytes {
      unsafe csqlite_answer_text(context, $0.baseAddress, Int64($0.count))
    }
  }

  package func set(_ text: String) {
    var text = text
    text.withUTF8 { utf8 in
      // SAFETY: as above.
      unsafe csqlite_answer_text(context, utf8.baseAddress, Int64(utf8.count))
    }
  }
}
