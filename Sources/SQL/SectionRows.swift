import Columns
import Compression
import Events
import JSON
import Platform
import Sections
import SQLite

/// One section's rows as values of the table's columns: each column is opened when it is first asked
/// for, and read block by block.
final class SectionRows {
  private let section: Section
  private let secret: ProjectSecret
  private let wanted: [Bool]
  private let decompressor = ZstdDecompressor()
  private var heads: CodeCursor
  private var times: IntegerCursor
  private var receipts: IntegerCursor?
  private var sources: CodeCursor?
  private var ids: IDSection?
  private var identities: [Identity: (changes: ChangeCursor, texts: TextCursor)] = [:]
  private var records: RecordReader?
  /// The record that was read last, for whoever wants its other properties too.
  private var record: (row: Int, bytes: [UInt8])?
  private var scratch = TextRows()

  /// `wanted` tells by head code which rows are wanted.
  init(_ section: Section, _ wanted: [Bool], _ secret: ProjectSecret) throws(SectionProblem) {
    self.section = section
    self.secret = secret
    self.wanted = wanted
    heads = try section.headCodes()
    times = try section.times()
  }

  /// Appends the rows of a block that are wanted.
  func find(
    in block: Int, of rows: Range<Int>, _ range: ClosedRange<Int64>, into matches: inout [Int]
  ) throws(SectionProblem) {
    let first = block * Section.blockRows
    let count = try times.load(block)
    try heads.load(block)
    for index in max(rows.lowerBound - first, 0)..<min(rows.upperBound - first, count)
    where range.contains(times.values[index]) && wanted[Int(heads.values[index])]
      && !section.hidden.contains(first + index)
    {
      matches.append(first + index)
    }
  }

  func write(
    _ column: EventsTable.Column, ofRow row: Int, to value: TableValue
  ) throws(SectionProblem) {
    switch column {
    case .name: value.set(section.heads[Int(try heads.value(at: row))].name)
    case .cts: value.set(try times.value(at: row))
    case .sts:
      if receipts == nil { receipts = try section.receipts() }
      if let delay = try receipts?.value(at: row) { value.set(try times.value(at: row) &+ delay) }
    case .id:
      if ids == nil { ids = try section.ids(secret.ids) }
      if let id = try ids?.id(ofRow: row, time: try times.value(at: row)) {
        value.set(id.description)
      }
    case .source:
      if sources == nil { sources = try section.sourceCodes() }
      if let code = try sources?.value(at: row) { value.set(section.directory.sources[Int(code)]) }
    case .profile: try write(Identity.profile, ofRow: row, to: value)
    case .device: try write(Identity.device, ofRow: row, to: value)
    case .session: try write(Identity.session, ofRow: row, to: value)
    case .visitor: try write(Identity.visitor, ofRow: row, to: value)
    case .props: try write(ofRow: row, to: value) { $0.props }
    case .ctx: try write(ofRow: row, to: value) { $0.ctx }
    }
  }

  private func write(
    _ identity: Identity, ofRow row: Int, to value: TableValue
  ) throws(SectionProblem) {
    if identities[identity] == nil {
      identities[identity] = (
        try section.changes(of: identity), try section.texts(of: identity, decompressor)
      )
    }
    scratch.removeAll()
    guard let change = try identities[identity]?.changes.value(of: row) else { return }
    try identities[identity]?.texts.append(change, to: &scratch)
    // An empty text is none.
    if scratch.bytes.isEmpty { return }
    let bytes = scratch.bytes
    value.set(bytes.span)
  }

  /// Properties as JSON.
  private func write(
    ofRow row: Int, to value: TableValue, _ part: (EventRecordView) -> Range<Int>
  ) throws(SectionProblem) {
    let bytes = try bytes(ofRow: row)
    let span = bytes.span
    var json = JSONWriter(capacity: 256)
    do {
      let view = try EventRecordView(span, range: 0..<bytes.count, checking: false)
      _ = try Properties.write(span, from: part(view).lowerBound, to: &json)
    } catch { throw .column("a record: \(error)") }
    let text = json.bytes
    value.set(text.span)
  }

  private func bytes(ofRow row: Int) throws(SectionProblem) -> [UInt8] {
    if let record, record.row == row { return record.bytes }
    if records == nil { records = try RecordReader(section, ids: secret.ids, decompressor) }
    var writer = ByteWriter()
    try records?.append(row, to: &writer)
    record = (row, writer.bytes)
    return writer.bytes
  }
}
