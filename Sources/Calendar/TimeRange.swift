/// One end of a range as a question writes it.
package enum TimeBound: Equatable, Sendable {
  /// `2025-05-03`: as a start, its first instant; as an end, the whole day is still in the range.
  case date(CivilDate)
  /// A time without a zone: the asking project's clocks show it.
  case local(LocalTime)
  /// As an end it is not in the range any more.
  case instant(Instant)

  /// Nil where the bytes are neither a date nor an RFC 3339 time, with or without a zone.
  package init?(_ bytes: Span<UInt8>) {
    if let date = CivilDate(bytes) {
      self = .date(date)
    } else if let time = RFC3339Time(bytes) {
      self = time.offsetMilliseconds == nil ? .local(time.time) : .instant(time.instant())
    } else {
      return nil
    }
  }

  package func start(in zone: Zone) -> Instant {
    switch self {
    case .date(let date): zone.start(of: date)
    case .local(let time): zone.instant(of: time)
    case .instant(let instant): instant
    }
  }

  package func end(in zone: Zone) -> Instant {
    if case .date(let date) = self { return zone.start(of: date.adding(days: 1)) }
    return start(in: zone)
  }
}

/// The rules by which a question's two bounds, either of which may be absent, become the half-open
/// range `[from, to)` that everything else works with.
package enum TimeRange {
  package enum Problem: Error, Equatable {
    /// Nothing lies between the bounds: the end is the start, or before it.
    case empty(from: Instant, to: Instant)
  }

  package static let defaultDays = 30

  /// The range of a report: by default the last 30 days, today included. A start alone goes on to
  /// the end of today; an end alone looks back on the 30 days before it.
  package static func ofQuestion(
    from: TimeBound?, to: TimeBound?, now: Instant, in zone: Zone = .utc
  ) throws(Problem) -> Range<Instant> {
    let end = to?.end(in: zone) ?? TimeBound.date(zone.date(at: now)).end(in: zone)
    let start = from?.start(in: zone) ?? zone.shifted(end, byDays: -defaultDays)
    return try range(start, end)
  }

  /// The range a user-defined event is valid in: by default from the start of today until the same
  /// local time 30 calendar days after its start.
  package static func ofUserEvent(
    startedAt: TimeBound?, endedAt: TimeBound?, now: Instant, in zone: Zone = .utc
  ) throws(Problem) -> Range<Instant> {
    let start = (startedAt ?? .date(zone.date(at: now))).start(in: zone)
    let end = endedAt?.end(in: zone) ?? zone.shifted(start, byDays: defaultDays)
    return try range(start, end)
  }

  private static func range(_ start: Instant, _ end: Instant) throws(Problem) -> Range<Instant> {
    guard start < end else { throw .empty(from: start, to: end) }
    return start..<end
  }
}

extension Zone {
  /// The same time on the wall so many calendar days later, or earlier.
  package func shifted(_ instant: Instant, byDays days: Int) -> Instant {
    let time = localTime(at: instant)
    return self.instant(
      of: LocalTime(date: time.date.adding(days: days), millisecondOfDay: time.millisecondOfDay))
  }
}
