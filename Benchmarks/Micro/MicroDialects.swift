import Dialects
import Events
import Platform

/// Turns every event of an NDJSON file into a record, as the collector does: in one body, in bodies
/// of a hundred as an array, and one by one; then checks the records as the aggregator does.
@Sendable func benchmarkDialects(_ arguments: [String]) throws {
  guard let path = arguments.first else { fatalError("usage: micro dialects <events.ndjson>") }
  var bytes = readFile(path)
  let limit = 20_000
  let all = lines(of: bytes)
  if all.count > limit { bytes.removeLast(bytes.count - all[limit - 1].upperBound - 1) }
  let count = min(all.count, limit)
  let ids = EventIDSource(clock: FixedClock(), random: SystemRandom())
  var reader = DialectReader(ids: ids)
  // The dataset has five projects; the benchmark asks for speed, so each body's is the same.
  let body = rewritten(bytes, all.prefix(limit))
  let bodyLines = lines(of: body)
  print("\(body.count) bytes, \(count) events")
  let arrays = stride(from: 0, to: bodyLines.count, by: 100).map { start in
    array(body, bodyLines[start..<min(start + 100, bodyLines.count)])
  }
  let context = RequestContext(
    reception: Reception(
      project: try ProjectID("acme-web"), milliseconds: 1_771_665_012_345,
      address: "203.0.113.5", userAgent: "Mozilla/5.0 (X11; Linux x86_64)"),
    maximumEvents: limit)
  var events = EventList()
  var rejections: [Rejection] = []

  try measure("one body of NDJSON", bytes: body.count, items: count) {
    events.removeAll()
    _ = try reader.read(body.span, on: .events, context, into: &events, &rejections)
  }
  precondition(events.count == count && rejections.isEmpty, "\(rejections.first as Any)")
  print("  \(events.bytes.count / events.count) bytes a record")
  try measure("arrays of 100", bytes: body.count, items: count) {
    for array in arrays {
      events.removeAll()
      _ = try reader.read(array.span, on: .events, context, into: &events, &rejections)
    }
  }
  try measure("arrays of 100, with replies", bytes: body.count, items: count) {
    for array in arrays {
      events.removeAll()
      let dialect = try reader.read(array.span, on: .events, context, into: &events, &rejections)
      precondition(Reply(dialect, events, rejections).status == 200)
    }
  }
  let singles = bodyLines.map { Array(body[$0]) }
  try measure("one event a body", bytes: body.count, items: count) {
    for single in singles {
      events.removeAll()
      _ = try reader.read(single.span, on: .events, context, into: &events, &rejections)
    }
  }
  events.removeAll()
  _ = try reader.read(body.span, on: .events, context, into: &events, &rejections)
  let records = events
  try measure("records checked", bytes: records.bytes.count, items: records.count) {
    for index in 0..<records.count {
      _ = try EventRecordView(records.bytes.span, range: records.range(at: index), checking: true)
    }
  }
  measure("ids minted", bytes: 0, items: 100_000) {
    for _ in 0..<100_000 { _ = ids.next(at: 1_771_665_012_345) }
  }
}

/// The same events, all of one project.
private func rewritten(_ bytes: [UInt8], _ lines: ArraySlice<Range<Int>>) -> [UInt8] {
  let marker = Array("\"project_id\":\"".utf8)
  var result: [UInt8] = []
  for line in lines {
    let start = line.first { bytes[$0...].starts(with: marker) }! + marker.count
    result += bytes[line.lowerBound..<start]
    result += "acme-web".utf8
    result += bytes[bytes[start...].firstIndex(of: UInt8(ascii: "\""))!..<line.upperBound]
    result.append(0x0A)
  }
  return result
}

private func array(_ bytes: [UInt8], _ lines: ArraySlice<Range<Int>>) -> [UInt8] {
  var result = [UInt8(ascii: "[")]
  for (index, line) in lines.enumerated() {
    if index > 0 { result.append(UInt8(ascii: ",")) }
    result += bytes[line]
  }
  return result + [UInt8(ascii: "]")]
}

private struct FixedClock: Clock {
  var wallMilliseconds: Int64 { 1_771_665_012_345 }
  var monotonicNanoseconds: UInt64 { 0 }
  func sleep(for duration: Duration) async {}
}
