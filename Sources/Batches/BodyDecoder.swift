import Columns
import Events

/// Reads a body front to back, column by column.
struct BodyDecoder {
  /// Inside the batch's own code a problem is either the columns' or one of `BatchProblem`.
  enum Failure: Error {
    case columns(ColumnProblem)
    case batch(BatchProblem)
  }

  let rowCount: Int
  let recordBytes: Int
  var reader: ColumnReader
  var arena: TextArena
  var people: People
  var carry = Carry(groups: 1)
  /// The flags of each row, for the columns that only some rows have.
  var rowFlags: [UInt16] = []

  init(_ body: Span<UInt8>, limits: BatchLimits) throws(BatchProblem) {
    guard body.count <= limits.plainBytes else {
      throw .tooLarge(what: "body", limit: limits.plainBytes)
    }
    guard body.count >= BatchBody.prologueBytes else { throw .truncated }
    rowCount = Int(halfWord(body, at: 0))
    recordBytes = Int(halfWord(body, at: 4))
    let dense = Int(halfWord(body, at: 8))
    let codes = Int(halfWord(body, at: 12))
    guard rowCount > 0 else { throw .emptyBatch }
    guard rowCount <= limits.rows else { throw .tooLarge(what: "rows", limit: limits.rows) }
    guard recordBytes <= limits.plainBytes else {
      throw .tooLarge(what: "records", limit: limits.plainBytes)
    }
    let denseStart = BatchBody.prologueBytes
    guard dense <= body.count - denseStart, codes <= body.count - denseStart - dense else {
      throw .truncated
    }
    let codesStart = denseStart + dense
    let textsStart = codesStart + codes
    reader = ColumnReader(
      dense: denseStart..<codesStart, codes: codesStart..<textsStart,
      texts: textsStart..<body.count)
    arena = TextArena(limit: recordBytes)
    people = People(rows: rowCount)
  }

  mutating func core(_ body: Span<UInt8>) throws(Failure) -> BatchCore {
    let nobody = [UInt32](repeating: 0, count: rowCount)
    let names = try text(nobody, .texts, body)
    let nameCodes = names.entries.map { UInt32(truncatingIfNeeded: $0) }
    let (heads, headCodes) = try self.heads(names: nameCodes, names.dictionary.count, body)
    let sts = try times(body)
    let cts = try times(body, sts: sts)
    let rawRows = rows(with: .rawTime)
    var raw: [Int64] = []
    var clientTimes: [Int64]?
    if !rawRows.isEmpty {
      raw = try integers(rawRows.count, body)
      var times = cts
      for (index, row) in rawRows.enumerated() {
        raw[index] &+= cts[Int(row)]
        times[Int(row)] = raw[index]
      }
      clientTimes = times
    }
    let ids = try self.ids(
      times: times(body, sts: sts, cts: cts, raw: clientTimes), body)
    var identities: [BatchCore.IdentityColumn] = []
    for flag in [EventRecord.Flags.profile, .device, .visitor] {
      identities.append(try identity(flag, body))
    }
    return BatchCore(
      rowCount: rowCount, recordBytes: recordBytes, ids: ids, cts: cts, sts: sts,
      raw: BatchCore.RowTimes(rows: rawRows, times: raw), nameCodes: nameCodes,
      nameCount: names.dictionary.count, headCodes: headCodes, heads: heads, people: identities,
      texts: arena)
  }

  /// The column of an id that some rows have, and with it who those rows are by.
  mutating func identity(
    _ flag: EventRecord.Flags, _ body: Span<UInt8>
  ) throws(Failure) -> BatchCore.IdentityColumn {
    let rows = self.rows(with: flag)
    var entries = [UInt32](repeating: BatchCore.IdentityColumn.nobody, count: rowCount)
    guard !rows.isEmpty else {
      return BatchCore.IdentityColumn(entries: entries, dictionary: 0..<0)
    }
    let column = try text(people.groups(of: rows), .texts, body)
    let first = UInt64(column.dictionary.lowerBound)
    var codes: [UInt32] = []
    codes.reserveCapacity(rows.count)
    for index in rows.indices {
      entries[Int(rows[index])] = UInt32(truncatingIfNeeded: column.entries[index])
      codes.append(UInt32(truncatingIfNeeded: column.entries[index] &- first))
    }
    people.add(codes, at: rows, entries: column.dictionary.count)
    carry.start(groups: people.count)
    return BatchCore.IdentityColumn(entries: entries, dictionary: column.dictionary)
  }

