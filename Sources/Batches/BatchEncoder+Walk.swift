import Columns
import Events

extension BatchEncoder {
  /// An object whose members are being read.
  private struct Frame {
    var end = 0
    var parent: UInt32 = 0
  }

  /// Walks `props` or `ctx`, logs where each value stands, and answers the last node of the shape.
  mutating func walk(
    _ object: Range<Int>, _ row: Int, from root: Int32, parent: UInt32, _ records: Span<UInt8>
  ) throws(BatchProblem) -> Int32 {
    var frames = InlineArray<16, Frame>(repeating: Frame())
    var depth = 0
    var node = root
    var parent = parent
    var end = object.upperBound
    // Behind the tag and the length, both of which the record's view has checked.
    var position = object.lowerBound &+ 5
    while true {
      while position == end {
        guard depth > 0 else { return node }
        depth &-= 1
        end = frames[depth].end
        parent = frames[depth].parent
      }
      guard let keyCount = varint(records, &position, end: end),
        keyCount < UInt64(end &- position)  // The tag behind the key is inside, too.
      else { throw .badRecord(row) }
      let key = TextPlace(offset: position, count: Int(keyCount))
      position &+= Int(keyCount)
      let start = position
      guard let kind = FieldKind(tag: records[start]) else { throw .badRecord(row) }
      position &+= 1
      if let likely = tree.guess(
        from: node, parent: parent, kind: kind, key: key, fields: fields, in: records)
      {
        node = likely
      } else {
        node = tree.step(
          from: node, to: field(key, kind: kind, parent: parent, records))
      }
      let field = tree.field(of: node)
      if kind.hasValues {
        loggedFields.append(field)
        loggedValues.append(UInt64(row) &<< 32 | UInt64(start))
      }
      switch kind {
      case .null, .bool: break
      case .integer:
        guard varint(records, &position, end: end) != nil else { throw .badRecord(row) }
      case .double:
        guard end &- position >= 8, Self.isFinite(word(records, at: position)) else {
          throw .badRecord(row)
        }
        position &+= 8
      case .string:
        guard let count = varint(records, &position, end: end), count <= UInt64(end &- position)
        else { throw .badRecord(row) }
        position &+= Int(count)
      case .array, .object:
        guard end &- position >= 4 else { throw .badRecord(row) }
        let count = Int(halfWord(records, at: position))
        position &+= 4
        guard count <= end &- position else { throw .badRecord(row) }
        if kind == .array {
          position &+= count
        } else {
          guard depth < EventLimits.propertiesDepth - 1 else { throw .badRecord(row) }
          frames[depth] = Frame(end: end, parent: parent)
          depth &+= 1
          end = position &+ count
          parent = field &+ Field.base
        }
      }
    }
  }

  @inline(__always)
  static func isFinite(_ pattern: UInt64) -> Bool { pattern &>> 52 & 0x7FF != 0x7FF }

  /// The number of a field that no likely node had: found by its path and kind, or new.
  private mutating func field(
    _ key: TextPlace, kind: FieldKind, parent: UInt32, _ records: Span<UInt8>
  ) -> UInt32 {
    let next = UInt32(fields.count)
    let number = interner.code(of: key, column: Space.keys(parent, kind), next: next, in: records)
    if number == next { fields.append(Field(parent: parent, kind: kind, key: key, after: fields)) }
    return number
  }
}
