/// A name inside the limits of the tracking plan. Code that holds one never checks again.
package struct EventName: Hashable, Sendable, CustomStringConvertible {
  package enum Problem: Error, Equatable { case empty, tooLong(utf8Count: Int), control(UInt8) }
  package static let maximumUTF8Count = 200
  package let text: String

  package init(_ text: String) throws(Problem) {
    let bytes = Array(text.utf8)
    if let problem = Self.problem(of: bytes.span) { throw problem }
    self.text = text
  }

  package var description: String { text }

  /// What is wrong with these bytes (UTF-8 already) as a name, if anything is.
  package static func problem(of bytes: Span<UInt8>) -> Problem? {
    guard !bytes.isEmpty else { return .empty }
    guard bytes.count <= maximumUTF8Count else { return .tooLong(utf8Count: bytes.count) }
    for index in bytes.indices where bytes[index] < 0x20 || bytes[index] == 0x7F {
      return .control(bytes[index])
    }
    return nil
  }
}