  private mutating func heads(
    names: [UInt32], _ nameCount: Int, _ body: Span<UInt8>
  ) throws(Failure) -> (heads: [BatchCore.Head], codes: [UInt32]) {
    var heads: [BatchCore.Head] = []
    do {
      for _ in 0..<(try reader.count(body, atMost: rowCount)) {
        let place = reader.codes.position
        let kindCode = try reader.codes.byte(body)
        let low = UInt16(try reader.codes.byte(body))
        let flags = EventRecord.Flags(rawValue: low | UInt16(try reader.codes.byte(body)) << 8)
        guard let kind = EventKind(rawValue: kindCode) else {
          throw Failure.batch(.badValue(field: "kind", at: place))
        }
        guard EventRecord.Flags.known.isSuperset(of: flags) else {
          throw Failure.batch(.badValue(field: "flags", at: place))
        }
        heads.append(BatchCore.Head(kind: kind, flags: flags))
      }
      let codes = try GroupedCodeColumn.decode(
        entries: heads.count, groups: names, groupCount: nameCount, from: &reader, body)
      rowFlags = codes.map { heads[Int($0)].flags.rawValue }
      return (heads, codes)
    } catch { throw Failure(error) }
  }

  /// A time that is told by one of the columns before it.
  private mutating func times(
    _ body: Span<UInt8>, sts: [Int64]? = nil, cts: [Int64]? = nil, raw: [Int64]? = nil
  ) throws(Failure) -> [Int64] {
    let place = reader.codes.position
    let mode: UInt8
    let coded: UInt64
    do {
      mode = try reader.codes.byte(body)
      coded = try reader.varint(body)
    } catch { throw .columns(error) }
    let first = Int64(bitPattern: coded >> 1) ^ -Int64(bitPattern: coded & 1)
    let base: [Int64]?
    switch TimeBase(rawValue: mode) {
    case .previous: return IntegerColumn.sums(try integers(rowCount, body), from: first)
    case .sts: base = sts
    case .cts: base = cts
    case .raw: base = raw
    case nil: base = nil
    }
    guard let base else { throw .columns(.unknownMode(mode, at: place)) }
    var values = try integers(rowCount, body)
    for index in values.indices { values[index] &+= base[index] &+ first }
    return values
  }

  private mutating func ids(
    times: [Int64], _ body: Span<UInt8>
  ) throws(Failure) -> [EventID] {
    do {
      let place = reader.dense.position
      let lows = body.extracting(try reader.dense.take(rowCount * 8))
      let highs = try PackedColumn.decode(rowCount, width: 10, from: &reader, body)
      var ids: [EventID] = []
      ids.reserveCapacity(rowCount)
      for row in times.indices {
        guard times[row] >> 48 == 0 else {
          throw Failure.batch(.badValue(field: "id", at: place))
        }
        let low = word(lows, at: row &* 8)
        let chance = UInt64(highs[row]) &<< 2 | low &>> 62
        ids.append(EventID(milliseconds: times[row], chance: (high: chance, low: low)))
      }
      return ids
    } catch { throw Failure(error) }
  }

  /// The rows whose events have this.
  func rows(with flag: EventRecord.Flags) -> [UInt32] {
    var rows: [UInt32] = []
    for row in rowFlags.indices where rowFlags[row] & flag.rawValue != 0 {
      rows.append(UInt32(truncatingIfNeeded: row))
    }
    return rows
  }

  mutating func text(
    _ groups: [UInt32], _ content: TextColumn.Content, _ body: Span<UInt8>
  ) throws(Failure) -> TextColumn {
    do {
      return try TextColumn(
        groups: groups.span, content: content, carry: &carry, from: &reader, body, into: &arena)
    } catch { throw .columns(error) }
  }

  private mutating func integers(_ count: Int, _ body: Span<UInt8>) throws(Failure) -> [Int64] {
    do { return try IntegerColumn.decode(count, from: &reader, body) } catch {
      throw .columns(error)
    }
  }
}

extension BodyDecoder.Failure {
  init(_ error: any Error) {
    switch error {
    case let failure as BodyDecoder.Failure: self = failure
    case let problem as ColumnProblem: self = .columns(problem)
    default: preconditionFailure("\(error) is not one of ours")
    }
  }
}

extension BatchProblem {
  init(_ failure: BodyDecoder.Failure) {
    switch failure {
    case .columns(let problem): self = .columns(problem)
    case .batch(let problem): self = problem
    }
  }
}
