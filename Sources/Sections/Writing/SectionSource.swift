import Batches
import Columns
package import Compression
package import Events

/// A section as a source of rows for another one, read front to back: what its codes, shapes and texts
/// are there is looked up once, and every column moves on with the rows that are taken.
package struct SectionSource {
  let section: Section
  let ids: [EventID]
  private var heads: CodeCursor
  private var times: IntegerCursor
  private var receipts: IntegerCursor
  private var sources: CodeCursor
  private var raw: [(row: Int, time: Int64)]
  private var nextRaw = 0
  private var identities: [IdentityFeed]
  private var ctxChanges: ChangeCursor
  private var ctxNumber = -1
  private var tables: [TableFeed]
  private var ctx: TableFeed
  private var values: [UInt64] = []
  private var ctxValues: [UInt64] = []
  private(set) var row = 0
  private var strays: StrayPayloads

  /// For each head, source, field and shape of this section the number in the one that is written.
  private let headCodes: [UInt32]
  private let sourceCodes: [UInt32]

  private struct IdentityFeed {
    var changes: ChangeCursor
    var texts: TextFeed
    var number = -1
    /// The text of the current stretch and one, 0 for none.
    var text: UInt32 = 0
  }

  /// The rows of the source go to `writer`; nothing else does, but through other sources of its own.
  package init(
    _ section: Section, ids: [EventID], mix: IDMix, into writer: inout SectionWriter,
    _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) {
    let directory = section.directory
    strays = try StrayPayloads(of: section, mix, decompressor)
    precondition(ids.count == section.rowCount, "an id for each row")
    self.section = section
    self.ids = ids
    heads = try section.headCodes()
    times = try section.times()
    receipts = try IntegerCursor(directory[.receipts], of: section.source)
    sources = try CodeCursor(directory[.sources], of: section.source)
    guard receipts.count == section.rowCount, sources.count == section.rowCount,
      sources.limit == directory.sources.count
    else { throw .column("rows") }
    raw = try section.rawTimes()
    headCodes = section.heads.map { writer.code(of: $0) }
    sourceCodes = directory.sources.map { writer.code(ofSource: $0) }

    let keys = directory.keys.map { key in
      let bytes = Array(key.utf8)
      return writer.pool.number(of: bytes.indices, in: bytes.span)
    }
    var fields: [UInt32] = []
    for field in directory.fields {
      let parent =
        field.parent < SectionField.base
        ? field.parent : fields[Int(field.parent - SectionField.base)] + SectionField.base
      fields.append(
        writer.registry.number(
          of: SectionField(parent: parent, kind: field.kind, key: keys[Int(field.key)])))
    }
    let shapes = directory.shapes.map { shape in
      writer.registry.number(of: shape.map { fields[Int($0)] })
    }
    identities = []
    for identity in Identity.allCases {
      identities.append(
        IdentityFeed(
          changes: try section.changes(of: identity),
          texts: TextFeed(try section.texts(of: identity, decompressor))))
    }
    ctxChanges = try section.ctxChanges()
    tables = []
    for head in section.heads.indices {
      tables.append(try TableFeed(try section.props(ofHead: head), shapes, decompressor))
    }
    ctx = try TableFeed(try section.ctx(), shapes, decompressor)
  }

  package var isAtEnd: Bool { row == section.rowCount }

  /// The time of the row that comes next.
  package mutating func nextTime() throws(SectionProblem) -> Int64 { try times.value(at: row) }
  package var nextID: EventID { ids[row] }

  /// Moves the next row to the writer.
  package mutating func take(
    into writer: inout SectionWriter, by person: PersonHash?
  ) throws(SectionProblem) {
    let block = row / Lanes.blockCount
    let place = row % Lanes.blockCount
    try heads.load(block)
    try times.load(block)
    try receipts.load(block)
    try sources.load(block)
    let head = Int(heads.values[place])
    let cts = times.values[place]
    var rawTime: Int64?
    if nextRaw < raw.count, raw[nextRaw].row == row {
      rawTime = raw[nextRaw].time
      nextRaw += 1
    }
    writer.append(
      SectionWriter.Row(
        id: ids[row], cts: cts, sts: cts &+ receipts.values[place], raw: rawTime,
        head: headCodes[head], source: sourceCodes[Int(sources.values[place])]),
      by: person)
    if IDRoute.isStray(ids[row], time: cts) {
      writer.strays.append(
        StrayEntry(id: ids[row], payload: try strays.payload(of: ids[row], row: row)))
    }
    for identity in identities.indices {
      let number = try identities[identity].changes.value(of: row)
      if number != identities[identity].number {
        identities[identity].number = number
        identities[identity].text = try identities[identity].texts.next(number, into: &writer.pool)
      }
      writer.identities[identity].append(identities[identity].text)
    }
    try tables[head].next(&values, into: &writer.pool)
    writer.append(
      props: tables[head].shape, ofHead: headCodes[head], values: values)
    let number = try ctxChanges.value(of: row)
    if number != ctxNumber {
      guard number == ctxNumber + 1 else { throw .column("changes of ctx") }
      ctxNumber = number
      try ctx.next(&ctxValues, into: &writer.pool)
    }
    // Also where it is the same: the row before may have come from another section.
    writer.append(ctxShape: ctx.shape, values: ctxValues)
    row += 1
  }
}

