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
  /// For each shape of the batch the section's head and one that it was met with last, and its code in
  /// the table of that head: a shape is rarely that of several.
  var headOfShape: [UInt32]
  var codeOfShape: [UInt32]
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
      headOfShape: Array(repeating: 0, count: batch.shapes.count),
      codeOfShape: Array(repeating: 0, count: batch.shapes.count),
      ctxCodes: Array(repeating: .max, count: batch.shapes.count))
  }

  /// The time of a row of the batch, as the section keeps it.
  package static func cts(of row: Int, in batch: BatchColumns, clockShift: Int64) -> Int64 {
    EventRecord.time(
      batch.cts[row], batch.core.head(of: row).flags, clockShift: clockShift)
  }

  /// Says a row of a batch in the section's terms, as words behind those of `staged`. Rows are staged
  /// batch by batch, while the columns of each are at hand, and appended in the order of people.
  mutating func stage(_ row: Int, of source: inout BatchSource, into staged: inout StagedRows) {
    let head = head(of: row, &source)
    let propsShape = Int(source.columns.propsShapes[row])
    let ctxShape = Int(source.columns.ctxShapes[row])
    if source.headOfShape[propsShape] != head &+ 1 {
      source.headOfShape[propsShape] = head &+ 1
      source.codeOfShape[propsShape] = props[Int(head)].code(
        of: source.shapes[propsShape], in: registry)
    }
    if source.ctxCodes[ctxShape] == .max {
      source.ctxCodes[ctxShape] = ctx.code(of: source.shapes[ctxShape], in: registry)
    }
    let cts = Self.cts(of: row, in: source.columns, clockShift: source.clockShift)
    let id = source.columns.ids[row]
    if IDRoute.isStray(id, time: cts) {
      strays.append(StrayEntry(id: id, payload: source.columns.payloadHash(at: row).high))
    }
    staged.append(
      StagedRows.Head(
        sts: source.columns.sts[row], raw: source.columns.core.raw[row], head: head,
        source: source.source,
        identities: (
          text(of: source.columns.core.profiles.entries[row], &source),
          text(of: source.columns.core.devices.entries[row], &source),
          text(of: source.columns.core.visitors.entries[row], &source),
          text(of: source.columns.sessions.entries[row], &source)
        ),
        propsCode: source.codeOfShape[propsShape], ctxCode: source.ctxCodes[ctxShape],
        propsCount: source.kinds[propsShape].count, ctxCount: source.kinds[ctxShape].count))
    var place = Int(source.columns.placeStarts[row])
    stage(source.kinds[propsShape], at: &place, &source, &staged)
    stage(source.kinds[ctxShape], at: &place, &source, &staged)
  }

  private mutating func stage(
    _ kinds: [FieldKind], at place: inout Int, _ source: inout BatchSource,
    _ staged: inout StagedRows
  ) {
    for kind in kinds {
      let value = source.columns.values[Int(source.columns.places[place])]
      place &+= 1
      let isText = kind == .string || kind == .array
      staged.append(
        value: isText ? UInt64(text(UInt32(truncatingIfNeeded: value), &source)) : value)
    }
  }

  /// Appends a row that was staged. Rows come in the order of (person, cts, id).
  mutating func append(
    _ staged: StagedRows, at place: Int, id: EventID, cts: Int64, by person: PersonHash?
  ) {
    let head = staged.head(at: place)
    append(
      Row(id: id, cts: cts, sts: head.sts, raw: head.raw, head: head.head, source: head.source),
      by: person)
    identities[Identity.profile.rawValue].append(head.identities.0)
    identities[Identity.device.rawValue].append(head.identities.1)
    identities[Identity.visitor.rawValue].append(head.identities.2)
    identities[Identity.session.rawValue].append(head.identities.3)
    staged.withValues(of: head, at: place) { values in
      props[Int(head.head)].append(
        head.propsCode, values: values.extracting(first: head.propsCount))
      append(ctx: head.ctxCode, values: values.extracting(droppingFirst: head.propsCount))
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

  /// The text of an id and one; 0 where there is none.
  private mutating func text(of entry: UInt32, _ source: inout BatchSource) -> UInt32 {
    entry == BatchCore.IdentityColumn.nobody ? 0 : text(entry, &source) &+ 1
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
}
