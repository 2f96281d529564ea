package import JSON

// Back to JSON: the same values and kinds, the keys in their order.

extension Properties {
  /// Writes the value that begins at `start` and answers where it ends. What is no legal structure is
  /// a problem; texts are taken for UTF-8, as a checked encoding has them.
  @discardableResult
  package static func write(
    _ bytes: Span<UInt8>, from start: Int, to writer: inout JSONWriter
  ) throws(Problem) -> Int {
    var ends = InlineArray<16, Int>(repeating: 0)
    var objects: UInt16 = 0
    var open = 0
    var end = bytes.count
    var position = start
    while true {
      guard position >= 0, position < end else { throw .truncated(at: position) }
      let tag = bytes[position]
      position += 1
      switch Tag(rawValue: tag) {
      case .array, .object:
        guard open < EventLimits.depth else { throw .tooDeep(at: position) }
        guard end - position >= 4 else { throw .truncated(at: position) }
        let length = readLength(bytes, at: position)
        position += 4
        guard length <= end - position else { throw .truncated(at: position) }
        end = position + length
        ends[open] = end
        open += 1
        objects = objects << 1 | (tag == Tag.object.rawValue ? 1 : 0)
        if tag == Tag.object.rawValue { writer.beginObject() } else { writer.beginArray() }
      case let scalar?: try write(scalar, bytes, &position, end, to: &writer)
      case nil: throw .tag(tag, at: position - 1)
      }
      while open > 0, position == end {
        if objects & 1 != 0 { writer.endObject() } else { writer.endArray() }
        objects >>= 1
        open -= 1
        end = open > 0 ? ends[open - 1] : bytes.count
      }
      guard open > 0 else { return position }
      if objects & 1 != 0 { writer.key(utf8: bytes.extracting(try text(bytes, &position, end))) }
    }
  }

  private static func write(
    _ tag: Tag, _ bytes: Span<UInt8>, _ position: inout Int, _ end: Int,
    to writer: inout JSONWriter
  ) throws(Problem) {
    switch tag {
    case .false: writer.bool(false)
    case .true: writer.bool(true)
    case .integer:
      let coded = try varint(bytes, &position, end)
      writer.integer(Int64(bitPattern: coded >> 1) ^ -Int64(bitPattern: coded & 1))
    case .double:
      guard end - position >= 8 else { throw .truncated(at: position) }
      writer.double(Double(bitPattern: EventRecordView.word(bytes, at: position)))
      position += 8
    case .string: writer.string(utf8: bytes.extracting(try text(bytes, &position, end)))
    case .null, .array, .object: writer.null()
    }
  }

  private static func text(
    _ bytes: Span<UInt8>, _ position: inout Int, _ end: Int
  ) throws(Problem) -> Range<Int> {
    let start = position
    let length = try varint(bytes, &position, end)
    guard length <= UInt64(end - position) else { throw .truncated(at: start) }
    defer { position += Int(length) }
    return position..<(position + Int(length))
  }

  /// The value that begins at `start`, in memory.
  package static func value(_ bytes: Span<UInt8>, from start: Int) throws(Problem) -> JSONValue {
    var writer = JSONWriter()
    try write(bytes, from: start, to: &writer)
    let json = writer.bytes
    // Only text that is not UTF-8 can fail here, and nobody checked it then.
    do { return try JSONValue(parsing: json.span) } catch { throw .text(at: start) }
  }
}
