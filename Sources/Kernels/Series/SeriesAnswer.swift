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
    // Few groups as a rule: then one pass does.
    if let tally = try await attempt.tally(pass(plan, .met(limit: breakdown.limit))) {
      let found = try await sized(plan, tally)
      if found.count <= breakdown.limit {
        chosen = found
        var rows = found.map { (group($0), Int($0)) }
        if let exists = tally.exists.first, exists == 1 { rows.append((group(0), 0)) }
        return try await table(plan, tally, rows)
      }
    }
    guard let sizes = try await attempt.tally(pass(plan, .met(limit: nil), isSizing: true)) else {
      preconditionFailure("groups without a limit are not too many")
    }
    chosen = Array(try await sized(plan, sizes).prefix(breakdown.limit))
    return try await fixed(plan)
  }

  /// Counts the chosen groups, and all others as one.
  private func fixed(_ plan: SeriesPlan) async throws(KernelFailure) -> SeriesTable {
    let rest = UInt32(chosen.count)
    var table = [UInt32](repeating: rest, count: tuples?.count ?? numbers.count)
    if table.isEmpty { table = [rest] }
    table[0] = rest + 1
    for (place, number) in chosen.enumerated() { table[Int(number)] = UInt32(place) }
    let grouping = Grouping.fixed(table, count: chosen.count + 2, rest: rest)
    guard let tally = try await attempt.tally(pass(plan, grouping)) else {
      preconditionFailure("groups that are fixed are not too many")
    }
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
    return try await attempt.once { () throws(KernelFailure) in
      var report = SeriesReport(plan, tally)
      let nothing = question.series.map(\.measure.ofNothing)
      let pieces = plan.pieces.count
      let rows = groups.map { group, number in
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
        return SeriesTable.Row(group: group, columns: columns + formulas)
      }
      return SeriesTable(starts: plan.pieces.starts, rows: rows)
    }
  }
}

extension Attempt {
  /// Counts; nil where there are more groups than the pass may have.
  func tally(_ pass: SeriesPass) async throws(KernelFailure) -> SeriesTally? {
    guard pass.plan.pieces.count > 0 else { return SeriesTally(pass.plan, pieces: 0) }
    let plan = pass.plan
    let isMeant = sections.map { section in
      (plan.filters + [plan.assignment].compactMap { $0 }).contains { filter in
        !filter.times.isEmpty && filter.times.lowerBound <= section.directory.times.upperBound
          && section.directory.times.lowerBound < filter.times.upperBound
      }
    }
    if let rollups = SeriesRollups(pass) { return try await tally(rollups, isMeant) }
    return try await tally(ofRows: pass, isMeant)
  }

  func tally(
    ofRows pass: SeriesPass, _ isMeant: [Bool]
  ) async throws(KernelFailure) -> SeriesTally? {
    let (sections, budget) = (sections, budget)
    let parts: [SeriesTally?]
    if pass.knowsPeople {
      let everyone = !pass.plan.scope.kinds.isDisjoint(with: .operations)
      let people = PeopleSteps(
        sections, try await ordinals(everyone: everyone), where: isMeant)
      let visits = SeriesVisits(pass)
      parts = try await threads.run(steps: people.count, within: budget) {
        steps throws(KernelFailure) in
        if let visits {
          var counter = VisitCounter(visits, people)
          while let step = try steps.next() { try counter.count(step: step) }
          return counter.tally
        }
        let worker = SeriesWorker(pass, sections, people, budget)
        while let step = try steps.next() {
          guard try worker.count(step: step) else { return nil }
        }
        return worker.tally
      }
    } else {
      let stretches = BlockSteps(sections, where: isMeant)
      parts = try await threads.run(steps: stretches.count, within: budget) {
        steps throws(KernelFailure) in
        let worker = SeriesWorker(pass, sections, nil, budget)
        while let step = try steps.next() {
          let (section, blocks) = stretches.steps[step]
          guard try worker.count(blocks: blocks, of: section) else { return nil }
        }
        return worker.tally
      }
    }
    return Self.sum(parts, pass)
  }

  static func sum(_ parts: [SeriesTally?], _ pass: SeriesPass) -> SeriesTally? {
    var sum = SeriesTally(pass.plan, pieces: pass.pieces)
    sum.reserve(groups: pass.groupCount)
    for part in parts {
      guard let part else { return nil }
      sum.add(part)
    }
    return sum
  }
}

/// Stretches of blocks for kernels that do not care whose rows they are.
struct BlockSteps: Sendable {
  private static let blocksOfStep = 32

  let steps: [(section: Int, blocks: Range<Int>)]
  var count: Int { steps.count }

  init(_ sections: [Section], where isMeant: [Bool]) {
    var steps: [(section: Int, blocks: Range<Int>)] = []
    for (number, section) in sections.enumerated() where isMeant[number] {
      for start in stride(from: 0, to: section.blockCount, by: Self.blocksOfStep) {
        steps.append((number, start..<min(start + Self.blocksOfStep, section.blockCount)))
      }
    }
    self.steps = steps
  }
}
