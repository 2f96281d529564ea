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
  /// By head, once one of its rows was asked for.
  private var props: [(ranks: HeadRanks, objects: ObjectReader)?]
  private var rowRanks: RowRanks
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
    props = Array(repeating: nil, count: directory.heads.count)
    rowRanks = RowRanks(heads: directory.heads.count)
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
      let bytes = scratch.bytes
      writer.append(bytes.span.extracting(range))
    }
    if props[head] == nil {
      props[head] = (
        try section.ranks(ofHead: head),
        try ObjectReader(try section.props(ofHead: head), in: section, decompressor)
      )
    }
    let block = row / Lanes.blockCount
    try heads.load(block)
    let rank = Int(props[head]?.ranks.before[block] ?? 0) + rowRanks.rank(of: row, heads.values)
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
}

/// How many rows of a block have each head, up to a row: counted on from the row before.
private struct RowRanks {
  private var counts: [Int]
  private var row = -1

  init(heads: Int) { counts = Array(repeating: 0, count: heads) }

  /// How many rows of its block with its head stand before a row; `codes` are those of the block.
  mutating func rank(of row: Int, _ codes: [UInt32]) -> Int {
    let block = row / Lanes.blockCount
    if self.row < 0 || row < self.row || self.row / Lanes.blockCount != block {
      for head in counts.indices { counts[head] = 0 }
      self.row = block * Lanes.blockCount
    }
    let place = row % Lanes.blockCount
    Self.count(codes.span.extracting((self.row % Lanes.blockCount)..<place), &counts)
    self.row = row
    return counts[Int(codes[place])]
  }

  private static func count(_ codes: Span<UInt32>, _ counts: inout [Int]) {
    var counts = counts.mutableSpan
    var index = 0
    while index < codes.count {
      counts[Int(codes[index])] &+= 1
      index &+= 1
    }
  }
}
