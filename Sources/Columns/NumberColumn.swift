// A column of integers or doubles. A column without values is not written.
//
//   u8        mode: 0 direct, 1 carried
//   carried   a bit column: 1 = the same number as the last one of the same group (person)
//   numbers   all, or in mode 1 those that are not carried: `IntegerColumn` or `DecimalColumn`

/// Numbers, each as the 64 bits that it is.
package enum NumberColumn {
  package enum Content: Sendable { case integers, doubles }

  package static func encode(
    _ values: [UInt64], groups: Span<UInt32>, content: Content, carry: inout Carry,
    into writer: inout ColumnWriter
  ) {
    var isCarried: [Bool] = []
    isCarried.reserveCapacity(values.count)
    var changes: [UInt64] = []
    changes.reserveCapacity(values.count)
    carry.start(groups: carry.groupCount)
    for index in groups.indices {
      let value = values[index]
      let same = carry[groups[index]] == value
      isCarried.append(same)
      if !same {
        changes.append(value)
        carry.set(value, of: groups[index])
      }
    }
    // A hit saves a byte or more and every value pays a bit.
    let isWorthIt = (values.count - changes.count) * 4 > values.count
    writer.codes.append(isWorthIt ? 1 : 0)
    if isWorthIt { BitColumn.encode(isCarried, into: &writer) }
    let numbers = isWorthIt ? changes : values
    switch content {
    case .integers: IntegerColumn.encode(numbers.map { Int64(bitPattern: $0) }, into: &writer)
    case .doubles: DecimalColumn.encode(numbers, into: &writer)
    }
  }

  package static func decode(
    groups: Span<UInt32>, content: Content, carry: inout Carry, from reader: inout ColumnReader,
    _ bytes: Span<UInt8>
  ) throws(ColumnProblem) -> [UInt64] {
    let start = reader.codes.position
    let mode = try reader.codes.byte(bytes)
    switch mode {
    case 0: return try numbers(groups.count, content, from: &reader, bytes)
    case 1:
      let isCarried = try BitColumn.decode(groups.count, from: &reader, bytes)
      let changes = try numbers(isCarried.count(where: { !$0 }), content, from: &reader, bytes)
      carry.start(groups: carry.groupCount)
      return try carry.join(isCarried, changes, groups: groups, at: start)
    default: throw .unknownMode(mode, at: start)
    }
  }

  private static func numbers(
    _ count: Int, _ content: Content, from reader: inout ColumnReader, _ bytes: Span<UInt8>
  ) throws(ColumnProblem) -> [UInt64] {
    switch content {
    case .integers:
      try IntegerColumn.decode(count, from: &reader, bytes).map { UInt64(bitPattern: $0) }
    case .doubles: try DecimalColumn.decode(count, from: &reader, bytes)
    }
  }
}
