import Batches
import Compression
import Crypto
import Events
import JSON
import Platform

/// Makes batches of 1,000 events of one project, and opens them: what travels beside the same NDJSON
/// under zstd −3, and what each step costs an event.
@Sendable func benchmarkBatches(_ arguments: [String]) throws {
  guard let path = arguments.first else { fatalError("usage: micro batches <events.ndjson>") }
  let project = arguments.count > 1 ? arguments[1] : "acme-web"
  let rows = arguments.count > 2 ? Int(arguments[2]) ?? 1000 : 1000
  let bytes = readFile(path)
  let marker = Array("\"project_id\":\"\(project)\"".utf8)
  let chosen = lines(of: bytes).filter { isIn(bytes, $0, marker) }
  var groups: [[Range<Int>]] = []
  for start in stride(from: 0, through: chosen.count - rows, by: rows) {
    groups.append(Array(chosen[start..<(start + rows)]))
  }
  let lists = try groups.enumerated().map { number, group in
    try records(group, bytes, receivedAt: 1_795_000_000_000 + Int64(number) * 70)
  }
  let events = lists.count * rows
  print(
    "\(lists.count) batches of \(rows) events, \(lists.reduce(0) { $0 + $1.bytes.count } / events) B a record"
  )

  let compressor = ZstdCompressor()
  var baseline = 0
  for group in groups {
    let text = group.flatMap { bytes[$0] + [0x0A] }
    baseline += compressor.compress(text.span, level: 3).count
  }
  let key = try SigningKey.generate().key
  let label = try label(project)
  var encoder = BatchEncoder()
  var sealed: [SealedBatch] = []
  var bodies: [BatchBody] = []
  for list in lists {
    let body = try encoder.encode(records: list.bytes.span, ends: list.ends.span)
    bodies.append(body)
    sealed.append(
      SealedBatch.seal(body, firstSequence: 1, as: label, key: key, compressor: compressor))
  }
  let wire = sealed.reduce(0) { $0 + $1.bytes.count }
  report(wire: wire, baseline: baseline, events: events)
  try measureSealing(lists, bodies, sealed, label, key, events)
  try measureOpening(bodies, sealed, key, events)
}

private func report(wire: Int, baseline: Int, events: Int) {
  let each = { (count: Int) in Double(count * 100 / events) / 100 }
  print("NDJSON under zstd -3: \(each(baseline)) B an event")
  print("on the wire: \(each(wire)) B an event = \(Double(wire * 1000 / baseline) / 1000) x")
  print("of that ids (74 random bits): 9.25 B = \(Int(925 * Double(events) / Double(wire))) %")
}

private func measureSealing(
  _ lists: [EventList], _ bodies: [BatchBody], _ sealed: [SealedBatch], _ label: SealedBatch.Label,
  _ key: SigningKey, _ events: Int
) throws {
  let bytes = lists.reduce(0) { $0 + $1.bytes.count }
  var encoder = BatchEncoder()
  try measure("encode", bytes: bytes, items: events) {
    for list in lists { _ = try encoder.encode(records: list.bytes.span, ends: list.ends.span) }
  }
  let compressor = ZstdCompressor()
  let plain = bodies.reduce(0) { $0 + $1.bytes.count }
  for level in [1, 3, 5, 6, 7] {
    var size = 0
    measure("zstd -\(level)", bytes: plain, items: events) {
      size = 0
      for body in bodies {
        size += compressor.compress(body.bytes.span, cuts: body.cuts, level: level).count
      }
    }
    print("  \(Double(size * 100 / events) / 100) B an event")
  }
  measure("seal (zstd, SHA-256, Ed25519)", bytes: plain, items: events) {
    for body in bodies {
      _ = SealedBatch.seal(body, firstSequence: 1, as: label, key: key, compressor: compressor)
    }
  }
}

