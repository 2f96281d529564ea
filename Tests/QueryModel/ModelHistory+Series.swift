package import Calendar
package import Query

extension ModelHistory {
  package func answer(
    _ question: SeriesQuestion, asOf: Instant = .epoch
  ) throws(QueryError) -> Answer<SeriesQuestion.Content> {
    try question.check()
    let current = try ModelSeries(self, question, question.scope.range)
    let chosen = question.breakdown.map { current.largest($0.limit) }
    var content = SeriesQuestion.Content(current: current.table(of: chosen))
    if let range = question.comparison?.range(
      for: question.scope.range, in: question.scope.zone)
    {
      content.earlier = try ModelSeries(self, question, range).table(of: chosen)
    }
    return Answer(
      content, by: Definition(of: question, asOf: asOf, uniques: uniqueMethod(of: question)))
  }

  private func uniqueMethod(of question: SeriesQuestion) -> UniqueMethod? {
    let days = question.series.compactMap { series in
      switch series.measure {
      case .rollingPeople(let days): max(days, question.scope.days)
      default: series.measure.countsPeople ? question.scope.days : nil
      }
    }
    return days.max().map { uniqueMethod(of: eventsOfAllTime(in: question.scope), days: $0) }
  }
}

/// A series question over one range.
private struct ModelSeries {
  /// What a measure sees of an event.
  struct Sight {
    let time: Instant
    let person: PersonID?
    let group: Group
    let value: Value
  }

  private let question: SeriesQuestion
  private let scope: Scope
  private let starts: [Instant]
  /// For each series its events, of all time.
  private let sights: [[Sight]]

  init(_ history: ModelHistory, _ question: SeriesQuestion, _ range: Range<Instant>)
    throws(QueryError)
  {
    self.question = question
    var scope = question.scope
    scope.range = range
    self.scope = scope
    starts = try scope.starts(by: question.interval)
    let events = history.eventsOfAllTime(in: scope)
    let grouping = ModelGrouping(history, question.breakdown, scope)
    sights = question.series.map { series in
      events.filter { history.matches(series.selector, $0, scope.profiles) }.map { event in
        Sight(
          time: event.time, person: history.person(of: event), group: grouping.group(of: event),
          value: series.measure.path.map { history.scalar(at: $0, of: event, scope.profiles) }
            ?? .null)
      }
    }
  }

  // Time.

  private var pieces: [Range<Instant>] {
    starts.indices.map { index in
      let end = index + 1 < starts.count ? starts[index + 1] : scope.range.upperBound
      return max(starts[index], scope.range.lowerBound)..<end
    }
  }

  /// The time that a measure looks at for a piece.
  private func window(_ measure: Measure, for piece: Range<Instant>) -> Range<Instant> {
    guard case .rollingPeople(let days) = measure, !piece.isEmpty else { return piece }
    let last = scope.zone.date(at: piece.upperBound.saturatingAdding(milliseconds: -1))
    return scope.zone.start(of: last.adding(days: 1 - days))..<piece.upperBound
  }

  // Groups.

  /// All groups that have an event in any window.
  private var groups: Set<Group> {
    var groups: Set<Group> = []
    for (series, sights) in zip(question.series, sights) {
      for piece in pieces + [scope.range] {
        let window = window(series.measure, for: piece)
        for sight in sights where window.contains(sight.time) { groups.insert(sight.group) }
      }
    }
    return groups
  }

  func largest(_ limit: Int) -> [Group] {
    let sizes = groups.filter { !$0.isNone }.map { group in
      (group: group, size: value(of: 0, over: scope.range) { $0 == group })
    }
    let sorted = sizes.sorted { left, right in
      left.size == right.size
        ? left.group.values.lexicographicallyPrecedes(right.group.values)
        : left.size > right.size
    }
    return sorted.prefix(limit).map(\.group)
  }

  // Tables.

  func table(of chosen: [Group]?) -> SeriesTable {
    guard let chosen else {
      return SeriesTable(starts: starts, rows: [row(.whole) { _ in true }])
    }
    var rows = chosen.map { group in row(group) { $0 == group } }
    let rest = groups.subtracting(chosen)
    if rest.contains(where: { !$0.isNone }) {
      rows.append(row(.other) { !$0.isNone && !chosen.contains($0) })
    }
    if let none = rest.first(where: \.isNone) { rows.append(row(none) { $0.isNone }) }
    return SeriesTable(starts: starts, rows: rows)
  }

  private func row(_ group: Group, where isMeant: (Group) -> Bool) -> SeriesTable.Row {
    let columns = question.series.indices.map { index in
      SeriesTable.Column(
        total: value(of: index, over: scope.range, where: isMeant),
        pieces: pieces.map { value(of: index, over: $0, where: isMeant) })
    }
    let nothing = question.series.map(\.measure.ofNothing)
    let formulas = question.formulas.map { formula in
      SeriesTable.Column(
        total: formula.value(current: columns.map(\.total), previous: nothing),
        pieces: pieces.indices.map { piece in
          formula.value(
            current: columns.map { $0.pieces[piece] },
            previous: piece == 0 ? nothing : columns.map { $0.pieces[piece - 1] })
        })
    }
    return SeriesTable.Row(group: group, columns: columns + formulas)
  }

  private func value(
    of index: Int, over piece: Range<Instant>, where isMeant: (Group) -> Bool
  ) -> Value {
    let measure = question.series[index].measure
    let window = window(measure, for: piece)
    let seen = sights[index].filter { window.contains($0.time) && isMeant($0.group) }
    return ModelMeasure.value(measure, seen.map(\.person), seen.map(\.value))
  }
}

/// Which group an event is in.
struct ModelGrouping {
  private let history: ModelHistory
  private let breakdown: Breakdown?
  private let profiles: ProfileTime
  /// For assignments by person.
  private var assigned: [PersonID: [Value]] = [:]

  init(_ history: ModelHistory, _ breakdown: Breakdown?, _ scope: Scope) {
    self.history = history
    self.breakdown = breakdown
    profiles = scope.profiles
    guard let breakdown, breakdown.assignment != .event else { return }
    var places: [PersonID: [(cts: Int64, value: Value)?]] = [:]
    for event in history.events(in: scope) {
      guard let person = history.person(of: event) else { continue }
      for (index, value) in values(of: event, breakdown).enumerated() where !value.isNull {
        let empty = [(cts: Int64, value: Value)?](repeating: nil, count: breakdown.paths.count)
        let known = places[person, default: empty][index]
        let isBetter =
          switch breakdown.assignment {
          case .firstOfPerson: known.map { (event.cts, value) < $0 } ?? true
          default: known.map { (event.cts, value) > $0 } ?? true
          }
        if isBetter { places[person, default: empty][index] = (event.cts, value) }
      }
    }
    assigned = places.mapValues { $0.map { $0?.value ?? .null } }
  }

  func group(of event: ModelEvent) -> Group {
    guard let breakdown else { return .whole }
    if breakdown.assignment == .event { return .values(values(of: event, breakdown)) }
    let nothing = [Value](repeating: .null, count: breakdown.paths.count)
    return .values(history.person(of: event).flatMap { assigned[$0] } ?? nothing)
  }

  private func values(of event: ModelEvent, _ breakdown: Breakdown) -> [Value] {
    breakdown.paths.map { history.scalar(at: $0, of: event, profiles).grouped }
  }
}

extension Group {
  fileprivate var values: [Value] { if case .values(let values) = self { values } else { [] } }
}
