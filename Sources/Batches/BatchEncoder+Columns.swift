import Columns
import Events

extension BatchEncoder {
  /// Writes what was read, column by column, in the order that `BatchBody` fixes.
  mutating func writeColumns(_ records: Span<UInt8>) throws(BatchProblem) {
    do {
      try TextColumn.encode(
        .codes, codes: rows.names, isCarried: [], entries: rows.nameEntries, content: .texts,
        in: records, into: &writer)
      writeHeads()
      writeTimes()
      let people = try writePeople(records)
      try writeFields(records)
      writeShapes(people)
      try writeValues(people, records)
    } catch {
      switch error {
      case .invalidText(let offset): throw .badRecord(row(at: offset))
      default: throw .columns(error)
      }
    }
  }

  private mutating func writeHeads() {
    var numbers: [UInt32: UInt32] = [:]
    var heads: [UInt32] = []
    let codes = rows.heads.map { head in
      if let number = numbers[head] { return number }
      let number = UInt32(heads.count)
      numbers[head] = number
      heads.append(head)
      return number
    }
    writer.append(count: heads.count)
    for head in heads {
      for shift in [0, 8, 16] as [UInt32] {
        writer.codes.append(UInt8(truncatingIfNeeded: head >> shift))
      }
    }
    GroupedCodeColumn.encode(
      codes, entries: heads.count, groups: rows.names, groupCount: rows.nameEntries.count,
      into: &writer)
  }

  private mutating func writeTimes() {
    write(rows.sts, by: [(.previous, [])])
    write(rows.cts, by: [(.previous, []), (.sts, rows.sts)])
    var clientTimes = rows.cts
    if !rows.raw.isEmpty {
      var skews: [Int64] = []
      for (row, raw) in zip(rows.rawRows, rows.raw) {
        skews.append(raw &- rows.cts[Int(row)])
        clientTimes[Int(row)] = raw
      }
      IntegerColumn.encode(skews, into: &writer)
    }
    let idTimes = rows.idHigh.map { Int64($0 >> 16) }
    var bases: [(TimeBase, [Int64])] = [(.cts, rows.cts), (.previous, []), (.sts, rows.sts)]
    if !rows.raw.isEmpty { bases.append((.raw, clientTimes)) }
    write(idTimes, by: bases)
    // Of the 74 bits of chance 64 lie as a word and 10 are packed, which is quick both ways.
    let lows = zip(rows.idHigh, rows.idLow).map { $1 & (1 << 62 - 1) | $0 << 62 }
    let highs = rows.idHigh.map { UInt32(truncatingIfNeeded: $0 >> 2 & 0x3FF) }
    for low in lows {
      for shift in stride(from: 0 as UInt64, to: 64, by: 8) {
        writer.dense.append(UInt8(truncatingIfNeeded: low &>> shift))
      }
    }
    PackedColumn.encode(highs, width: 10, into: &writer)
  }

  /// Writes a time by the base that leaves the fewest bits.
  private mutating func write(_ values: [Int64], by bases: [(TimeBase, [Int64])]) {
    var best: (base: TimeBase, first: Int64, differences: [Int64]) = (.previous, 0, [])
    var bestBits = Int.max
    for (base, times) in bases {
      var differences = base == .previous ? IntegerColumn.differences(values) : values - times
      let first = differences[0]
      if base == .previous {
        differences[0] = 0
      } else {
        for index in differences.indices { differences[index] &-= first }
      }
      let bits = differences.reduce(0) { $0 + 64 - ($1 < 0 ? ~$1 : $1).leadingZeroBitCount }
      if bits < bestBits { (best, bestBits) = ((base, first, differences), bits) }
    }
    writer.codes.append(best.base.rawValue)
    writer.append(varint: UInt64(bitPattern: (best.first << 1) ^ (best.first >> 63)))
    IntegerColumn.encode(best.differences, into: &writer)
  }

  /// Writes profile, device, visitor and session, and answers the person of each row.
  private mutating func writePeople(
    _ records: Span<UInt8>
  ) throws(ColumnProblem) -> People {
    var people = People(rows: rows.names.count)
    var carry = Carry(groups: 1)
    for identity in Identity.allCases {
      let column = rows.people[identity.rawValue]
      guard !column.rows.isEmpty else { continue }
      let groups = people.groups(of: column.rows)
      carry.start(groups: people.count)
      var isCarried: [Bool] = []
      var changes: [UInt32] = []
      var strangers = 0
      for (code, group) in zip(column.codes, groups) {
        if group == 0 { strangers += 1 }
        let same = carry[group] == UInt64(code)
        isCarried.append(same)
        if !same {
          changes.append(code)
          carry.set(UInt64(code), of: group)
        }
      }
      let mode: TextColumn.Mode =
        strangers * 2 > groups.count
        ? .recency : Self.isWorthCarrying(changes.count, of: groups.count) ? .carried : .codes
      try TextColumn.encode(
        mode, codes: mode == .carried ? changes : column.codes,
        isCarried: mode == .carried ? isCarried : [], entries: column.entries, content: .texts,
        in: records, into: &writer)
      people.add(column.codes, at: column.rows, entries: column.entries.count)
    }
    return people
  }

  /// Each value pays a bit, each hit saves about a byte.
  static func isWorthCarrying(_ changes: Int, of count: Int) -> Bool {
    (count - changes) * 5 > count
  }

  private mutating func writeFields(_ records: Span<UInt8>) throws(ColumnProblem) {
    writer.append(count: fields.count)
    for field in fields { writer.codes.append(field.kind.rawValue) }
    for field in fields { writer.append(count: Int(field.parent)) }
    try TextDictionary.encode(fields.map(\.key), in: records, into: &writer)
  }

  private mutating func writeShapes(_ people: People) {
    writer.append(count: tree.shapes.count)
    for shape in tree.shapes {
      writer.append(count: shape.count)
      for field in shape { writer.append(count: Int(field)) }
    }
    GroupedCodeColumn.encode(
      rows.propsShapes, entries: tree.shapes.count, groups: rows.names,
      groupCount: rows.nameEntries.count, into: &writer)
    guard tree.shapes.count > 1 else { return }
    var carry = Carry(groups: people.count)
    NumberColumn.encode(
      rows.ctxShapes.map { UInt64($0) }, groups: people.ofRow.span, content: .integers,
      carry: &carry, into: &writer)
  }

  /// The row whose record holds the byte at `offset`.
  private func row(at offset: Int) -> Int { recordEnds.firstIndex { offset < $0 } ?? 0 }
}

/// Element by element, wrapping.
private func - (left: [Int64], right: [Int64]) -> [Int64] { zip(left, right).map { $0 &- $1 } }
