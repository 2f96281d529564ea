package import Calendar
package import Query
package import Sections

extension SectionAnswers {
  package func answer(
    _ question: SeriesQuestion, from snapshot: Snapshot, asOf: Instant,
    within limits: Limits = .standard
  ) async throws(QueryError) -> Sighted<Answer<SeriesQuestion.Content>> {
    try question.check()
    return try await seeing(snapshot, limits) { attempt throws(KernelFailure) in
      var answer = SeriesAnswer(question, attempt)
      let content = try await answer.content()
      let uniques = try await attempt.uniqueMethod(of: question)
      return Answer(content, by: Definition(of: question, asOf: asOf, uniques: uniques))
    }
  }
}

/// A series question while it is answered.
private struct SeriesAnswer {
  private let question: SeriesQuestion
  private let attempt: Attempt
  private let numbers = ValueNumbers()
  private let tuples: GroupTuples?
  private var profiles: ProfileSource?
  /// The groups with rows of their own, by their numbers, the largest first.
  private var chosen: [UInt32] = []

  init(_ question: SeriesQuestion, _ attempt: Attempt) {
    self.question = question
    self.attempt = attempt
    let paths = question.breakdown?.paths.count ?? 0
    tuples = paths > 1 ? GroupTuples(paths: paths) : nil
  }

  mutating func content() async throws(KernelFailure) -> SeriesQuestion.Content {
    profiles = try await attempt.profiles(
      for: question.scope, question.series.map(\.selector),
      (question.breakdown?.paths ?? []) + question.series.compactMap(\.measure.path))
    let plan = try self.plan(question.scope.range)
    var content = SeriesQuestion.Content(current: try await current(plan))
    if let range = question.comparison?.range(
      for: question.scope.range, in: question.scope.zone)
    {
      let plan = try self.plan(range)
      content.earlier =
        question.breakdown == nil ? try await whole(plan) : try await fixed(plan)
    }
    return content
  }

  private func plan(_ range: Range<Instant>) throws(KernelFailure) -> SeriesPlan {
    do { return try SeriesPlan(question, range, profiles) } catch { throw .question(error) }
  }

  private func pass(_ plan: SeriesPlan, _ grouping: Grouping, isSizing: Bool = false) -> SeriesPass
  {
    SeriesPass(
      plan: plan, grouping: grouping, isSizing: isSizing, numbers: numbers, tuples: tuples)
  }

  private func whole(_ plan: SeriesPlan) async throws(KernelFailure) -> SeriesTable {
    guard let tally = try await attempt.tally(pass(plan, .whole)) else {
      preconditionFailure("one group is not too many")
    }
    return try await table(plan, tally, [(.whole, 0)])
  }

  private mutating func current(_ plan: SeriesPlan) async throws(KernelFailure) -> SeriesTable {
    guard let breakdown = question.breakdown else { return try await whole(plan) }
    // Few groups as a rule: then one pass does. So it does for few events.
    switch try await attempt.outcome(of: pass(plan, .met(limit: breakdown.limit))) {
    case .counted(let tally):
      let found = try await sized(plan, tally)
      if found.count <= breakdown.limit {
        chosen = found
        var rows = found.map { (group($0), Int($0)) }
        if let exists = tally.exists.first, exists == 1 { rows.append((group(0), 0)) }
        return try await table(plan, tally, rows)
      }
    case .remembered(let events):
      let sizes = try await attempt.tally(
        of: events, pass(plan, .met(limit: nil), isSizing: true))
      chosen = Array(try await sized(plan, sizes).prefix(breakdown.limit))
      return try await fixed(plan, events)
    case .tooMany: break
    }
    guard let sizes = try await attempt.tally(pass(plan, .met(limit: nil), isSizing: true)) else {
      preconditionFailure("groups without a limit are not too many")
    }
    chosen = Array(try await sized(plan, sizes).prefix(breakdown.limit))
    return try await fixed(plan)
  }

