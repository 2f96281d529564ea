private import CSQLite

/// Which SQLite runs here, and whether it still has the fault of the WAL.
package struct SQLiteVersion: Equatable, Sendable, CustomStringConvertible {
  /// As `sqlite3_libversion_number()` has it: 3.40.1 is 3,040,001.
  package let number: Int32

  package init(number: Int32) { self.number = number }

  package static var linked: SQLiteVersion { SQLiteVersion(number: sqlite3_libversion_number()) }

  package var description: String {
    "\(number / 1_000_000).\(number / 1_000 % 1_000).\(number % 1_000)"
  }

  /// From 3.7.0 on a WAL could be corrupted by two connections that write or checkpoint at the same
  /// instant; 3.51.3, 3.50.7 and 3.44.6 mended it. With an older library the file is safe only under
  /// the rule that every program of ours keeps anyway: one connection does all writes and all
  /// checkpoints.
  package var allowsSeveralWriters: Bool {
    number >= 3_051_003 || (3_050_007..<3_051_000).contains(number)
      || (3_044_006..<3_045_000).contains(number)
  }
}
