// A column of texts. A column without values is not written.
//
//   u8        mode: 0 codes, 1 carried, 2 recency
//   varint    entries of the dictionary
//   carried   a bit column: 1 = the same text as the last one of the same group (person)
//   codes     of all values, or in mode 1 of those that are not carried: `CodeColumn`, or in mode 2
//             `RecencyColumn`
//   entries   `TextDictionary`, or byte strings where the column holds those

/// Texts as codes of a dictionary, with the coding of the codes that fits what they are.
package struct TextColumn: Sendable {
  package enum Mode: UInt8, Sendable { case codes = 0, carried = 1, recency = 2 }
  /// What the entries are: texts are checked to be UTF-8.
  package enum Content: Sendable { case texts, bytes }

  /// For each value its entry, counted in the arena.
  package var entries: [UInt64]
  /// The dictionary's part of the arena.
  package var dictionary: Range<Int>

  /// `codes` are those that the mode asks for; `isCarried` is empty in the other modes.
  package static func encode(
    _ mode: Mode, codes: [UInt32], isCarried: [Bool], entries: [TextPlace], content: Content,
    in source: Span<UInt8>, into writer: inout ColumnWriter
  ) throws(ColumnProblem) {
    writer.codes.append(mode.rawValue)
    writer.append(count: entries.count)
    if mode == .carried { BitColumn.encode(isCarried, into: &writer) }
    if mode == .recency {
      RecencyColumn.encode(codes, into: &writer)
    } else {
      CodeColumn.encode(codes, entries: entries.count, into: &writer)
    }
    switch content {
    case .texts: try TextDictionary.encode(entries, in: source, into: &writer)
    case .bytes: ByteDictionary.encode(entries, in: source, into: &writer)
    }
  }

  /// `groups` has the person of each value; groups are below `carry.groupCount`.
  package init(
    groups: Span<UInt32>, content: Content, carry: inout Carry, from reader: inout ColumnReader,
    _ bytes: Span<UInt8>, into arena: inout TextArena
  ) throws(ColumnProblem) {
    let start = reader.codes.position
    let first = arena.places.count
    let code = try reader.codes.byte(bytes)
    guard let mode = Mode(rawValue: code) else { throw .unknownMode(code, at: start) }
    let count = groups.count
    let entryCount = try reader.count(bytes, atMost: min(count, CodeColumn.maximumEntries))
    switch mode {
    case .codes:
      entries = try CodeColumn.decode(count, entries: entryCount, from: &reader, bytes)
        .map { UInt64(first) &+ UInt64($0) }
    case .recency:
      entries = try RecencyColumn.decode(count, entries: entryCount, from: &reader, bytes)
        .map { UInt64(first) &+ UInt64($0) }
    case .carried:
      let isCarried = try BitColumn.decode(count, from: &reader, bytes)
      let changes = isCarried.count(where: { !$0 })
      let codes = try CodeColumn.decode(changes, entries: entryCount, from: &reader, bytes)
        .map { UInt64(first) &+ UInt64($0) }
      carry.start(groups: carry.groupCount)
      entries = try carry.join(isCarried, codes, groups: groups, at: start)
    }
    switch content {
    case .texts: try TextDictionary.decode(entryCount, from: &reader, bytes, into: &arena)
    case .bytes: try ByteDictionary.decode(entryCount, from: &reader, bytes, into: &arena)
    }
    dictionary = first..<arena.places.count
  }
}

/// Distinct byte strings: the length of each in the codes, then their bytes in the texts.
enum ByteDictionary {
  static func encode(
    _ entries: [TextPlace], in source: Span<UInt8>, into writer: inout ColumnWriter
  ) {
    for entry in entries { writer.append(count: Int(entry.count)) }
    let start = writer.texts.count
    for entry in entries { writer.texts.append(entry.range, of: source) }
    writer.cutTexts(since: start)
  }

  static func decode(
    _ count: Int, from reader: inout ColumnReader, _ bytes: Span<UInt8>, into arena: inout TextArena
  ) throws(ColumnProblem) {
    for _ in 0..<count {
      let length = try reader.count(bytes, atMost: bytes.count)
      let range = try reader.texts.take(length)
      try arena.reserve(length)
      let start = arena.bytes.count
      arena.append(range, of: bytes)
      arena.finishEntry(since: start)
    }
  }
}
