/// Who an event is by: its profile, else its device, else the visitor that intake told by the day.
/// Joins make several of these one person; two kinds of ids are never the same id.
package struct PersonID: Sendable {
  package enum Kind: UInt8, CaseIterable, Sendable { case profile, device, visitor }

  package let kind: Kind
  package let text: String

  package init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }

  package static func profile(_ text: String) -> PersonID { PersonID(.profile, text) }
  package static func device(_ text: String) -> PersonID { PersonID(.device, text) }
  package static func visitor(_ text: String) -> PersonID { PersonID(.visitor, text) }
}

extension PersonID: Hashable, Comparable {
  package static func == (left: Self, right: Self) -> Bool {
    left.kind == right.kind && left.text.utf8.elementsEqual(right.text.utf8)
  }

  package static func < (left: Self, right: Self) -> Bool {
    left.kind == right.kind
      ? left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
      : left.kind.rawValue < right.kind.rawValue
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    for byte in text.utf8 { hasher.combine(byte) }
  }
}
