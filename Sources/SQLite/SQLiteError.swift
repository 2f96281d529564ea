private import CSQLite

/// What SQLite answered when it could not do what it was asked, and what that means for the caller.
package struct SQLiteError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The extended result code, for instance `SQLITE_IOERR_FSYNC` (1034).
  package let code: Int32
  package let message: String
  /// The statement or the operation that failed.
  package let subject: String

  package init(code: Int32, message: String, subject: String) {
    self.code = code
    self.message = message
    self.subject = subject
  }

  package var description: String { "\(message) (\(code)) in: \(subject)" }

  /// The result code without its extension.
  package var primaryCode: Int32 { code & 0xFF }

  /// No room: the page limit of this database is reached, or the file system's. The transaction is
  /// undone, the database is sound, and a later attempt may succeed.
  package var isFull: Bool { primaryCode == SQLITE_FULL }

  /// Reading, writing or syncing failed. What the file holds now is unknown, and a second attempt
  /// may "succeed" without the data: Linux marks pages clean after a failed fsync.
  package var isIOError: Bool { primaryCode == SQLITE_IOERR }

  /// An I/O error that was a write's or a sync's: what it says of the disk is worse than what a read
  /// says of a place on it.
  package var isWriteFailure: Bool { csqlite_is_failed_write(code) != 0 }

  /// The file is damaged, or no database at all.
  package var isCorrupt: Bool { primaryCode == SQLITE_CORRUPT || primaryCode == SQLITE_NOTADB }

  package var isBusy: Bool { primaryCode == SQLITE_BUSY || primaryCode == SQLITE_LOCKED }

  /// A constraint of the schema refused the row.
  package var isConstraint: Bool { primaryCode == SQLITE_CONSTRAINT }

  /// Nothing may be written through this connection any more, and it must not be closed either:
  /// closing checkpoints.
  package var mustStop: Bool { !isFull && !isBusy && !isConstraint }
}
