/// The schema of a database as the steps that lead to it, oldest first. A released step is history:
/// append, never edit.
package struct Schema: Sendable {
  package enum Problem: Error, Equatable {
    /// The file was written by a newer program; it has not been touched.
    case newer(found: Int, known: Int)
    case failed(SQLiteError)
  }

  /// Scripts of one or several statements.
  package let steps: [String]

  package init(steps: [String]) { self.steps = steps }

  /// Brings the database up to date, each step in a transaction of its own, so that a crash between
  /// two of them is gone on from at the next start.
  package func migrate(_ database: Database) throws(Problem) {
    do throws(SQLiteError) {
      let applied = Int(try database.integer("PRAGMA user_version") ?? 0)
      guard applied <= steps.count else {
        throw SQLiteError(code: Self.newerCode, message: "\(applied)", subject: "")
      }
      for (version, step) in steps.enumerated().dropFirst(applied) {
        try database.transaction { () throws(SQLiteError) in
          try database.execute(script: step)
          try database.execute(script: "PRAGMA user_version = \(version + 1)")
        }
      }
    } catch {
      if error.code == Self.newerCode, let found = Int(error.message) {
        throw .newer(found: found, known: steps.count)
      }
      throw .failed(error)
    }
  }

  private static let newerCode: Int32 = -1
}
