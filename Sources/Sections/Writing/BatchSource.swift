package import Batches
import Columns
import Events

/// A decoded batch as a source of rows: what its codes, shapes and texts are in the section.
package struct BatchSource {
  let columns: BatchColumns
  let clockShift: Int64
  let source: UInt32
  /// For each pair of a name and a head of the batch, as far as met: the section's head and one.
  var heads: [UInt32]
  /// For each entry of the batch's texts, as far as met: the pool's number and one.
  var texts: [UInt32]
  /// For each field of the batch the registry's number.
  let fields: [UInt32]
  /// For each shape of the batch the registry's number, and the kinds of its values.
  let shapes: [UInt32]
  let kinds: [[FieldKind]]
  /// For each pair of the section's head and a shape of the batch, as far as met: the code in the
  /// table of that head.
  var tableCodes: [UInt64: UInt32] = [:]
  var ctxCodes: [UInt32]
}

extension SectionWriter {
  /// Announces a batch; rows of it are appended with `append(_:of:by:)`.
  package mutating func source(
    _ batch: BatchColumns, name: String, clockShift: Int64
  ) -> BatchSource {
    let texts = batch.core.texts.bytes
    var fields: [UInt32] = []
    for field in batch.fields {
      let parent =
        field.parent < Field.base
        ? field.parent : fields[Int(field.parent - Field.base)] + SectionField.base
      let key = pool.number(of: field.key.range, in: texts.span)
      fields.append(
        registry.number(of: SectionField(parent: parent, kind: field.kind, key: key)))
    }
    var shapes: [UInt32] = []
    var kinds: [[FieldKind]] = []
    for shape in 0..<UInt32(batch.shapes.count) {
      let members = batch.shapes.range(shape).map { batch.shapes.fields[$0] }
      shapes.append(registry.number(of: members.map { fields[Int($0)] }))
      kinds.append(members.map { batch.fields[Int($0)].kind }.filter(\.hasValues))
    }
    return BatchSource(
      columns: batch, clockShift: clockShift, source: code(ofSource: name),
      heads: Array(repeating: 0, count: batch.core.nameCount * batch.core.heads.count),
      texts: Array(repeating: 0, count: batch.core.texts.places.count), fields: fields,
      shapes: shapes, kinds: kinds,
      ctxCodes: Array(repeating: .max, count: batch.shapes.count))
  }

  /// The time of a row of the batch, as the section keeps it.
  package static func cts(of row: Int, in batch: BatchColumns, clockShift: Int64) -> Int64 {
    EventRecord.time(
      batch.cts[row], batch.core.head(of: row).flags, clockShift: clockShift)
  }

  /// Appends a row of a batch. Rows come in the order of (person, cts, id).
  package mutating func append(_ row: Int, of source: inout BatchSource, by person: PersonHash?) {
    let batch = source.columns
    let head = head(of: row, &source)
    append(
      Row(
        id: batch.ids[row],
        cts: Self.cts(of: row, in: batch, clockShift: source.clockShift), sts: batch.sts[row],
        raw: batch.core.raw[row], head: head, source: source.source),
      by: person)
    if IDRoute.isStray(batch.ids[row], time: cts[cts.count &- 1]) {
      strays.append(
        StrayEntry(id: batch.ids[row], payload: batch.payloadHash(at: row).high))
    }
    append(batch.core.profiles.entries[row], .profile, &source)
    append(batch.core.devices.entries[row], .device, &source)
    append(batch.core.visitors.entries[row], .visitor, &source)
    append(batch.sessions.entries[row], .session, &source)

    let propsShape = batch.propsShapes[row]
    let ctxShape = batch.ctxShapes[row]
    let start = Int(batch.placeStarts[row])
    var values = InlineArray<64, UInt64>(repeating: 0)
    let key = UInt64(head) << 32 | UInt64(propsShape)
    let code: UInt32
    if let known = source.tableCodes[key] {
      code = known
    } else {
      code = props[Int(head)].code(of: source.shapes[Int(propsShape)], in: registry)
      source.tableCodes[key] = code
    }
    let propsKinds = source.kinds[Int(propsShape)]
    gather(propsKinds, from: start, &source, small: &values) { writer, values in
      writer.props[Int(head)].append(code, values: values)
    }

    if source.ctxCodes[Int(ctxShape)] == .max {
      source.ctxCodes[Int(ctxShape)] = ctx.code(of: source.shapes[Int(ctxShape)], in: registry)
    }
    let ctxCode = source.ctxCodes[Int(ctxShape)]
    gather(
      source.kinds[Int(ctxShape)], from: start + propsKinds.count, &source, small: &values
    ) { writer, values in
      writer.append(ctx: ctxCode, values: values)
    }
  }

  private mutating func head(of row: Int, _ source: inout BatchSource) -> UInt32 {
    let core = source.columns.core
    let pair = Int(core.nameCodes[row]) &* core.heads.count &+ Int(core.headCodes[row])
    if source.heads[pair] > 0 { return source.heads[pair] &- 1 }
    let head = core.head(of: row)
    let code = code(of: EventHead(name: core.name(of: row), kind: head.kind, flags: head.flags))
    source.heads[pair] = code + 1
    return code
  }

  private mutating func append(
    _ entry: UInt32, _ identity: Identity, _ source: inout BatchSource
  ) {
    let text = entry == BatchCore.IdentityColumn.nobody ? 0 : text(entry, &source) &+ 1
    identities[identity.rawValue].append(text)
  }

  @inline(__always)
  private mutating func text(_ entry: UInt32, _ source: inout BatchSource) -> UInt32 {
    let known = source.texts[Int(entry)]
    if known > 0 { return known &- 1 }
    let arena = source.columns.core.texts
    let text = pool.number(of: arena.places[Int(entry)].range, in: arena.bytes.span)
    source.texts[Int(entry)] = text &+ 1
    return text
  }

  /// Lends `body` the values of one object; objects with many of them take an array of their own.
  private mutating func gather(
    _ kinds: [FieldKind], from start: Int, _ source: inout BatchSource,
    small: inout InlineArray<64, UInt64>, _ body: (inout SectionWriter, Span<UInt64>) -> Void
  ) {
    if kinds.count > 64 {
      var values: [UInt64] = []
      for (index, kind) in kinds.enumerated() {
        values.append(value(at: start + index, kind, &source))
      }
      return body(&self, values.span)
    }
    for index in kinds.indices { small[index] = value(at: start &+ index, kinds[index], &source) }
    body(&self, small.span.extracting(first: kinds.count))
  }

  @inline(__always)
  private mutating func value(
    at index: Int, _ kind: FieldKind, _ source: inout BatchSource
  ) -> UInt64 {
    let value = source.columns.values[Int(source.columns.places[index])]
    guard kind == .string || kind == .array else { return value }
    return UInt64(text(UInt32(truncatingIfNeeded: value), &source))
  }
}
