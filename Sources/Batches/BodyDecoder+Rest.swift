import Columns
import Events

extension BodyDecoder {
  mutating func columns(_ body: Span<UInt8>) throws(Failure) -> BatchColumns {
    var core = try self.core(body)
    let sessions = try identity(.session, body)
    let fields = try self.fields(body)
    let shapes = try self.shapes(fields, body)
    let (props, ctx) = try shapeCodes(shapes, core, body)
    let plan = try Plan(fields, shapes, props: props, ctx: ctx, limit: recordBytes / 2)
    let values = try self.values(fields, plan, body)
    do { try reader.finish() } catch { throw .columns(error) }
    core.texts = arena
    let measure = RecordMeasure(core: core, sessions: sessions, fields: fields, shapes: shapes)
    let ends = measure.ends(props: props, ctx: ctx, values: values, plan: plan)
    guard ends.last == recordBytes else { throw .batch(.disagreement(field: "records")) }
    return BatchColumns(
      core: core, sessions: sessions, fields: fields, shapes: shapes, propsShapes: props,
      ctxShapes: ctx, values: values, places: plan.places, placeStarts: plan.placeStarts,
      recordEnds: ends)
  }

  private mutating func fields(_ body: Span<UInt8>) throws(Failure) -> [Field] {
    do {
      let start = reader.codes.position
      // A member takes two bytes of a record at least.
      let count = try reader.count(body, atMost: recordBytes / 2)
      let kinds = try reader.codes.take(count)
      var fields: [Field] = []
      fields.reserveCapacity(count)
      for place in kinds {
        guard let kind = FieldKind(rawValue: body[place]) else {
          throw Failure.columns(.unknownMode(body[place], at: place))
        }
        let parent = UInt32(try reader.count(body, atMost: fields.count + Int(Field.base) - 1))
        if parent >= Field.base, fields[Int(parent - Field.base)].kind != .object {
          throw Failure.columns(.badCode(at: start))
        }
        fields.append(
          Field(parent: parent, kind: kind, key: TextPlace(offset: 0, count: 0), after: fields))
        guard fields[fields.count - 1].depth <= EventLimits.propertiesDepth else {
          throw Failure.batch(.badValue(field: "depth", at: place))
        }
      }
      let first = arena.places.count
      try TextDictionary.decode(count, from: &reader, body, into: &arena)
      for index in fields.indices { fields[index].key = arena.places[first + index] }
      return fields
    } catch { throw Failure(error) }
  }

  private mutating func shapes(
    _ fields: [Field], _ body: Span<UInt8>
  ) throws(Failure) -> Shapes {
    var shapes = Shapes()
    do {
      let count = try reader.count(body, atMost: 2 * rowCount)
      for _ in 0..<count {
        let length = try reader.count(body, atMost: fields.count)
        for _ in 0..<length {
          shapes.fields.append(UInt32(try reader.count(body, atMost: fields.count - 1)))
        }
        shapes.ends.append(shapes.fields.count)
      }
    } catch { throw .columns(error) }
    let checker = ShapeChecker(fields: fields)
    let keys = arena.bytes.span
    for shape in 0..<UInt32(shapes.count) {
      let fields = shapes.fields.span.extracting(shapes.range(shape))
      guard checker.isGood(fields, keys) else { throw .batch(.badShape(shape)) }
    }
    return shapes
  }

  /// The shape of each row's `props` and of its `ctx`.
  private mutating func shapeCodes(
    _ shapes: Shapes, _ core: BatchCore, _ body: Span<UInt8>
  ) throws(Failure) -> (props: [UInt32], ctx: [UInt32]) {
    do {
      let place = reader.codes.position
      let props = try GroupedCodeColumn.decode(
        entries: shapes.count, groups: core.nameCodes, groupCount: core.nameCount, from: &reader,
        body)
      guard shapes.count > 1 else { return (props, props) }
      let groups = people.ofRow
      let codes = try NumberColumn.decode(
        groups: groups.span, content: .integers, carry: &carry, from: &reader, body)
      var ctx: [UInt32] = []
      ctx.reserveCapacity(rowCount)
      for code in codes {
        guard code < UInt64(shapes.count) else { throw Failure.columns(.badCode(at: place)) }
        ctx.append(UInt32(code))
      }
      return (props, ctx)
    } catch { throw Failure(error) }
  }

  /// The column of each field, one after another.
  private mutating func values(
    _ fields: [Field], _ plan: Plan, _ body: Span<UInt8>
  ) throws(Failure) -> [UInt64] {
    var values: [UInt64] = []
    values.reserveCapacity(plan.rows.count)
    var groups: [UInt32] = []
    for (number, field) in fields.enumerated() {
      let range = plan.starts[number]..<plan.starts[number + 1]
      guard !range.isEmpty else { continue }
      groups.removeAll(keepingCapacity: true)
      for index in range { groups.append(people.ofRow[Int(plan.rows[index])]) }
      switch field.kind {
      case .bool: try append(bools: range.count, to: &values, body)
      case .integer: values.append(contentsOf: try numbers(groups, .integers, body))
      case .double:
        let place = reader.codes.position
        let doubles = try numbers(groups, .doubles, body)
        for pattern in doubles where !BatchEncoder.isFinite(pattern) {
          throw .batch(.badValue(field: "double", at: place))
        }
        values.append(contentsOf: doubles)
      case .string: values.append(contentsOf: try text(groups, .texts, body).entries)
      case .array:
        let column = try text(groups, .bytes, body)
        for entry in column.dictionary where !isArray(arena.places[entry].range, arena.bytes.span) {
          throw .batch(.badValue(field: "array", at: reader.texts.position))
        }
        values.append(contentsOf: column.entries)
      case .null, .object: break
      }
    }
    return values
  }

  private mutating func append(
    bools count: Int, to values: inout [UInt64], _ body: Span<UInt8>
  ) throws(Failure) {
    do {
      for bit in try BitColumn.decode(count, from: &reader, body) { values.append(bit ? 1 : 0) }
    } catch { throw .columns(error) }
  }

  private mutating func numbers(
    _ groups: [UInt32], _ content: NumberColumn.Content, _ body: Span<UInt8>
  ) throws(Failure) -> [UInt64] {
    do {
      return try NumberColumn.decode(
        groups: groups.span, content: content, carry: &carry, from: &reader, body)
    } catch { throw .columns(error) }
  }
}
