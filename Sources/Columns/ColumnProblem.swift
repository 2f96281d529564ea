/// Why bytes are not the columns they claim to be. `at` is an offset in the body.
package enum ColumnProblem: Error, Equatable, Sendable {
  /// A region of the body ends before the value does.
  case truncated(at: Int)
  /// A region holds more bytes than its columns need.
  case unread(at: Int)
  /// A number outside the range that its place allows, or spelled longer than needed.
  case badNumber(at: Int)
  /// A code that points to nothing, or dictionary entries that no code uses.
  case badCode(at: Int)
  /// Bits behind the last one that are not zero.
  case badPadding(at: Int)
  case invalidText(at: Int)
  case unknownMode(UInt8, at: Int)
  /// The decoded texts are longer than the batch says its events are.
  case tooLarge
}
