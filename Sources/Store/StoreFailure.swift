package import Platform
package import SQLite

/// Why the store can no longer be written, and its program has to end.
package struct StoreFailure: Equatable, Sendable, CustomStringConvertible {
  package let description: String
  /// Another start would meet it again: a write or a sync failed, or the file is damaged. After the third
  /// of those within ten minutes nothing is taken in; a read that failed says less of the disk.
  package let isNoted: Bool

  package init(_ error: SQLiteError) {
    description = "\(error)"
    isNoted = error.isWriteFailure || error.isCorrupt
  }

  /// A file beside the database could not be written, synced or read.
  package init(_ error: SystemError) {
    description = "\(error)"
    isNoted = true
  }
}
