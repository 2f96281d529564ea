import Columns
package import Events

extension BatchColumns {
  /// The bytes that `appendRecord` would append.
  package func recordByteCount(at row: Int) -> Int {
    recordEnds[row] - (row == 0 ? 0 : recordEnds[row - 1])
  }

  /// Appends the record of one row, byte for byte what the collector had.
  package func appendRecord(at row: Int, to bytes: inout [UInt8]) {
    var writer = RecordWriter(appendingTo: bytes)
    bytes = []
    write(row, to: &writer)
    bytes = writer.bytes
  }

  package func record(at row: Int) -> [UInt8] {
    var writer = RecordWriter(capacity: recordByteCount(at: row))
    write(row, to: &writer)
    return writer.bytes
  }

  /// All records back to back, as the collector had them.
  package func records() -> EventList {
    var writer = RecordWriter(capacity: core.recordBytes)
    for row in 0..<rowCount { write(row, to: &writer) }
    guard let list = EventList(adopting: writer.bytes, ends: recordEnds) else {
      preconditionFailure("records were measured when they were decoded")
    }
    return list
  }

  /// What tells two payloads under one id apart (RELIABILITY A5).
  package func payloadHash(at row: Int) -> PayloadHash {
    let record = self.record(at: row)
    guard
      let view = try? EventRecordView(  // It is ours: written a line above.
        record.span, range: record.indices, checking: false)
    else { preconditionFailure("a record that was written here cannot be read") }
    return PayloadHash(view, in: record.span)
  }

  private func write(_ row: Int, to writer: inout RecordWriter) {
    let head = core.head(of: row)
    writer.append(EventRecord.version)
    writer.append(head.kind.rawValue)
    writer.append(littleEndian: head.flags.rawValue)
    writer.append(littleEndian: core.ids[row].high.byteSwapped)
    writer.append(littleEndian: core.ids[row].low.byteSwapped)
    writer.append(littleEndian: core.cts[row])
    writer.append(littleEndian: core.sts[row])
    append(entry: core.nameCodes[row], to: &writer)
    if let raw = core.raw[row] { writer.append(littleEndian: raw) }
    append(entry: core.profiles.entries[row], to: &writer)
    append(entry: core.devices.entries[row], to: &writer)
    append(entry: sessions.entries[row], to: &writer)
    append(entry: core.visitors.entries[row], to: &writer)
    var place = Int(placeStarts[row])
    append(shape: propsShapes[row], &place, to: &writer)
    append(shape: ctxShapes[row], &place, to: &writer)
  }

  /// A text behind its length; nothing where there is none.
  @inline(__always)
  private func append(entry: UInt32, to writer: inout RecordWriter) {
    guard entry != BatchCore.IdentityColumn.nobody else { return }
    append(core.texts.places[Int(entry)], to: &writer)
  }

  @inline(__always)
  private func append(_ text: TextPlace, to writer: inout RecordWriter) {
    writer.append(varint: UInt64(text.count))
    writer.append(text.range, of: core.texts.bytes.span)
  }

  /// An object whose length is not known yet.
  private struct Open {
    var number: UInt32 = 0
    var lengthOffset = 0
  }

  private func append(shape: UInt32, _ place: inout Int, to writer: inout RecordWriter) {
    var open = InlineArray<16, Open>(repeating: Open())
    var depth = -1
    let range = shapes.range(shape)
    let root = range.first.map { fields[Int(shapes.fields[$0])].root } ?? Field.props
    Self.begin(root, &open, &depth, &writer)
    for index in range {
      let number = shapes.fields[index]
      let field = fields[Int(number)]
      while open[depth].number != field.parent { Self.end(open, &depth, &writer) }
      append(field.key, to: &writer)
      guard field.kind != .object else {
        Self.begin(number &+ Field.base, &open, &depth, &writer)
        continue
      }
      guard field.kind.hasValues else {
        writer.append(Properties.Tag.null.rawValue)
        continue
      }
      append(values[Int(places[place])], field.kind, to: &writer)
      place += 1
    }
    while depth >= 0 { Self.end(open, &depth, &writer) }
  }

  private func append(_ value: UInt64, _ kind: FieldKind, to writer: inout RecordWriter) {
    switch kind {
    case .bool:
      let tag: Properties.Tag = value == 1 ? .true : .false
      writer.append(tag.rawValue)
    case .integer:
      writer.append(Properties.Tag.integer.rawValue)
      writer.append(zigzag: Int64(bitPattern: value))
    case .double:
      writer.append(Properties.Tag.double.rawValue)
      writer.append(littleEndian: value)
    case .string:
      writer.append(Properties.Tag.string.rawValue)
      append(core.texts.places[Int(value)], to: &writer)
    case .array: writer.append(core.texts.places[Int(value)].range, of: core.texts.bytes.span)
    case .null, .object: break
    }
  }

  private static func begin(
    _ number: UInt32, _ open: inout InlineArray<16, Open>, _ depth: inout Int,
    _ writer: inout RecordWriter
  ) {
    writer.append(Properties.Tag.object.rawValue)
    depth += 1
    open[depth] = Open(number: number, lengthOffset: writer.count)
    writer.append(littleEndian: 0 as UInt32)
  }

  private static func end(
    _ open: InlineArray<16, Open>, _ depth: inout Int, _ writer: inout RecordWriter
  ) {
    let offset = open[depth].lengthOffset
    writer.patch(littleEndian: UInt32(writer.count - offset - 4), at: offset)
    depth -= 1
  }
}
