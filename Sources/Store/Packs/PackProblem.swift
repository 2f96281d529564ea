package import Platform

/// Why a pack cannot be read or written.
package enum PackProblem: Error, Equatable {
  case system(SystemError)
  /// Bytes of the file are not what was written; in words, what of it.
  case damaged(String)
  /// A later version of the program wrote it.
  case newer(version: UInt16)
  /// It belongs to another store.
  case foreign
  /// The catalogue is newer than it, and does not name it.
  case unnamed
}