/// Texts in their order, as numbers of the pool: one or zero empty texts stand for none.
private final class TextFeed {
  private var cursor: TextCursor
  /// For each code of the dictionary, as far as met: the pool's number and two, 1 where it is empty.
  private var numbers: [UInt32] = []
  private var scratch = TextRows()

  init(_ cursor: TextCursor) {
    self.cursor = cursor
    numbers = Array(repeating: 0, count: cursor.lexiconCount)
  }

  /// The pool's number and one of this text; 0 where it is empty.
  func next(_ index: Int, into pool: inout TextPool) throws(SectionProblem) -> UInt32 {
    if let code = try cursor.code(at: index) {
      if numbers[Int(code)] > 0 { return numbers[Int(code)] &- 1 }
      let number = try read(index, into: &pool)
      numbers[Int(code)] = number &+ 1
      return number
    }
    return try read(index, into: &pool)
  }

  private func read(_ index: Int, into pool: inout TextPool) throws(SectionProblem) -> UInt32 {
    scratch.removeAll()
    try cursor.append(index, to: &scratch)
    let bytes = scratch.bytes
    if bytes.isEmpty { return 0 }
    return pool.number(of: bytes.indices, in: bytes.span) &+ 1
  }
}

/// The objects of a table in their order.
private struct TableFeed {
  private let table: PropertyTable
  /// The writer's shape for each code.
  private let shapes: [UInt32]
  private var shapeCodes: CodeCursor
  private let columns: [Column]
  private var number = 0
  /// The writer's shape of the object that came last.
  private(set) var shape: UInt32 = 0

  /// Classes, so that a value is taken without a copy of where its column stands.
  fileprivate enum Column {
    case bools(ColumnFeed<BoolCursor>)
    case integers(ColumnFeed<IntegerCursor>)
    case doubles(ColumnFeed<DoubleCursor>)
    case texts(ColumnTexts)
  }

  fileprivate final class ColumnTexts {
    let feed: TextFeed
    var index = 0

    init(_ feed: TextFeed) { self.feed = feed }
  }

  init(
    _ table: PropertyTable, _ shapes: [UInt32], _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) {
    self.table = table
    self.shapes = table.shapes.map { shapes[Int($0)] }
    shapeCodes = try table.shapeCodes()
    var columns: [Column] = []
    for column in table.columns.indices {
      switch try table.cursor(ofColumn: column, decompressor) {
      case .bools(let cursor): columns.append(.bools(ColumnFeed(cursor)))
      case .integers(let cursor): columns.append(.integers(ColumnFeed(cursor)))
      case .doubles(let cursor): columns.append(.doubles(ColumnFeed(cursor)))
      case .texts(let cursor): columns.append(.texts(ColumnTexts(TextFeed(cursor))))
      }
    }
    self.columns = columns
  }

  /// Puts the values of the next object into `values`.
  mutating func next(
    _ values: inout [UInt64], into pool: inout TextPool
  ) throws(SectionProblem) {
    values.removeAll(keepingCapacity: true)
    guard number < table.count else { throw .column("no object \(number)") }
    try shapeCodes.load(number / Lanes.blockCount)
    let code = Int(shapeCodes.values[number % Lanes.blockCount])
    shape = shapes[code]
    number += 1
    for column in table.columnsOfShape[code] {
      values.append(try columns[column].next(into: &pool))
    }
  }
}

extension TableFeed.Column {
  func next(into pool: inout TextPool) throws(SectionProblem) -> UInt64 {
    switch self {
    case .bools(let feed): return try feed.next() == 0 ? 0 : 1
    case .integers(let feed): return UInt64(bitPattern: try feed.next())
    case .doubles(let feed): return try feed.next().bitPattern
    case .texts(let texts):
      let number = try texts.feed.next(texts.index, into: &pool)
      texts.index += 1
      if number > 0 { return UInt64(number &- 1) }
      let nothing: [UInt8] = []
      return UInt64(pool.number(of: 0..<0, in: nothing.span))
    }
  }
}
