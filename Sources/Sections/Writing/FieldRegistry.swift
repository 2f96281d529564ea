package import Batches

/// The fields of all events of a section, and the shapes that they come in: a shape is the sequence of
/// the fields of one object, objects before their own members, keys ascending by bytes in each.
struct FieldRegistry {
  /// The number of each shape's fields that have values.
  private(set) var valued: [[UInt32]] = []
  private(set) var shapes: [[UInt32]] = []
  private(set) var fields: [SectionField] = []
  private var numberOfField: [SectionField: UInt32] = [:]
  private var numberOfShape: [[UInt32]: UInt32] = [:]

  mutating func number(of field: SectionField) -> UInt32 {
    if let number = numberOfField[field] { return number }
    let number = UInt32(fields.count)
    fields.append(field)
    numberOfField[field] = number
    return number
  }

  mutating func number(of shape: [UInt32]) -> UInt32 {
    if let number = numberOfShape[shape] { return number }
    let number = UInt32(shapes.count)
    shapes.append(shape)
    valued.append(shape.filter { fields[Int($0)].kind.hasValues })
    numberOfShape[shape] = number
    return number
  }
}

/// One (path, kind) of `props` or `ctx`: the same key with another kind of value is another field.
package struct SectionField: Hashable, Sendable {
  /// 0 for a member of `props`, 1 of `ctx`, n + 2 for a member of the object that field n is.
  package let parent: UInt32
  package let kind: FieldKind
  /// The number of its text: in the pool when writing, among the section's keys when reading.
  package let key: UInt32

  package init(parent: UInt32, kind: FieldKind, key: UInt32) {
    self.parent = parent
    self.kind = kind
    self.key = key
  }

  package static let props: UInt32 = 0
  package static let ctx: UInt32 = 1
  /// What is added to a field's number where it is a parent.
  package static let base: UInt32 = 2
}
