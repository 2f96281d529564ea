package import Platform

/// Why an import ended before everything was in.
package enum ImportFailure: Error, Equatable {
  /// An input cannot be read.
  case unreadable(SystemError)
  /// The state file, or the one for refused lines, cannot be written.
  case unwritable(SystemError)
  /// The state that was asked for is not there, or is none.
  case noState(String)
  /// Nobody answers where the aggregator should be.
  case unreachable(String)
  /// It was there, and has taken nothing for longer than the import's patience.
  case gaveUp(String)
  /// The key is not good for this.
  case forbidden(String)
  /// It answers, and will not take this however often it is sent.
  case refused(String)
  case mistake(String)
}
