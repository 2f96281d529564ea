import Columns
import Events

extension BatchEncoder {
  /// Writes the column of each field, in the order of their numbers.
  mutating func writeValues(
    _ people: People, _ records: Span<UInt8>
  ) throws(ColumnProblem) {
    let (values, ends) = sortedValues()
    var carry = Carry(groups: people.count)
    var groups: [UInt32] = []
    var start = 0
    for (number, field) in fields.enumerated() {
      let range = start..<ends[number]
      start = ends[number]
      guard field.kind.hasValues else { continue }
      groups.removeAll(keepingCapacity: true)
      for index in range { groups.append(people.ofRow[Int(values[index] &>> 32)]) }
      let places = values.span.extracting(range)
      switch field.kind {
      case .bool: BitColumn.encode(bools(places, records), into: &writer)
      case .integer, .double:
        NumberColumn.encode(
          numbers(places, field.kind, records), groups: groups.span,
          content: field.kind == .integer ? .integers : .doubles, carry: &carry, into: &writer)
      case .string, .array:
        try writeTexts(number, places, groups.span, &carry, records)
      case .null, .object: break
      }
    }
  }

  /// The logged values sorted by field, in the order of rows for each, and where each field ends.
  private func sortedValues() -> (values: [UInt64], ends: [Int]) {
    var places = [Int](repeating: 0, count: fields.count + 1)
    for field in loggedFields { places[Int(field) + 1] += 1 }
    for field in fields.indices { places[field + 1] += places[field] }
    let ends = Array(places.dropFirst())
    var sorted = [UInt64](repeating: 0, count: loggedValues.count)
    var output = sorted.mutableSpan
    for index in loggedFields.indices {
      let field = Int(loggedFields[index])
      output[places[field]] = loggedValues[index]
      places[field] &+= 1
    }
    return (sorted, ends)
  }

  private func bools(_ places: Span<UInt64>, _ records: Span<UInt8>) -> [Bool] {
    var bools: [Bool] = []
    bools.reserveCapacity(places.count)
    for index in places.indices {
      bools.append(records[Self.offset(places[index])] == Properties.Tag.true.rawValue)
    }
    return bools
  }

  /// Integers and doubles as the 64 bits that they are.
  private func numbers(
    _ places: Span<UInt64>, _ kind: FieldKind, _ records: Span<UInt8>
  ) -> [UInt64] {
    var numbers: [UInt64] = []
    numbers.reserveCapacity(places.count)
    for index in places.indices {
      var position = Self.offset(places[index]) &+ 1
      if kind == .double {
        numbers.append(word(records, at: position))
      } else {
        let coded = varint(records, &position, end: records.count) ?? 0  // Was read before.
        numbers.append(coded &>> 1 ^ (0 &- (coded & 1)))
      }
    }
    return numbers
  }

  private mutating func writeTexts(
    _ number: Int, _ places: Span<UInt64>, _ groups: Span<UInt32>, _ carry: inout Carry,
    _ records: Span<UInt8>
  ) throws(ColumnProblem) {
    let content: TextColumn.Content = fields[number].kind == .string ? .texts : .bytes
    var entries: [TextPlace] = []
    var codes: [UInt32] = []
    codes.reserveCapacity(places.count)
    var changes: [UInt32] = []
    var isCarried: [Bool] = []
    isCarried.reserveCapacity(places.count)
    carry.start(groups: carry.groupCount)
    for index in places.indices {
      let place = Self.text(at: Self.offset(places[index]), content, records)
      let group = groups[index]
      // What the person had last is the likeliest, and comparing is cheaper than hashing.
      if let last = carry[group], Self.isEqual(entries[Int(last)], place, records) {
        codes.append(UInt32(truncatingIfNeeded: last))
        isCarried.append(true)
        continue
      }
      let code = interner.code(
        of: place, column: Space.field(number), next: UInt32(entries.count), in: records)
      if code == entries.count { entries.append(place) }
      codes.append(code)
      changes.append(code)
      isCarried.append(false)
      carry.set(UInt64(code), of: group)
    }
    let carries = Self.isWorthCarrying(changes.count, of: places.count)
    if content == .bytes { try Self.check(entries, records) }
    try TextColumn.encode(
      carries ? .carried : .codes, codes: carries ? changes : codes,
      isCarried: carries ? isCarried : [], entries: entries, content: content, in: records,
      into: &writer)
  }

  /// Arrays are written as they stand, so each distinct one is read once.
  private static func check(
    _ arrays: [TextPlace], _ records: Span<UInt8>
  ) throws(ColumnProblem) {
    for array in arrays where !isArray(array.range, records) {
      throw .invalidText(at: Int(array.offset))
    }
  }

  @inline(__always)
  private static func offset(_ value: UInt64) -> Int {
    Int(truncatingIfNeeded: value & 0xFFFF_FFFF)
  }

  /// Where the bytes of a string are, or of an array with its tag. The walk has checked both.
  @inline(__always)
  private static func text(
    at offset: Int, _ content: TextColumn.Content, _ records: Span<UInt8>
  ) -> TextPlace {
    switch content {
    case .texts:
      var position = offset &+ 1
      let count = Int(varint(records, &position, end: records.count) ?? 0)
      return TextPlace(offset: position, count: count)
    case .bytes:
      return TextPlace(offset: offset, count: 5 &+ Int(halfWord(records, at: offset &+ 1)))
    }
  }

  @inline(__always)
  private static func isEqual(
    _ left: TextPlace, _ right: TextPlace, _ source: Span<UInt8>
  ) -> Bool {
    left.count == right.count
      && isSame(source, Int(left.offset), Int(right.offset), count: Int(left.count))
  }
}

/// Whether these bytes are one canonical array, with its tag.
func isArray(_ range: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
  guard !range.isEmpty, bytes[range.lowerBound] == Properties.Tag.array.rawValue else {
    return false
  }
  let array = bytes.extracting(range)
  // One level less than the object that holds it.
  let end = try? Properties.endOfValue(  // Yes or no is all we ask.
    checking: array, from: 0, depth: EventLimits.propertiesDepth - 1)
  return end == array.count
}
