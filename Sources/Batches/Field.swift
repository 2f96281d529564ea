package import Columns
private import Events

/// What kind of value a field holds. `false` and `true` are one kind; an object is a field too, its
/// members are fields below it.
package enum FieldKind: UInt8, Sendable {
  case null = 0
  case bool = 1
  case integer = 3
  case double = 4
  case string = 5
  case array = 6
  case object = 7

  /// The kind that a tag of `Properties` begins.
  @inline(__always)
  init?(tag: UInt8) {
    self.init(rawValue: tag == Properties.Tag.true.rawValue ? 1 : tag)
  }

  /// Whether the field has a column: null and the braces of an object say all themselves.
  @inline(__always)
  package var hasValues: Bool { self != .null && self != .object }
}

/// One (path, kind) of `props` or `ctx`, and so one column. The same key with another kind of value is
/// another field: a type conflict is nothing special.
package struct Field: Sendable {
  /// 0 for a member of `props`, 1 of `ctx`, n + 2 for a member of the object that field n is.
  package let parent: UInt32
  package let kind: FieldKind
  /// Where the key stands: in the records when encoding, an entry of the arena when decoding.
  package internal(set) var key: TextPlace
  /// `props` or `ctx`, whichever it lies under.
  let root: UInt32
  /// How many objects it lies in: 1 for a member of `props` itself.
  let depth: Int

  static let props: UInt32 = 0
  static let ctx: UInt32 = 1
  /// What is added to a field's number where it is a parent.
  package static let base: UInt32 = 2

  /// `fields` are those before this one, its parent among them.
  init(parent: UInt32, kind: FieldKind, key: TextPlace, after fields: [Field]) {
    self.parent = parent
    self.kind = kind
    self.key = key
    if parent < Self.base {
      root = parent
      depth = 1
    } else {
      root = fields[Int(parent - Self.base)].root
      depth = fields[Int(parent - Self.base)].depth + 1
    }
  }
}
