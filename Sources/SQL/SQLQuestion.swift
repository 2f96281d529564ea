package import SQLite

/// A question in SQL, over the events of one project.
package struct SQLQuestion: Equatable, Sendable {
  package static let maximumStatementBytes = Console.maximumStatementBytes
  package static let rowBounds = 1...100_000
  package static let usualRows = 10_000

  package var statement: String
  package var rowLimit: Int

  package init(_ statement: String, rowLimit: Int = Self.usualRows) {
    self.statement = statement
    self.rowLimit = rowLimit
  }
}

/// Rows as the statement made them.
package struct SQLAnswer: Equatable, Sendable {
  /// Of all values together; what has more is cut, and says so.
  package static let maximumBytes = 32 << 20

  package enum Cut: String, Sendable {
    case rows, bytes
  }

  package internal(set) var columns: [String] = []
  package internal(set) var rows: [[SQLiteValue]] = []
  /// Why there are no more rows, where the statement had more to say.
  package internal(set) var cut: Cut?
  /// What could not be read and is not in the rows.
  package internal(set) var missing: [String] = []
}

/// What is wrong with a statement, in words for whoever wrote it.
package struct SQLProblem: Error, Equatable, Sendable {
  package let message: String
  /// The byte of the statement where it goes wrong, where that is known.
  package let place: Int?
}
