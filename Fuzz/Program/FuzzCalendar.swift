import Calendar

/// Text that is read as a time is written so that it is read as the same, numbers of any size are
/// instants, and no bucket or range traps.
@Sendable func fuzzCalendar(_ lent: Span<UInt8>) {
  var bytes: [UInt8] = []
  for index in lent.indices { bytes.append(lent[index]) }
  let number = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  let now = Instant(milliseconds: Int64(bitPattern: number))
  checkText(bytes, now)
  checkBuckets(now)
  if let event = Instant(timestamp: now.milliseconds) { checkEvent(event) }
  if let event = Instant(timestamp: Double(bitPattern: number)) { checkEvent(event) }
  let bound = TimeBound(bytes.span)
  for range in [
    try? TimeRange.ofQuestion(from: bound, to: nil, now: now),
    try? TimeRange.ofUserEvent(startedAt: nil, endedAt: bound, now: now),
  ] {
    precondition(range?.isEmpty != true, "an empty range")
  }
}

private func checkText(_ bytes: [UInt8], _ now: Instant) {
  if let instant = Instant(rfc3339: bytes.span) {
    let again = instant.rfc3339Bytes
    let fits = again.count == 24
    precondition(!fits || Instant(rfc3339: again.span) == instant, "written otherwise")
  }
  if let instant = Instant(httpDate: bytes.span, now: now) {
    let again = Array(instant.httpDate.utf8)
    precondition(Instant(httpDate: again.span, now: now) == instant, "written otherwise")
  }
  if let date = CivilDate(bytes.span) {
    precondition(date.description == String(decoding: bytes, as: UTF8.self), "written otherwise")
  }
}

private func checkBuckets(_ instant: Instant) {
  precondition(Zone.utc.instant(of: Zone.utc.localTime(at: instant)) == instant, "another time")
  for bucket in [Bucket.hour, .day, .week, .week(startingOn: .sunday), .month] {
    let start = bucket.start(of: instant)
    precondition(start <= instant && instant <= bucket.next(after: start), "another bucket")
    let behind = instant.saturatingAdding(milliseconds: 10_000_000_000)
    _ = bucket.starts(in: instant..<behind, limit: 100)
  }
}

private func checkEvent(_ instant: Instant) {
  precondition(Instant.ofEvents.contains(instant), "outside the time of events")
}
