// Codes below `entries` that depend on a group (an event's shape on its name):
//
//   entries   0 or 1: nothing is written
//   u8        mode: 0 plain, 1 grouped
//   plain     IntegerColumn of the codes
//   grouped   for each group: varint how many codes it has, then those as varints, in the order of
//             first use; then for each group in turn a `CodeColumn` of its rows over its own codes

/// Codes that their group nearly decides: most groups have one code and cost nothing per row.
package enum GroupedCodeColumn {
  package static func encode(
    _ codes: [UInt32], entries: Int, groups: [UInt32], groupCount: Int,
    into writer: inout ColumnWriter
  ) {
    guard entries > 1 else { return }
    // The lists of the groups cost two bytes and more each.
    guard groupCount * 4 <= codes.count else {
      writer.codes.append(0)
      IntegerColumn.encode(codes.map { Int64($0) }, into: &writer)
      return
    }
    writer.codes.append(1)
    let order = GroupOrder(groups, groupCount: groupCount)
    var localOf = [UInt32](repeating: .max, count: entries)
    var localCodes: [[UInt32]] = []
    var lists: [Int] = []
    for group in 0..<groupCount {
      var list: [UInt32] = []
      var local: [UInt32] = []
      for row in order.rows(of: group) {
        let code = Int(codes[Int(row)])
        if localOf[code] == .max {
          localOf[code] = UInt32(list.count)
          list.append(UInt32(code))
        }
        local.append(localOf[code])
      }
      for code in list { localOf[Int(code)] = .max }
      writer.append(count: list.count)
      for code in list { writer.append(count: Int(code)) }
      localCodes.append(local)
      lists.append(list.count)
    }
    for (local, count) in zip(localCodes, lists) {
      CodeColumn.encode(local, entries: count, into: &writer)
    }
  }

  /// `groups` are below `groupCount`, which is not above their number.
  package static func decode(
    entries: Int, groups: [UInt32], groupCount: Int, from reader: inout ColumnReader,
    _ bytes: Span<UInt8>
  ) throws(ColumnProblem) -> [UInt32] {
    let start = reader.codes.position
    var codes = [UInt32](repeating: 0, count: groups.count)
    guard entries > 1 else {
      guard entries == 1 || groups.isEmpty else { throw .badCode(at: start) }
      return codes
    }
    let mode = try reader.codes.byte(bytes)
    if mode == 0 {
      let values = try IntegerColumn.decode(groups.count, from: &reader, bytes)
      for index in values.indices {
        guard values[index] >= 0, values[index] < entries else { throw .badCode(at: start) }
        codes[index] = UInt32(values[index])
      }
      return codes
    }
    guard mode == 1 else { throw .unknownMode(mode, at: start) }
    var lists: [UInt32] = []
    var listEnds: [Int] = [0]
    for _ in 0..<groupCount {
      // A group has no more codes than rows, all groups together no more than there are rows.
      let count = try reader.count(bytes, atMost: groups.count - lists.count)
      for _ in 0..<count {
        lists.append(UInt32(try reader.count(bytes, atMost: entries - 1)))
      }
      listEnds.append(lists.count)
    }
    let order = GroupOrder(groups, groupCount: groupCount)
    for group in 0..<groupCount {
      let rows = order.rows(of: group)
      let list = listEnds[group]..<listEnds[group + 1]
      let local = try CodeColumn.decode(rows.count, entries: list.count, from: &reader, bytes)
      for (row, code) in zip(rows, local) { codes[Int(row)] = lists[list.lowerBound + Int(code)] }
    }
    return codes
  }
}

/// Row numbers sorted by group, in their order inside each.
struct GroupOrder {
  private var sorted: [UInt32]
  private var ends: [Int]

  init(_ groups: [UInt32], groupCount: Int) {
    var places = [Int](repeating: 0, count: groupCount + 1)
    for group in groups { places[Int(group) + 1] += 1 }
    for group in 0..<groupCount { places[group + 1] += places[group] }
    ends = places
    sorted = [UInt32](repeating: 0, count: groups.count)
    for (row, group) in groups.enumerated() {
      sorted[places[Int(group)]] = UInt32(row)
      places[Int(group)] += 1
    }
  }

  func rows(of group: Int) -> ArraySlice<UInt32> { sorted[ends[group]..<ends[group + 1]] }
}
