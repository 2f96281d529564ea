import Batches
package import Calendar
import Crypto
package import Events
import JSON
package import Platform
package import Query
package import QueryModel
package import Sections

/// A model's history as sections: events of some windows, some sections each, as stores have them.
package struct Sealed {
  package static let secret: ProjectSecret = {
    guard let secret = ProjectSecret(Array(1...16)) else { preconditionFailure("16 bytes") }
    return secret
  }()
  package static let hasher = secret.people
  package static let rule = WindowRule(months: 1_600_000_000_000..<1_900_000_000_000)

  package let snapshot: Snapshot
  /// The model's events of each section, row by row.
  package let rows: [[ModelEvent]]

  /// Cuts the history's events into as many parts, each of which becomes sections of its own.
  package init(
    _ history: ModelHistory, parts: Int = 1, using random: inout some RandomNumberGenerator
  ) throws {
    try self.init(history, parts: parts, hiding: ErasedPeople(), using: &random)
  }

  /// Every other time some people are erased from a random time back: sections still have their rows,
  /// and the history has not.
  package init(
    erasingSomeOf history: inout ModelHistory, parts: Int = 1,
    using random: inout some RandomNumberGenerator
  ) throws {
    let whole = history
    var erased = ErasedPeople()
    if Bool.random(using: &random) {
      let people = Array(Set(whole.events.compactMap(whole.person(of:)))).sorted {
        Self.hash($0) < Self.hash($1)
      }
      var times: [PersonID: Int64] = [:]
      for person in people where Int.random(in: 0..<4, using: &random) == 0 {
        times[person] =
          Bool.random(using: &random) ? .max : whole.events.randomElement(using: &random)?.cts
      }
      for id in whole.events.compactMap(\.ownPerson) {
        if let time = times[whole.canonical(id)] { erased.add(Self.hash(id), until: time) }
      }
      history.arrived = whole.events.filter { event in
        guard let person = whole.person(of: event), let time = times[person] else { return true }
        return event.cts > time
      }
    }
    try self.init(whole, parts: parts, hiding: erased, using: &random)
  }

  private init(
    _ history: ModelHistory, parts: Int, hiding erased: ErasedPeople,
    using random: inout some RandomNumberGenerator
  ) throws {
    var cut = Array(repeating: [ModelEvent](), count: parts)
    for event in history.events { cut[Int.random(in: 0..<parts, using: &random)].append(event) }
    var sections: [Section] = []
    var rows: [[ModelEvent]] = []
    for events in cut where !events.isEmpty {
      for encoded in try Self.encoded(events) {
        let own = events.filter { Self.rule.window(of: $0.cts) == encoded.directory.window }
        rows.append(own.sorted(by: Self.isBefore))
        let section = try Section(encoded)
        sections.append(erased.isEmpty ? section : try section.hiding(erased.rows(of: section)))
      }
    }
    var joined = JoinedPeople()
    for id in history.joins.keys { joined[Self.hash(id)] = Self.hash(history.canonical(id)) }
    self.rows = rows
    snapshot = Snapshot(sections, of: Self.secret, joined: joined)
  }

  package static func encoded(_ events: [ModelEvent]) throws -> [EncodedSection] {
    var rows = BatchRows(secret: secret, windows: rule)
    for (source, own) in Dictionary(grouping: events, by: \.source).sorted(by: { $0.key < $1.key })
    {
      for start in stride(from: 0, to: own.count, by: 60_000) {
        var list = EventList()
        for event in own[start..<min(start + 60_000, own.count)] {
          try Event(event).append(to: &list)
        }
        let body = try BatchBody.encode(records: list.bytes, ends: list.ends)
        let columns = try BatchColumns(
          decoding: body.bytes,
          limits: BatchLimits(rows: 65_535, compressedBytes: 64 << 20, plainBytes: 64 << 20))
        rows.add(columns, from: source, clockShift: 0, except: { _ in false })
      }
    }
    return rows.sections(project: try ProjectID("acme"), seed: 7)
  }

  package static func hash(_ id: PersonID) -> PersonHash {
    let bytes = Array(id.text.utf8)
    let kind: PersonKind =
      switch id.kind {
      case .profile: .profile
      case .device: .device
      case .visitor: .visitor
      }
    return hasher.hash(kind, bytes.span)
  }

  private static func isBefore(_ left: ModelEvent, _ right: ModelEvent) -> Bool {
    let (a, b) = (left.ownPerson.map(hash), right.ownPerson.map(hash))
    if a != b {
      guard let a else { return false }
      guard let b else { return true }
      return a < b
    }
    return left.position < right.position
  }
}

extension Event {
  package init(_ event: ModelEvent) {
    self.init(
      id: event.id, kind: event.kind, flags: event.isInteractive ? .interactive : [],
      name: event.name, cts: event.cts, sts: event.sts, profile: event.profile,
      device: event.device, session: event.session, visitor: event.visitor, props: event.props,
      ctx: event.ctx)
  }
}

package func seeded(_ seed: UInt64) -> RandomGenerator { RandomGenerator(SeededRandom(seed: seed)) }

/// 2026-01-05T00:00Z, a Monday.
package let monday: Int64 = 1_767_571_200_000
package let hour: Int64 = 3_600_000
package let day: Int64 = 24 * hour

/// From so many days after that Monday to so many, UTC.
package func days(_ from: Int64, _ to: Int64) -> Range<Instant> {
  Instant(milliseconds: monday + from * day)..<Instant(milliseconds: monday + to * day)
}

extension ModelMix {
  /// Small as a rule; some with several blocks of rows, some across a month's end.
  package static func some(_ seed: UInt64) -> ModelMix {
    var mix = ModelMix()
    if seed % 3 == 1 { mix.start = monday + 20 * day }
    if seed % 40 == 7 {
      mix.events = 1_500...4_000
      mix.people = 300
    }
    return mix
  }

  /// Days of the history, from the Monday on.
  package var firstDay: Int64 { (start - monday) / day }
}
