import Batches
import Columns
package import Compression
package import Events
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
  /// The object that was read last: neighbours mostly have the same.
  private var lastCtx: (number: Int, bytes: [UInt8]) = (-1, [])
  /// By head, once one of its rows was asked for.
  private var props: [(ranks: HeadRanks, objects: ObjectReader)?]
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
  }

  /// Appends the record of a row, whose id is known already.
  package mutating func append(
    _ row: Int, id: EventID? = nil, to writer: inout ByteWriter
  ) throws(SectionProblem) {
    let head = Int(try heads.value(at: row))
    let cts = try times.value(at: row)
    let sts = cts &+ (try receipts.value(at: row))
    let id = if let id { id } else { try ids.id(ofRow: row, time: cts) }
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
    let codes = heads.values
    let before = Self.count(
      UInt32(head), in: codes.span.extracting(first: row % Lanes.blockCount))
    let rank = Int(props[head]?.ranks.before[block] ?? 0) + before
    try props[head]?.objects.append(rank, to: &writer)
    let number = try ctxChanges.value(of: row)
    if number == lastCtx.number { return writer.append(lastCtx.bytes.span) }
    let start = writer.count
    try ctx.append(number, to: &writer)
    lastCtx = (number, Array(writer.bytes[start...]))
  }

  /// How many rows of a block have a head.
  private static func count(_ head: UInt32, in codes: Span<UInt32>) -> Int {
    var count: UInt32 = 0
    var index = 0
    while index < codes.count {
      // SAFETY: below the count.
      count &+= unsafe codes[unchecked: index] == head ? 1 : 0
      index &+= 1
    }
    return Int(count)
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
