/// What clocks on the wall show at an instant. Everything that asks for a day, a bucket or a local
/// time asks through this type.
///
/// Clocks that are put forward leave out a time, clocks that are put back show one twice. One rule
/// answers for both, and for days: a local time is **the first instant at which the clocks show it
/// or a later one**. So a time that is left out is the jump itself, a time that is shown twice is
/// its first showing, a day begins with its first instant wherever the clocks stood before, and a
/// day that was left out begins where the next one does. Later local times are never earlier
/// instants.
package struct Zone: Hashable, Sendable {
  package static let utc = Zone(name: "UTC", rules: .utc)

  package let name: String
  let rules: ZoneRules

  init(name: String, rules: ZoneRules) {
    self.name = name
    self.rules = rules
  }

  /// A zone from the bytes of its file (RFC 9636). The name is only repeated in answers.
  package init(name: String, file bytes: Span<UInt8>) throws(TZif.Problem) {
    self.init(name: name, rules: try TZif.rules(bytes))
  }

  /// How far the zone's clocks are ahead of UTC.
  package func offsetMilliseconds(at instant: Instant) -> Int64 {
    rules.stretch(at: instant.milliseconds).offset
  }

  package func localTime(at instant: Instant) -> LocalTime {
    let offset = offsetMilliseconds(at: instant)
    return LocalTime(elapsedMilliseconds: instant.milliseconds.saturatingAdding(offset))
  }

  package func date(at instant: Instant) -> CivilDate { localTime(at: instant).date }

  /// The first instant of the day, and no further than instants go.
  package func start(of date: CivilDate) -> Instant {
    instant(of: LocalTime(date: date, millisecondOfDay: 0))
  }

  /// The first instant at which the zone's clocks show this time or a later one, and no further
  /// than instants go.
  package func instant(of time: LocalTime) -> Instant {
    var walk = ZoneWalk(rules, from: time)
    return walk.firstInstant(showing: time)
  }

  package static func == (left: Zone, right: Zone) -> Bool {
    left.name == right.name && left.rules == right.rules
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// Finds instants of local times that only get later, without searching for each.
struct ZoneWalk {
  private let rules: ZoneRules
  private var stretch: ZoneRules.Stretch

  /// Begins early enough for this local time and all later ones.
  init(_ rules: ZoneRules, from time: LocalTime) {
    self.rules = rules
    stretch = rules.stretch(
      at: time.elapsedMilliseconds.saturatingAdding(-ZoneRules.largestOffset))
  }

  mutating func firstInstant(showing time: LocalTime) -> Instant {
    let local = time.elapsedMilliseconds
    guard local > .min, local < .max else { return Instant(milliseconds: local) }
    while true {
      let candidate = local.saturatingAdding(-stretch.offset)
      if candidate < stretch.end || stretch.end == .max {
        return Instant(milliseconds: max(candidate, stretch.start))
      }
      stretch = rules.stretch(at: stretch.end)
    }
  }
}
