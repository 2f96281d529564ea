import Batches
import Columns
package import Compression
import Events
package import Platform

/// Rows as the records that they were made from, so that whatever reads events reads these. Rows may be
/// asked for in any order; neighbours are cheap.
package struct RecordReader {
  private let section: Section
  private let decompressor: ZstdDecompressor
  private var heads: CodeCursor
  private var times: IntegerCursor
  private var receipts: IntegerCursor
  private var sources: CodeCursor
  private let ids: IDSection
  private var raw: [(row: Int, time: Int64)]
  private var identities: [(changes: ChangeCursor, texts: TextCursor)] = []
  private var ctxChanges: ChangeCursor
  private var ctx: ObjectReader
  private var props: [Int: (ranks: HeadRanks, objects: ObjectReader)] = [:]
  private var scratch = TextRows()

  package init(
    _ section: Section, ids mix: IDMix, _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) {
    self.section = section
    ids = try section.ids(mix)
    self.decompressor = decompressor
    let directory = section.directory
    heads = try section.headCodes()
    times = try section.times()
    receipts = try IntegerCursor(directory[.receipts], of: section.source)
    sources = try CodeCursor(directory[.sources], of: section.source)
    guard sources.limit == directory.sources.count else { throw .column("sources") }
    raw = try section.rawTimes()
    for identity in Identity.allCases {
      identities.append(
        (try section.changes(of: identity), try section.texts(of: identity, decompressor)))
    }
    ctxChanges = try section.ctxChanges()
    ctx = try ObjectReader(try section.ctx(), in: section, decompressor)
  }

  /// Appends the record of a row.
  package mutating func append(
    _ row: Int, to writer: inout ByteWriter
  ) throws(SectionProblem) {
    let head = Int(try heads.value(at: row))
    let cts = try times.value(at: row)
    let sts = cts &+ (try receipts.value(at: row))
    let id = try ids.id(ofRow: row, time: cts)
    var flags = section.heads[head].flags
    scratch.removeAll()
    for identity in Identity.allCases {
      let place = identity.rawValue
      let value = try identities[place].changes.value(of: row)
      try identities[place].texts.append(value, to: &scratch)
      if !scratch.range(of: place).isEmpty { flags.insert(Self.flag(identity)) }
    }
    let rawTime = rawTime(of: row)
    if rawTime != nil { flags.insert(.rawTime) }

    writer.append(EventRecord.version)
    writer.append(section.heads[head].kind.rawValue)
    writer.append(littleEndian: flags.rawValue)
    writer.append(littleEndian: id.high.byteSwapped)
    writer.append(littleEndian: id.low.byteSwapped)
    writer.append(littleEndian: cts)
    writer.append(littleEndian: sts)
    writer.append(text: section.heads[head].name)
    if let rawTime { writer.append(littleEndian: rawTime) }
    for identity in [Identity.profile, .device, .session, .visitor] {
      let range = scratch.range(of: identity.rawValue)
      if range.isEmpty { continue }
      writer.append(varint: UInt64(range.count))
      writer.append(scratch.bytes[range])
    }
    if props[head] == nil {
      props[head] = (
        try section.ranks(ofHead: head),
        try ObjectReader(try section.props(ofHead: head), in: section, decompressor)
      )
    }
    let rank = try rank(of: row, head: head)
    try props[head]?.objects.append(rank, to: &writer)
    try ctx.append(try ctxChanges.value(of: row), to: &writer)
  }

  /// Who brought the event of a row.
  package mutating func source(ofRow row: Int) throws(SectionProblem) -> String {
    section.directory.sources[Int(try sources.value(at: row))]
  }

  private static func flag(_ identity: Identity) -> EventRecord.Flags {
    switch identity {
    case .profile: .profile
    case .device: .device
    case .visitor: .visitor
    case .session: .session
    }
  }

  private func rawTime(of row: Int) -> Int64? {
    var low = 0
    var high = raw.count
    while low < high {
      let middle = (low + high) / 2
      if raw[middle].row < row { low = middle + 1 } else { high = middle }
    }
    return low < raw.count && raw[low].row == row ? raw[low].time : nil
  }

  /// How many rows with its head stand before a row.
  private mutating func rank(of row: Int, head: Int) throws(SectionProblem) -> Int {
    let block = row / Lanes.blockCount
    try heads.load(block)
    var rank = Int(props[head]?.ranks.before[block] ?? 0)
    for index in 0..<(row % Lanes.blockCount) where heads.values[index] == UInt32(head) {
      rank += 1
    }
    return rank
  }
}

