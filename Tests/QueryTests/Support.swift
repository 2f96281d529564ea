import Calendar
import Events
import JSON
import Platform
import Query
import QueryModel

/// 2026-01-05T00:00Z, a Monday.
let monday: Int64 = 1_767_571_200_000
let hour: Int64 = 3_600_000
let day: Int64 = 24 * hour

func seeded(_ seed: UInt64) -> RandomGenerator { RandomGenerator(SeededRandom(seed: seed)) }

/// From so many days after that Monday to so many, UTC.
func days(_ from: Int64, _ to: Int64) -> Range<Instant> {
  Instant(milliseconds: monday + from * day)..<Instant(milliseconds: monday + to * day)
}

/// An event with an id of its own, so many hours after that Monday began.
struct Story {
  private(set) var history = ModelHistory()
  private var count: UInt64 = 0

  mutating func add(
    _ name: String, at hours: Double, by profile: String? = nil, device: String? = nil,
    visitor: String? = nil, kind: EventKind = .custom, _ props: JSONValue = [:],
    ctx: JSONValue = [:]
  ) {
    count += 1
    let cts = monday + Int64(hours * Double(hour))
    history.arrived.append(
      ModelEvent(
        id: EventID(milliseconds: cts, chance: (0, count)), name: name, kind: kind, cts: cts,
        profile: profile, device: device, visitor: visitor, props: props, ctx: ctx))
  }

  mutating func join(_ id: PersonID, to person: PersonID) { history.joins[id] = person }

  mutating func describe(_ profile: String, from: Int64 = .min, _ attributes: JSONValue) {
    history.profiles[.profile(profile), default: []].append(
      ModelProfile(from: from, attributes))
  }
}

extension SeriesTable {
  /// The totals of each row, by the row's group.
  var totals: [[Value]] { rows.map { $0.columns.map(\.total) } }
  var groups: [Group] { rows.map(\.group) }
}
