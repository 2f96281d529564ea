extension Zone {
  /// A moment at which the zone's clocks are put forward or back.
  package struct Change: Hashable, Sendable {
    package let instant: Instant
    package let offsetMillisecondsBefore: Int64
    package let offsetMilliseconds: Int64
  }

  /// The first change behind the instant; nil where the clocks are left alone for ever.
  package func change(after instant: Instant) -> Change? {
    let stretch = rules.stretch(at: instant.milliseconds)
    guard stretch.end < .max else { return nil }
    return Change(
      instant: Instant(milliseconds: stretch.end), offsetMillisecondsBefore: stretch.offset,
      offsetMilliseconds: rules.stretch(at: stretch.end).offset)
  }

  /// The changes in the range, in order; nil where there are more than `limit`.
  package func changes(in range: Range<Instant>, limit: Int) -> [Change]? {
    var changes: [Change] = []
    // A change at the very start is one too, and the first instant has none.
    var instant = range.lowerBound.saturatingAdding(milliseconds: -1)
    while let change = change(after: instant), change.instant < range.upperBound {
      guard changes.count < limit else { return nil }
      changes.append(change)
      instant = change.instant
    }
    return changes
  }

  /// Whether counts by quarters of an hour (of UTC) add up to every bucket of this zone: no offset
  /// and no change in the range lies beside that grid.
  package func isOnQuarterHourGrid(in range: Range<Instant>) -> Bool {
    // What recurs does so every 400 years, whose milliseconds are quarters of an hour as well.
    let known = max(rules.recurringFrom, range.lowerBound.milliseconds)
    let end = min(
      range.upperBound.milliseconds, known.saturatingAdding(2 * RecurringChanges.period))
    var stretch = rules.stretch(at: range.lowerBound.milliseconds)
    while true {
      guard stretch.offset % .millisecondsPerQuarterHour == 0 else { return false }
      guard stretch.end < end else { return true }
      guard stretch.end % .millisecondsPerQuarterHour == 0 else { return false }
      stretch = rules.stretch(at: stretch.end)
    }
  }
}