/// Objects of a table as canonical bytes.
struct ObjectReader {
  private let table: PropertyTable
  private let directory: SectionDirectory
  private let decompressor: ZstdDecompressor
  private var shapeCodes: CodeCursor
  private var cursors: [Int: ValueCursor] = [:]
  private var scratch = TextRows()

  init(
    _ table: PropertyTable, in section: Section, _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) {
    self.table = table
    self.directory = section.directory
    self.decompressor = decompressor
    shapeCodes = try table.shapeCodes()
  }

  /// Appends object `number` of the table, with its braces.
  mutating func append(
    _ number: Int, to writer: inout ByteWriter
  ) throws(SectionProblem) {
    guard number < table.count else { throw .column("no object \(number)") }
    let block = number / Lanes.blockCount
    try shapeCodes.load(block)
    let code = Int(shapeCodes.values[number % Lanes.blockCount])
    var open: [(field: UInt32, lengthAt: Int)] = []
    Self.begin(directory.shapes[Int(table.shapes[code])].first.map(root) ?? 0, &open, &writer)
    var valued = 0
    for field in directory.shapes[Int(table.shapes[code])] {
      let description = directory.fields[Int(field)]
      while let last = open.last, last.field != description.parent {
        guard open.count > 1 else { throw .column("a shape that is no tree") }
        Self.end(&open, &writer)
      }
      writer.append(text: directory.keys[Int(description.key)])
      if description.kind == .object {
        Self.begin(field + SectionField.base, &open, &writer)
        continue
      }
      guard description.kind.hasValues else {
        writer.append(Properties.Tag.null.rawValue)
        continue
      }
      let column = table.columnsOfShape[code][valued]
      valued += 1
      try append(column, try index(of: number, column: column), to: &writer)
    }
    while !open.isEmpty { Self.end(&open, &writer) }
  }

  /// Whether the members of a shape are those of `props` or of `ctx`.
  private func root(of field: UInt32) -> UInt32 {
    var parent = directory.fields[Int(field)].parent
    while parent >= SectionField.base {
      parent = directory.fields[Int(parent - SectionField.base)].parent
    }
    return parent
  }

  /// Where the value of an object stands in a column.
  private func index(of number: Int, column: Int) throws(SectionProblem) -> Int {
    let block = number / Lanes.blockCount
    if table.shapes.count == 1 { return number }
    var index = table.rank(ofBlock: block, column: column)
    for place in 0..<(number % Lanes.blockCount)
    where table.hasColumn(column, Int(shapeCodes.values[place])) {
      index += 1
    }
    return index
  }

  private mutating func append(
    _ column: Int, _ index: Int, to writer: inout ByteWriter
  ) throws(SectionProblem) {
    var cursor: ValueCursor
    // Taken out, so that it is changed in place and not copied.
    if let known = cursors.removeValue(forKey: column) {
      cursor = known
    } else {
      cursor = try table.cursor(ofColumn: column, decompressor)
    }
    switch cursor {
    case .bools(var bools):
      let tag: Properties.Tag = try bools.value(at: index) ? .true : .false
      writer.append(tag.rawValue)
      cursor = .bools(bools)
    case .integers(var integers):
      writer.append(Properties.Tag.integer.rawValue)
      writer.append(zigzag: try integers.value(at: index))
      cursor = .integers(integers)
    case .doubles(var doubles):
      writer.append(Properties.Tag.double.rawValue)
      writer.append(littleEndian: try doubles.value(at: index).bitPattern)
      cursor = .doubles(doubles)
    case .texts(var texts):
      scratch.removeAll()
      try texts.append(index, to: &scratch)
      if table.columns[column].kind == .string {
        writer.append(Properties.Tag.string.rawValue)
        writer.append(varint: UInt64(scratch.bytes.count))
      }
      // An array was kept with its tag and length.
      writer.append(scratch.bytes)
      cursor = .texts(texts)
    }
    cursors[column] = cursor
  }

  private static func begin(
    _ field: UInt32, _ open: inout [(field: UInt32, lengthAt: Int)], _ writer: inout ByteWriter
  ) {
    writer.append(Properties.Tag.object.rawValue)
    open.append((field, writer.count))
    writer.append(littleEndian: 0 as UInt32)
  }

  private static func end(
    _ open: inout [(field: UInt32, lengthAt: Int)], _ writer: inout ByteWriter
  ) {
    let (_, place) = open.removeLast()
    writer.patch(littleEndian: UInt32(writer.count - place - 4), at: place)
  }
}
