/// When the clocks of a zone have been and will be changed, and what they show between.
///
/// A zone's file lists changes up to some year; behind its last one, the rule at its end goes on
/// for ever. Entries that leave the offset as it is (other letters, another kind of time, padding)
/// are no changes here.
final class ZoneRules: Sendable {
  /// No zone's clocks are further from UTC; RFC 9636 asks for less than 26 hours.
  static let largestOffset: Int64 = 26 * .millisecondsPerHour

  static let utc = ZoneRules(initialOffset: 0, changes: [], behind: nil)

  /// A time in which nobody touches the clocks.
  struct Stretch: Equatable {
    /// The first number of all where there is no change before.
    let start: Int64
    /// The last number of all where there is no change behind.
    let end: Int64
    let offset: Int64
  }

  private let changes: [Int64]
  /// One more than changes: the first is what was before all of them.
  private let offsets: [Int64]
  private let recurring: RecurringChanges?
  /// From here on the clocks follow `recurring`, if there is one.
  let recurringFrom: Int64

  /// Offsets are within `largestOffset`; changes ascend. `rule` holds from the last of them on.
  init(
    initialOffset: Int64, changes listed: [(instant: Int64, offset: Int64)],
    behind rule: FooterRule?
  ) {
    var changes: [Int64] = []
    var offsets = [initialOffset]
    let last = listed.last?.instant ?? .min
    var listed = listed
    var recurring: RecurringChanges?
    if let rule {
      let found = RecurringChanges(of: rule)
      let offset = found.stretch(at: last).offset
      // Files are asked to agree with their rule at the last change; in doubt the rule holds.
      if listed.isEmpty { offsets = [offset] } else { listed[listed.count - 1].offset = offset }
      recurring = found.isConstant ? nil : found
    }
    for (instant, offset) in listed where offset != offsets[changes.count] {
      changes.append(instant)
      offsets.append(offset)
    }
    self.recurring = recurring
    recurringFrom = last
    self.changes = changes
    self.offsets = offsets
  }

  func stretch(at instant: Int64) -> Stretch {
    if let recurring, instant >= recurringFrom {
      let stretch = recurring.stretch(at: instant)
      if stretch.start > recurringFrom { return stretch }
      return Stretch(start: changes.last ?? .min, end: stretch.end, offset: stretch.offset)
    }
    let index = changes.countUpTo(instant)
    if index < changes.count {
      let start = index > 0 ? changes[index - 1] : .min
      return Stretch(start: start, end: changes[index], offset: offsets[index])
    }
    return Stretch(
      start: changes.last ?? .min, end: recurring?.stretch(at: recurringFrom).end ?? .max,
      offset: offsets[index])
  }
}

extension ZoneRules: Equatable {
  static func == (left: ZoneRules, right: ZoneRules) -> Bool {
    left === right
      || (left.changes == right.changes && left.offsets == right.offsets
        && left.recurringFrom == right.recurringFrom && left.recurring == right.recurring)
  }
}

extension [Int64] {
  /// How many of these, which ascend, are no more than `value`.
  func countUpTo(_ value: Int64) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self[middle] <= value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
