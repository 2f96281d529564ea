// A dictionary of texts; how many it has is written by whoever uses it. In the codes:
//
//   u8        number of shapes, 0 to 15
//   u8        if there are shapes: 1 = some entries have none of them (plain), else 0
//   shapes    u8 kind (1 hex, 2 uuid, 3 address, 4 decimal), u8 digits, u8 length of the prefix;
//             the prefix itself in the texts
//   bytes     if there is a choice: for each entry its shape from 1, or 0 for plain
//
// then, shape by shape, its entries in order: hex digits two to a byte, UUIDs as 16 bytes, addresses
// as 4, all dense; decimals as an integer column. Then the plain entries: UTF-8 in the texts, each
// behind it the byte 0xFF, which no UTF-8 contains.

/// Distinct texts, in the order of first use.
package enum TextDictionary {
  static let mostShapes = 15
  /// A shape costs its description: fewer entries than this stay plain.
  static let fewestEntries = 4
  static let terminator: UInt8 = 0xFF

  package static func encode(
    _ entries: [TextPlace], in source: Span<UInt8>, into writer: inout ColumnWriter
  ) throws(ColumnProblem) {
    var shapes: [TextShape] = []
    let choices = choose(entries, in: source, &shapes)
    writer.codes.append(UInt8(shapes.count))
    if !shapes.isEmpty {
      let hasPlain = choices.contains(0)
      writer.codes.append(hasPlain ? 1 : 0)
      for shape in shapes {
        guard isUTF8(source.extracting(shape.prefix.range)) else {
          throw .invalidText(at: Int(shape.prefix.offset))
        }
        writer.codes.append(shape.kind.rawValue)
        writer.codes.append(shape.digits)
        writer.codes.append(UInt8(shape.prefix.count))
        writer.texts.append(shape.prefix.range, of: source)
      }
      if hasPlain || shapes.count > 1 { writer.codes.append(contentsOf: choices) }
      for (index, shape) in shapes.enumerated() {
        appendPacked(shape, UInt8(index + 1), entries, choices, in: source, into: &writer)
      }
    }
    let start = writer.texts.count
    for (entry, choice) in zip(entries, choices) where choice == 0 {
      guard isUTF8(source.extracting(entry.range)) else {
        throw .invalidText(at: Int(entry.offset))
      }
      writer.texts.append(entry.range, of: source)
      writer.texts.append(terminator)
    }
    writer.cutTexts(since: start)
  }

  /// Appends `count` entries to the arena.
  package static func decode(
    _ count: Int, from reader: inout ColumnReader, _ bytes: Span<UInt8>, into arena: inout TextArena
  ) throws(ColumnProblem) {
    let start = reader.codes.position
    let shapeCount = Int(try reader.codes.byte(bytes))
    guard shapeCount <= mostShapes else { throw .unknownMode(UInt8(shapeCount), at: start) }
    guard shapeCount > 0 else {
      for _ in 0..<count { try appendPlain(from: &reader, bytes, into: &arena) }
      return
    }
    let hasPlain = try reader.codes.byte(bytes)
    guard hasPlain <= 1 else { throw .unknownMode(hasPlain, at: start + 1) }
    var shapes: [TextShape] = []
    for _ in 0..<shapeCount { shapes.append(try shape(from: &reader, bytes)) }
    let onlyShape = hasPlain == 0 && shapeCount == 1
    let choices = onlyShape ? 0..<0 : try reader.codes.take(count)
    var entryCounts = [Int](repeating: 0, count: shapeCount + 1)
    if onlyShape { entryCounts[1] = count }
    for index in choices {
      let choice = Int(bytes[index])
      guard choice <= shapeCount, choice > 0 || hasPlain == 1 else { throw .badCode(at: index) }
      entryCounts[choice] += 1
    }
    var unfolding: [Unfolding] = []
    for (index, shape) in shapes.enumerated() {
      unfolding.append(
        try Unfolding(shape, entries: entryCounts[index + 1], from: &reader, bytes))
    }
    for entry in 0..<count {
      let choice = onlyShape ? 1 : Int(bytes[choices.lowerBound + entry])
      if choice == 0 {
        try appendPlain(from: &reader, bytes, into: &arena)
      } else {
        try unfolding[choice - 1].appendNext(bytes, into: &arena)
      }
    }
  }

  /// For each entry its shape from 1, or 0 for plain.
  private static func choose(
    _ entries: [TextPlace], in source: Span<UInt8>, _ shapes: inout [TextShape]
  ) -> [UInt8] {
    guard entries.count >= fewestEntries else { return [UInt8](repeating: 0, count: entries.count) }
    var candidates: [TextShape] = []
    var counts: [Int] = []
    var choices = [UInt8](repeating: 0, count: entries.count)
    for (index, entry) in entries.enumerated() {
      guard let shape = TextShape(of: entry, in: source) else { continue }
      if let known = candidates.firstIndex(where: { $0.isSame(as: shape, in: source) }) {
        counts[known] += 1
        choices[index] = UInt8(known + 1)
      } else if candidates.count < mostShapes {
        candidates.append(shape)
        counts.append(1)
        choices[index] = UInt8(candidates.count)
      }
    }
    var renumbered: [UInt8] = [0]
    for (shape, count) in zip(candidates, counts) {
      if count >= fewestEntries { shapes.append(shape) }
      renumbered.append(count >= fewestEntries ? UInt8(shapes.count) : 0)
    }
    for index in choices.indices { choices[index] = renumbered[Int(choices[index])] }
    return choices
  }

  private static func appendPacked(
    _ shape: TextShape, _ number: UInt8, _ entries: [TextPlace], _ choices: [UInt8],
    in source: Span<UInt8>, into writer: inout ColumnWriter
  ) {
    var decimals: [Int64] = []
    for (entry, choice) in zip(entries, choices) where choice == number {
      let text = source.extracting(entry.range)
      var high: UInt8 = 16
      var value: Int64 = 0
      for index in Int(shape.prefix.count)..<text.count {
        let byte = text[index]
        switch shape.kind {
        case .hex, .uuid:
          guard byte != 0x2D else { continue }
          let nibble = TextShape.nibble(byte)
          if high == 16 {
            high = nibble
          } else {
            writer.dense.append(high << 4 | nibble)
            high = 16
          }
        case .address:
          if byte == 0x2E {
            writer.dense.append(UInt8(value))
            value = 0
          } else {
            value = value * 10 + Int64(byte - 0x30)
          }
        case .decimal: value = value * 10 + Int64(byte - 0x30)
        }
      }
      if shape.kind == .address { writer.dense.append(UInt8(value)) }
      if shape.kind == .decimal { decimals.append(value) }
    }
    if shape.kind == .decimal { IntegerColumn.encode(decimals, into: &writer) }
  }

  private static func shape(
    from reader: inout ColumnReader, _ bytes: Span<UInt8>
  ) throws(ColumnProblem) -> TextShape {
    let start = reader.codes.position
    let code = try reader.codes.byte(bytes)
    guard let kind = TextShape.Kind(rawValue: code) else { throw .unknownMode(code, at: start) }
    let digits = try reader.codes.byte(bytes)
    let isGood =
      switch kind {
      case .hex: digits > 0 && digits & 1 == 0 && digits <= TextShape.mostHexDigits
      case .uuid, .address: digits == 0
      case .decimal: digits <= TextShape.mostDigits
      }
    let prefixCount = Int(try reader.codes.byte(bytes))
    guard isGood, prefixCount <= TextShape.longestPrefix else { throw .badNumber(at: start) }
    let prefix = try reader.texts.take(prefixCount)
    guard isUTF8(bytes.extracting(prefix)) else { throw .invalidText(at: prefix.lowerBound) }
    return TextShape(
      kind: kind, prefix: TextPlace(offset: prefix.lowerBound, count: prefixCount), digits: digits)
  }

  private static func appendPlain(
    from reader: inout ColumnReader, _ bytes: Span<UInt8>, into arena: inout TextArena
  ) throws(ColumnProblem) {
    let start = reader.texts.position
    var end = start
    var union: UInt8 = 0
    while true {
      guard end < reader.texts.end else { throw .truncated(at: start) }
      let byte = bytes[end]
      if byte == terminator { break }
      union |= byte
      end &+= 1
    }
    guard union < 0x80 || isUTF8(bytes.extracting(start..<end)) else {
      throw .invalidText(at: start)
    }
    try arena.reserve(end - start)
    let first = arena.bytes.count
    arena.append(start..<end, of: bytes)
    arena.finishEntry(since: first)
    reader.texts.position = end + 1
  }

  static func isUTF8(_ bytes: Span<UInt8>) -> Bool {
    var union: UInt8 = 0
    for index in bytes.indices { union |= bytes[index] }
    return union < 0x80 || (try? UTF8Span(validating: bytes)) != nil  // Yes or no is all we ask.
  }
}
