/// The changes of a rule that goes on for ever. The calendar, days of the week included, repeats
/// itself after 400 years; so the changes of 400 years are all there are.
struct RecurringChanges: Equatable, Sendable {
  /// 400 years, which are whole weeks.
  static let period: Int64 = 146_097 * .millisecondsPerDay

  /// From 0 to below the period, ascending.
  private let changes: [Int64]
  /// One more than changes, and the last as the first.
  private let offsets: [Int64]

  init(of rule: FooterRule) {
    let events = Self.events(of: rule)
    // The period begins as the one before it has ended.
    var offsets = [events.last?.offset ?? rule.standardOffset]
    var changes: [Int64] = []
    for (instant, offset) in events where offset != offsets[changes.count] {
      changes.append(instant)
      offsets.append(offset)
    }
    self.changes = changes
    self.offsets = offsets
  }

  var isConstant: Bool { changes.isEmpty }

  func stretch(at instant: Int64) -> ZoneRules.Stretch {
    guard let first = changes.first, let last = changes.last else {
      return ZoneRules.Stretch(start: .min, end: .max, offset: offsets[0])
    }
    let place = instant.flooringDivided(by: Self.period).remainder
    let index = changes.countUpTo(place)
    let start = index > 0 ? changes[index - 1] : last - Self.period
    let end = index < changes.count ? changes[index] : first + Self.period
    return ZoneRules.Stretch(
      start: instant.saturatingAdding(start - place), end: instant.saturatingAdding(end - place),
      offset: offsets[index])
  }

  /// What the rule says from when on, in one period, each instant once.
  private static func events(of rule: FooterRule) -> [(instant: Int64, offset: Int64)] {
    guard let summer = rule.summer else { return [] }
    func start(in year: Int) -> Int64 {
      summer.start.milliseconds(in: year) - rule.standardOffset
    }
    var all: [(instant: Int64, offset: Int64)] = []
    // Rules may reach a week over the ends of their year.
    for year in 1969...2370 {
      let (start, nextStart) = (start(in: year), start(in: year + 1))
      let end = summer.end.milliseconds(in: year) - summer.offset
      // Summer that ends as it starts is none; one that lasts until the next starts never ends.
      guard start != end else { continue }
      let isEndless = start < end && end >= nextStart
      if !isEndless { all.append((end, rule.standardOffset)) }
      all.append((start, summer.offset))
    }
    // A start outdoes an end at the same instant, and the later of them stays.
    all.sort {
      ($0.instant, $0.offset == summer.offset ? 1 : 0)
        < ($1.instant, $1.offset == summer.offset ? 1 : 0)
    }
    var events: [(instant: Int64, offset: Int64)] = []
    for event in all where (0..<period).contains(event.instant) {
      if events.last?.instant == event.instant { events.removeLast() }
      events.append(event)
    }
    return events
  }
}
