import Calendar

/// A file of a time zone, or, where it does not begin as one, the rule at the end of a file that has
/// nothing else. Whatever it says, clocks stay near UTC, and buckets of its calendar hold their
/// instants and follow each other.
@Sendable func fuzzZone(_ lent: Span<UInt8>) {
  var bytes: [UInt8] = []
  for index in lent.indices { bytes.append(lent[index]) }
  if !bytes.starts(with: "TZif".utf8) { bytes = file(endingWith: bytes) }
  guard let zone = try? Zone(name: "Fuzz", file: bytes.span) else { return }
  let instants: [Int64] = [.min, -4_000_000_000_000, 0, 1_746_266_400_000, 1 << 43, .max]
  for milliseconds in instants {
    let instant = Instant(milliseconds: milliseconds)
    check(zone, instant)
    // And where the clocks are changed next.
    if let change = zone.change(after: instant) {
      precondition(change.instant > instant, "a change goes back in time")
      check(zone, change.instant)
    }
  }
}

private func check(_ zone: Zone, _ instant: Instant) {
  precondition(zone.offsetMilliseconds(at: instant).magnitude < 26 * 3_600_000, "far from UTC")
  precondition(zone.instant(of: zone.localTime(at: instant)) <= instant, "shown too early")
  let behind = instant.saturatingAdding(milliseconds: 400_000_000)
  _ = zone.isOnQuarterHourGrid(in: instant..<behind)
  for bucket in [Bucket.hour, .day, .week, .month, .quarter, .year] {
    let start = bucket.start(of: instant, in: zone)
    precondition(
      start <= instant && instant <= bucket.next(after: start, in: zone), "another bucket")
    let starts = bucket.starts(in: instant..<behind, of: zone, limit: 1000) ?? []
    precondition(zip(starts, starts.dropFirst()).allSatisfy { $0 < $1 }, "out of order")
    guard let table = try? BucketTable(bucket, in: instant..<behind, of: zone, limit: 1000) else {
      continue
    }
    let times = starts.map(\.milliseconds)
    var indexes = [UInt32](repeating: 0, count: times.count)
    var places = indexes.mutableSpan
    table.indexes(of: times.span, into: &places)
    for index in indexes.indices.dropFirst() {
      precondition(indexes[index] == UInt32(index), "another index")
    }
  }
}

/// Version 3 with one type of time, UTC, and these bytes as its rule.
private func file(endingWith rule: [UInt8]) -> [UInt8] {
  var block = Array("TZif3".utf8) + [UInt8](repeating: 0, count: 31)
  block += [0, 0, 0, 1, 0, 0, 0, 4]
  block += [0, 0, 0, 0, 0, 0] + Array("UTC\0".utf8)
  return block + block + [0x0A] + rule + [0x0A]
}
