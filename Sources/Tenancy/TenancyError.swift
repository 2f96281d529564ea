package import SQLite

/// Why a change to the tenancy was refused or could not be made. Nothing was changed.
package struct TenancyError: Error, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable {
    case unknownProject, unknownCredential, unknownCollector
    /// The name is somebody else's already.
    case taken
    /// The value is outside of what is allowed.
    case invalid
    /// The file is of a newer program; it has not been touched.
    case newerSchema
    /// A row makes no sense.
    case damaged
    /// SQLite failed; see `cause` for whether the program must stop.
    case storage
  }

  package let code: Code
  package let message: String
  package let cause: SQLiteError?

  init(_ code: Code, _ message: String, cause: SQLiteError? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  package var description: String {
    cause.map { "\(message): \($0)" } ?? message
  }
}
