import Batches
import Events

/// A body that decodes gives records that encode to a body of the same records, and its core says what
/// the whole says.
@Sendable func fuzzBatchBody(_ lent: Span<UInt8>) {
  let bytes = copy(lent)
  let limits = BatchLimits(rows: 2_000, compressedBytes: 1 << 20, plainBytes: 1 << 20)
  let core = try? BatchCore(decoding: bytes, limits: limits)
  guard let columns = try? BatchColumns(decoding: bytes, limits: limits) else { return }
  precondition(core?.ids == columns.ids && core?.cts == columns.cts, "another core")
  let records = columns.records()
  for row in 0..<columns.rowCount {
    precondition(records.id(at: row) == columns.ids[row], "another id")
    _ = columns.payloadHash(at: row)
  }
  _ = columns.problems()
  checkRecords(records)
}

/// Records of strangers are refused, or come back byte by byte.
@Sendable func fuzzBatchRecords(_ lent: Span<UInt8>) {
  let bytes = copy(lent)
  guard bytes.count > 80 else { return }
  // Two ends somewhere inside, by the first bytes; the rest are the records.
  let rest = Array(bytes.dropFirst(2))
  let first = Int(bytes[0]) * rest.count / 256
  let second = first + Int(bytes[1]) * (rest.count - first) / 256
  let ends = [first, second, rest.count]
  if let list = EventList(adopting: rest, ends: ends) { checkRecords(list, mayFail: true) }
  if let list = EventList(adopting: rest, ends: [rest.count]) { checkRecords(list, mayFail: true) }
}

/// A header that decodes encodes to the same bytes; messages are read or refused.
@Sendable func fuzzBatchHeader(_ lent: Span<UInt8>) {
  let bytes = copy(lent)
  if let header = try? BatchHeader(decoding: lent) {
    precondition(header.encode() == bytes, "written otherwise")
  }
  if let message = try? SignedMessage(decoding: lent) {
    let again = message.encode()
    let same = try? SignedMessage(decoding: again.span)
    precondition(same == message, "written otherwise")
  }
  if let acknowledgement = try? Acknowledgement(decoding: lent) {
    let again = acknowledgement.encode()
    let same = try? Acknowledgement(decoding: again.span)
    precondition(same == acknowledgement, "written otherwise")
  }
  _ = try? HelloRequest(decoding: lent)
  _ = try? HelloReply(decoding: lent)
  _ = try? EnrolmentRequest(decoding: lent)
  _ = try? EnrolmentReply(decoding: lent)
  _ = Refusal(decoding: lent)
}

private func checkRecords(_ records: EventList, mayFail: Bool = false) {
  guard let body = try? BatchBody.encode(records: records.bytes, ends: records.ends) else {
    precondition(mayFail, "what decoded does not encode")
    return
  }
  let limits = BatchLimits(rows: 65_535, compressedBytes: 1 << 30, plainBytes: 1 << 30)
  let again = try? BatchColumns(decoding: body.bytes, limits: limits)
  precondition(again?.records() == records, "other records came back")
}

private func copy(_ lent: Span<UInt8>) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(lent.count)
  for index in lent.indices { bytes.append(lent[index]) }
  return bytes
}
