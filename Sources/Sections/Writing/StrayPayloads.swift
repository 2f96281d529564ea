import Compression
import Events
import Platform

/// What came first under the stray ids of a section that is merged: from its run, or, where it has none,
/// from its rows.
struct StrayPayloads {
  private var known: [EventID: UInt64] = [:]
  private var records: RecordReader?

  init(
    of section: Section, _ mix: IDMix, _ decompressor: ZstdDecompressor
  ) throws(SectionProblem) {
    switch section.directory.strays {
    case .none: break
    case .unknown: records = try RecordReader(section, ids: mix, decompressor)
    case .run:
      guard let run = try section.strays(mix) else { return }
      var known: [EventID: UInt64] = [:]
      try run.forEach { stray throws(SectionProblem) in known[stray.id] = stray.payload }
      self.known = known
    }
  }

  mutating func payload(of id: EventID, row: Int) throws(SectionProblem) -> UInt64 {
    if let payload = known[id] { return payload }
    guard records != nil else { throw .directory("a stray that its run lacks") }
    var writer = ByteWriter()
    try records?.append(row, to: &writer)
    let bytes = writer.bytes
    guard
      let view = try? EventRecordView(  // It was just written.
        bytes.span, range: bytes.indices, checking: false)
    else { throw .column("a record that cannot be read") }
    return PayloadHash(view, in: bytes.span).high
  }
}
