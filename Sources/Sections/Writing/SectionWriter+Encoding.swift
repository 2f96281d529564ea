import Batches
import Columns
import Compression
package import Events
import Platform

extension SectionWriter {
  /// Lays out what was gathered. There is a row at least.
  package consuming func finish(project: ProjectID, ids mix: IDMix) -> EncodedSection {
    precondition(rowCount > 0, "a section without rows")
    var directory = SectionDirectory(project: project, window: window)
    var extents = ExtentWriter()
    directory.rowCount = rowCount
    directory.peopleRowCount = firstAnonymousRow ?? rowCount
    directory.personCount = people.count
    directory.times = Self.bounds(cts)
    directory.idTimes = Self.bounds(ids.map(\.milliseconds))
    directory.sources = sources

    let order = orderOfHeads()
    directory.heads = order.map { heads[Int($0)] }
    directory.headRows = order.map { props[Int($0)].count }
    var codes = [UInt32](repeating: 0, count: heads.count)
    for (code, head) in order.enumerated() { codes[Int(head)] = UInt32(code) }
    for row in headCodes.indices { headCodes[row] = codes[Int(headCodes[row])] }

    directory[.heads] = extents.place(codes: headCodes, limit: heads.count)
    directory[.times] = extents.place(integers: cts)
    placePeople(&directory, &extents)
    placeIDs(mix, &directory, &extents)
    placeStrays(mix, &directory, &extents)
    placeRollup(&directory, &extents)
    placeRest(&directory, &extents)
    var texts = SectionTextEncoder(ZstdCompressor())
    placeIdentities(&directory, &extents, &texts)
    placeProperties(order, &directory, &extents, &texts)
    return EncodedSection(directory: directory, extents: extents.finish())
  }

  /// The most frequent head first; equal ones in the order in which they came.
  private func orderOfHeads() -> [UInt32] {
    (0..<UInt32(heads.count)).sorted {
      let (left, right) = (props[Int($0)].count, props[Int($1)].count)
      return left != right ? left > right : $0 < $1
    }
  }

  private static func bounds(_ values: [Int64]) -> ClosedRange<Int64> {
    var least = values[0]
    var most = least
    for index in values.indices {
      least = min(least, values[index])
      most = max(most, values[index])
    }
    return least...most
  }

  private func placePeople(_ directory: inout SectionDirectory, _ extents: inout ExtentWriter) {
    var counts: [Int64] = []
    counts.reserveCapacity(people.count)
    for run in people.indices {
      let end =
        run + 1 < people.count ? Int(firstRows[run + 1]) : firstAnonymousRow ?? rowCount
      counts.append(Int64(end - Int(firstRows[run])))
    }
    let highs = people.map { Int64(bitPattern: $0.high) }
    let lows = people.map { Int64($0.low) }
    directory[.personHighs] = extents.place(integers: highs)
    directory[.personLows] = extents.place(integers: lows)
    directory[.personRows] = extents.place(integers: counts)
  }

  private func placeIDs(
    _ mix: IDMix, _ directory: inout SectionDirectory, _ extents: inout ExtentWriter
  ) {
    var builder = IDSectionBuilder(mix: mix, expecting: rowCount)
    builder.append(ids.span, times: cts.span)
    directory.firstIDExtent = extents.nextExtent()
    do {
      let root = try builder.finish(into: &extents)
      var writer = ByteWriter()
      root.append(to: &writer)
      directory.idRoot = writer.bytes
    } catch { preconditionFailure("memory takes every extent: \(error)") }
  }

  private func placeStrays(
    _ mix: IDMix, _ directory: inout SectionDirectory, _ extents: inout ExtentWriter
  ) {
    guard !strays.isEmpty else { return directory.strays = .none }
    let first = extents.nextExtent()
    do {
      let root = try StrayRun.build(strays, mix: mix, into: &extents)
      var writer = ByteWriter()
      root.append(to: &writer)
      directory.strays = .run(root: writer.bytes, firstExtent: first)
    } catch { preconditionFailure("memory takes every extent: \(error)") }
  }

