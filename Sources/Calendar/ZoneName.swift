/// The name of a time zone as IANA writes it, `America/Argentina/Ushuaia`: safe as a path below the
/// folder of the zones. Whether there is such a zone is not known here.
package struct ZoneName: Hashable, Sendable, CustomStringConvertible {
  package static let maximumUTF8Count = 64
  /// Folders above the zone, and itself.
  static let maximumParts = 3

  package let text: String
  package var description: String { text }

  /// Nil where the text is no such name: parts of letters, digits, `_`, `+` and `-`, the first of
  /// which begins with a capital. What else lies in the folder (`localtime`, which is another zone
  /// on every machine, `right/`, `zone.tab`) is none.
  package init?(_ text: String) {
    let bytes = text.utf8
    guard bytes.count <= Self.maximumUTF8Count, let first = bytes.first,
      (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first)
    else { return nil }
    let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.count <= Self.maximumParts, parts.allSatisfy({ !$0.isEmpty }),
      parts.allSatisfy({ $0.allSatisfy(Self.isAllowed) })
    else { return nil }
    self.text = text
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
