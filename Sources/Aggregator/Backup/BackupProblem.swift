import Platform
import SQLite

/// Why a backup was not made, or is not good, for people.
package enum BackupProblem: Error, Equatable, Sendable {
  /// What was named is no folder of backups, or there is no whole one in it.
  case noBackup(String)
  /// A file of a backup is missing, or is not what was written.
  case damaged([String])
  /// The folder holds backups of another store.
  case otherStore(String)
  /// Another process makes a backup in this folder, or uses the data folder.
  case locked(String)
  /// There is not enough room for it.
  case full(String)
  /// A file cannot be read or written.
  case disk(String)
  /// The program ends, and the backup with it.
  case stopped
  /// There is something where a restore would write.
  case notEmpty(String)
  /// The backup was made by a newer program.
  case newer(String)
  /// What was restored cannot be used.
  case unusable(String)

  init(_ error: SystemError) {
    self = error.isOutOfSpace ? .full("\(error)") : .disk("\(error)")
  }

  init(_ error: SQLiteError) { self = error.isFull ? .full("\(error)") : .disk("\(error)") }
}

extension BackupProblem {
  package var sentence: String {
    switch self {
    case .noBackup(let reason), .otherStore(let reason), .notEmpty(let reason),
      .newer(let reason), .unusable(let reason):
      reason
    case .damaged(let files):
      "the backup is damaged: " + files.prefix(10).joined(separator: "; ")
        + (files.count > 10 ? "; and \(files.count - 10) more" : "")
    case .locked(let reason): "not now: \(reason)"
    case .full(let reason): "there is no room for it: \(reason)"
    case .disk(let reason): reason
    case .stopped: "the aggregator was stopped before the backup was whole"
    }
  }

  /// A word for programs.
  package var code: String {
    switch self {
    case .noBackup: "no_backup"
    case .damaged: "damaged"
    case .otherStore: "other_store"
    case .locked: "locked"
    case .full: "disk_full"
    case .disk: "disk_failed"
    case .stopped: "stopped"
    case .notEmpty: "not_empty"
    case .newer: "newer_format"
    case .unusable: "unusable"
    }
  }
}

/// Runs a body that throws errors of files or databases as one that throws ours.
func asBackupProblem<R>(_ body: () throws -> R) throws(BackupProblem) -> R {
  do {
    return try body()
  } catch let problem as BackupProblem {
    throw problem
  } catch let error as SystemError {
    throw BackupProblem(error)
  } catch let error as SQLiteError {
    throw BackupProblem(error)
  } catch {
    throw .disk("\(error)")
  }
}