  private func placeRollup(_ directory: inout SectionDirectory, _ extents: inout ExtentWriter) {
    let cells = RollupCells(
      heads: headCodes, headCount: heads.count, cts: cts, within: directory.times)
    directory[.rollupCells] = extents.place(integers: cells.quarters)
    directory[.rollupCounts] = extents.place(integers: cells.counts)
  }

  private func placeRest(_ directory: inout SectionDirectory, _ extents: inout ExtentWriter) {
    let receipts = cts.indices.map { sts[$0] &- cts[$0] }
    directory[.receipts] = extents.place(integers: receipts)
    if !rawRows.isEmpty {
      directory[.rawRows] = extents.place(integers: rawRows.map(Int64.init))
      directory[.rawTimes] = extents.place(integers: rawTimes)
    }
    directory[.sources] = extents.place(codes: sourceCodes, limit: sources.count)
  }

  private mutating func placeIdentities(
    _ directory: inout SectionDirectory, _ extents: inout ExtentWriter,
    _ encoder: inout SectionTextEncoder
  ) {
    let nothing: [UInt8] = []
    let none = pool.number(of: 0..<0, in: nothing.span)
    for identity in Identity.allCases {
      let rows = identities[identity.rawValue]
      var changes = ChangeBlocks.Encoder()
      var texts: [UInt32] = []
      for row in rows.indices {
        let isChange = row == 0 || rows[row] != rows[row - 1]
        changes.append(isChange: isChange)
        if isChange { texts.append(rows[row] == 0 ? none : rows[row] - 1) }
      }
      var places = IdentityPlaces()
      places.changes = extents.place(changes.finish())
      places.texts = extents.place(texts: texts, of: pool, &encoder)
      directory.identities[identity.rawValue] = places
    }
  }

  private mutating func placeProperties(
    _ order: [UInt32], _ directory: inout SectionDirectory, _ extents: inout ExtentWriter,
    _ encoder: inout SectionTextEncoder
  ) {
    var keys = KeyNumbers()
    directory.fields = registry.fields.map { field in
      SectionField(
        parent: field.parent, kind: field.kind, key: keys.number(of: field.key, in: pool))
    }
    directory.keys = keys.texts
    directory.shapes = registry.shapes
    var changes = ChangeBlocks.Encoder()
    var next = 0
    for row in 0..<rowCount {
      let isChange = next < ctxRows.count && Int(ctxRows[next]) == row
      if isChange { next += 1 }
      changes.append(isChange: isChange)
    }
    directory[.ctxRows] = extents.place(changes.finish())
    directory.ctxCount = ctx.count
    directory.ctx = place(ctx, &extents, &encoder)
    for head in order { directory.props.append(place(props[Int(head)], &extents, &encoder)) }
  }

  private func place(
    _ draft: PropertyDraft, _ extents: inout ExtentWriter, _ encoder: inout SectionTextEncoder
  ) -> TablePlaces {
    var table = TablePlaces()
    table.shapes = draft.shapes
    table.shapeCodes = extents.place(codes: draft.shapeCodes, limit: draft.shapes.count)
    for column in draft.columns {
      let values: TextPlaces
      switch registry.fields[Int(column.field)].kind {
      case .bool:
        values = TextPlaces(values: extents.place(bools: column.values.map { $0 != 0 }))
      case .integer:
        values = TextPlaces(
          values: extents.place(integers: column.values.map { Int64(bitPattern: $0) }))
      case .double:
        values = TextPlaces(
          values: extents.place(doubles: column.values.map { Double(bitPattern: $0) }))
      case .string, .array:
        values = extents.place(
          texts: column.values.map { UInt32(truncatingIfNeeded: $0) }, of: pool, &encoder)
      case .null, .object: preconditionFailure("a field without values has a column")
      }
      table.columns.append(TablePlaces.Column(field: column.field, values: values))
    }
    return table
  }
}

/// The keys of all fields, each once.
private struct KeyNumbers {
  private(set) var texts: [String] = []
  private var numbers: [UInt32: UInt32] = [:]

  mutating func number(of text: UInt32, in pool: TextPool) -> UInt32 {
    if let number = numbers[text] { return number }
    let number = UInt32(texts.count)
    numbers[text] = number
    texts.append(String(decoding: pool.bytes[pool.range(of: text)], as: UTF8.self))
    return number
  }
}
