package import Events

/// What a row is besides whose and when: its name, its kind, and how its time and id came about. A
/// section numbers the heads that it has, the most frequent first; a row carries that number.
package struct EventHead: Hashable, Sendable {
  package let name: String
  package let kind: EventKind
  package let flags: EventRecord.Flags

  /// The flags that belong to the head; the others say which ids a row has, and its columns say that.
  package static let flags: EventRecord.Flags = [.interactive, .ctsIsReceipt, .idIsMinted]

  package init(name: String, kind: EventKind, flags: EventRecord.Flags) {
    self.name = name
    self.kind = kind
    self.flags = flags.intersection(Self.flags)
  }

  /// A page or a screen.
  package var isView: Bool { kind == .page || kind == .screen }
  /// Something that somebody did and that is no view.
  package var isAct: Bool { kind == .custom && flags.contains(.interactive) }

  /// Names are the same when their bytes are: a letter that is written in two ways is two letters.
  package static func == (left: Self, right: Self) -> Bool {
    left.kind == right.kind && left.flags == right.flags
      && left.name.utf8.elementsEqual(right.name.utf8)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(flags)
    for byte in name.utf8 { hasher.combine(byte) }
  }
}