  /// Counts the chosen groups, and all others as one.
  private func fixed(
    _ plan: SeriesPlan, _ events: [RememberedEvents]? = nil
  ) async throws(KernelFailure) -> SeriesTable {
    let rest = UInt32(chosen.count)
    var table = [UInt32](repeating: rest, count: tuples?.count ?? numbers.count)
    if table.isEmpty { table = [rest] }
    table[0] = rest + 1
    for (place, number) in chosen.enumerated() { table[Int(number)] = UInt32(place) }
    let grouping = Grouping.fixed(table, count: chosen.count + 2, rest: rest)
    let pass = pass(plan, grouping)
    let tally =
      if let events { try await attempt.tally(of: events, pass) } else {
        try await attempt.tally(pass)
      }
    guard let tally else { preconditionFailure("groups that are fixed are not too many") }
    var rows = chosen.enumerated().map { (group($0.element), $0.offset) }
    let exists = tally.exists
    if exists.count > Int(rest), exists[Int(rest)] == 1 { rows.append((.other, Int(rest))) }
    if exists.count > Int(rest) + 1, exists[Int(rest) + 1] == 1 {
      rows.append((group(0), Int(rest) + 1))
    }
    return try await self.table(plan, tally, rows)
  }

  /// The group of a number.
  private func group(_ number: UInt32) -> Group {
    guard let tuples else { return .values([numbers.value(of: number)]) }
    return .values(tuples.tuples[Int(number)].map { numbers.value(of: $0) })
  }

  /// The groups that have events, except None: the largest first.
  private func sized(
    _ plan: SeriesPlan, _ tally: SeriesTally
  ) async throws(KernelFailure) -> [UInt32] {
    let (numbers, tuples) = (numbers, tuples)
    // One more than are shown says whether there are others.
    let most = (question.breakdown?.limit ?? 0) + 1
    return try await attempt.once { () throws(KernelFailure) in
      var report = SeriesReport(plan, tally)
      var found: [(number: Int, size: Value, rough: Double)] = []
      for number in tally.exists.indices.dropFirst() where tally.exists[number] == 1 {
        let size = report.value(ofSeries: 0, group: number, piece: nil)
        found.append((number, size, size.number ?? -.infinity))
      }
      if found.count > most {
        // Few are shown of many: whoever is smaller than the last of these is not compared.
        let least = found.map(\.rough).sorted(by: >)[most - 1]
        found.removeAll { $0.rough < least }
      }
      let all = tuples?.tuples
      var sizes = found.map { number, size, _ in
        (
          number: UInt32(number), size: size,
          values: all.map { $0[number].map { numbers.value(of: $0) } }
            ?? [numbers.value(of: UInt32(number))]
        )
      }
      sizes.sort { left, right in
        left.size == right.size
          ? left.values.lexicographicallyPrecedes(right.values) : left.size > right.size
      }
      return sizes.map(\.number)
    }
  }

  /// The rows of an answer, each from a group of the tally.
  private func table(
    _ plan: SeriesPlan, _ tally: SeriesTally, _ groups: [(group: Group, number: Int)]
  ) async throws(KernelFailure) -> SeriesTable {
    let question = question
    let nothing = question.series.map(\.measure.ofNothing)
    let pieces = plan.pieces.count
    let report = SeriesReport(plan, tally)
    // Percentiles are work, everything else is not.
    let lists = plan.gauges.contains { if case .list = $0.kind { true } else { false } }
    let stretch = lists ? 1 : max(1, groups.count)
    let stretches = stride(from: 0, to: groups.count, by: stretch).map {
      $0..<min($0 + stretch, groups.count)
    }
    let parts = try await attempt.threads.run(steps: stretches.count, within: attempt.budget) {
      steps throws(KernelFailure) in
      var report = report
      var rows: [(place: Int, SeriesTable.Row)] = []
      while let step = try steps.next() {
        for place in stretches[step] {
          let number = groups[place].number
          let columns = question.series.indices.map { series in
            let values = (0..<pieces).map {
              report.value(ofSeries: series, group: number, piece: $0)
            }
            return SeriesTable.Column(
              total: report.value(ofSeries: series, group: number, piece: nil), pieces: values)
          }
          let formulas = question.formulas.map { formula in
            SeriesTable.Column(
              total: formula.value(current: columns.map(\.total), previous: nothing),
              pieces: (0..<pieces).map { piece in
                formula.value(
                  current: columns.map { $0.pieces[piece] },
                  previous: piece == 0 ? nothing : columns.map { $0.pieces[piece - 1] })
              })
          }
          rows.append(
            (place, SeriesTable.Row(group: groups[place].group, columns: columns + formulas)))
        }
      }
      return rows
    }
    let rows = parts.joined().sorted { $0.place < $1.place }.map(\.1)
    return SeriesTable(starts: plan.pieces.starts, rows: rows)
  }
}
