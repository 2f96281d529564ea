/// The short name by which a project is known everywhere: `acme-web`, `proj_abc123`.
package struct ProjectID: Hashable, Sendable, CustomStringConvertible {
  package enum Problem: Error, Equatable { case empty, tooLong(utf8Count: Int), character(UInt8) }
  package static let maximumUTF8Count = 64
  package let text: String

  /// Lower-case letters, digits, `_` and `-`: it stands in paths, file names and metrics as it is.
  package init(_ text: String) throws(Problem) {
    let bytes = text.utf8
    guard !bytes.isEmpty else { throw .empty }
    guard bytes.count <= Self.maximumUTF8Count else { throw .tooLong(utf8Count: bytes.count) }
    if let bad = bytes.first(where: { !Self.isAllowed($0) }) { throw .character(bad) }
    self.text = text
  }

  package var description: String { text }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