private func measureOpening(
  _ bodies: [BatchBody], _ sealed: [SealedBatch], _ key: SigningKey, _ events: Int
) throws {
  let decompressor = ZstdDecompressor()
  let plain = bodies.reduce(0) { $0 + $1.bytes.count }
  try measure("verify, digest, decompress", bytes: plain, items: events) {
    for batch in sealed {
      let envelope = try BatchEnvelope(batch.bytes.span.extracting(first: BatchEnvelope.byteCount))
      try envelope.verify(by: key.verifyingKey)
      _ = try envelope.plainBody(
        batch.bytes.span.extracting(droppingFirst: BatchEnvelope.byteCount),
        decompressor: decompressor)
    }
  }
  try measure("decode the core", bytes: plain, items: events) {
    for body in bodies { _ = try BatchCore(decoding: body.bytes) }
  }
  try measure("decode and check all", bytes: plain, items: events) {
    for body in bodies { _ = try BatchColumns(decoding: body.bytes) }
  }
  let columns = try bodies.map { try BatchColumns(decoding: $0.bytes) }
  measure("write the records", bytes: plain, items: events) {
    for batch in columns { precondition(batch.records().count == batch.rowCount) }
  }
}

private func label(_ project: String) throws -> SealedBatch.Label {
  SealedBatch.Label(
    audience: StoreID(high: 1, low: 2), collector: CollectorID(high: 3, low: 4),
    epoch: Epoch(high: 5, low: 6), project: try ProjectID(project), number: 1,
    created: BatchHeader.Created(
      wallMilliseconds: 1_795_000_000_000, boot: BootID(high: 7, low: 8),
      monotonicMilliseconds: 9))
}

/// The records that these lines become when they come in requests of 100; without a time of receipt
/// each of them comes a moment after it happened.
func records(
  _ lines: [Range<Int>], _ bytes: [UInt8], receivedAt time: Int64?
) throws -> EventList {
  var list = EventList()
  var draft = EventDraft()
  let ids = EventIDSource(clock: StillClock(), random: SystemRandom())
  for (index, line) in lines.enumerated() {
    var cursor = JSONCursor(at: line.lowerBound)
    try cursor.enterObject(bytes.span)
    while let key = try cursor.nextKey(bytes.span) {
      switch key.string(in: bytes.span) {
      case "event_id": try draft.set(.key, of: &cursor, bytes.span, field: "event_id")
      case "event_name": try draft.set(.name, of: &cursor, bytes.span, field: "event_name")
      case "profile_id": try draft.set(.profile, of: &cursor, bytes.span, field: "profile_id")
      case "session_id": try draft.set(.session, of: &cursor, bytes.span, field: "session_id")
      case "cts":
        if case .integer(let time) = try cursor.number(bytes.span) { draft.clientTime = time }
      case "props": try draft.props.addMembers(of: &cursor, bytes.span, field: "props")
      case "ctx": try draft.ctx.addMembers(of: &cursor, bytes.span, field: "ctx")
      default: _ = try cursor.skip(bytes.span)
      }
    }
    let received = time.map { $0 + Int64(index / 100) * 7 }
    let reception = Reception(
      project: try ProjectID("acme-web"),
      milliseconds: received ?? (draft.clientTime ?? 0) + 40 + Int64(index % 30))
    try draft.finish(
      reception, dialect: "bench", index: index, textBytes: line.count, ids: ids, into: &list)
  }
  return list
}

func isIn(_ bytes: [UInt8], _ line: Range<Int>, _ marker: [UInt8]) -> Bool {
  // The project stands behind the id, near the start.
  for start in line.lowerBound..<(line.lowerBound + 80) {
    if bytes[start..<(start + marker.count)].elementsEqual(marker) { return true }
  }
  return false
}

/// Every event of the benchmark has an id and a time of its own.
private struct StillClock: Clock {
  var wallMilliseconds: Int64 { 0 }
  var monotonicNanoseconds: UInt64 { 0 }
  func sleep(for duration: Duration) async {}
}
