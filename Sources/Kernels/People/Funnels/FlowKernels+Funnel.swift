package import Calendar
package import Query
import Sections

extension FunnelQuestion: PeopleKernelQuestion {
  /// How far people, or their sessions, come in a funnel.
  package func content(
    by kernels: FlowKernels, asOf: Instant
  ) async throws(KernelFailure) -> Content {
    try KernelFailure.asking { () throws(QueryError) in try check() }
    let source = try await kernels.source(of: self)
    if source.isPlain(self) { return try await kernels.plain(self, source) }
    return try await kernels.byRows(self, source, tellsPeople: false).0
  }
}

extension FlowKernels {
  func byRows(
    _ funnel: FunnelQuestion, _ source: FlowSource, tellsPeople: Bool
  ) async throws(KernelFailure) -> (FunnelQuestion.Content, FunnelParts) {
    let groups = funnel.breakdown.map { GroupCodes($0.breakdown, source.numbers) }
    let asked = try KernelFailure.asking { () throws(QueryError) in
      try FunnelAsked(funnel, groups, tellsPeople: tellsPeople)
    }
    let sum = try await parts(of: asked, source)
    var rows = [sum.whole.row(.whole, bins: funnel.bins)]
    if let breakdown = funnel.breakdown, let groups {
      rows += try await self.rows(sum.groups, breakdown, groups.names(), asked, source)
    }
    return (FunnelQuestion.Content(rows: rows, pieces: asked.pieces(of: sum)), sum)
  }

  private func rows(
    _ tallies: [UInt32: FunnelTally], _ breakdown: AttributedBreakdown, _ names: GroupNames,
    _ asked: FunnelAsked, _ source: FlowSource
  ) async throws(KernelFailure) -> [FunnelQuestion.Content.Row] {
    let others = names.ranked(
      tallies.mapValues { $0.reached[0] }, limit: breakdown.breakdown.limit
    ).others
    var other: FunnelTally?
    if breakdown.attribution == .eachValue, others.count > 1 {
      // Who has several of these values counts once: that takes a second look.
      let again = try KernelFailure.asking { () throws(QueryError) in
        try FunnelAsked(asked.funnel, asked.groups, others: Set(others))
      }
      other = try await parts(of: again, source).whole
    }
    let (known, count, bins) = (other, asked.steps.count, asked.funnel.bins)
    return names.rows(
      tallies, limit: breakdown.breakdown.limit, size: { $0.reached[0] },
      sum: { known ?? $0.reduce(into: FunnelTally(stepCount: count)) { $0.add($1) } },
      row: { $1.row($0, bins: bins) })
  }

  /// Everybody's outcomes, by the matcher that the funnel needs.
  func parts(
    of asked: FunnelAsked, _ source: FlowSource
  ) async throws(KernelFailure) -> FunnelParts {
    let parts: [FunnelParts]
    if let groups = asked.groups, FunnelByValueTask.fits(asked, source) {
      let names = FunnelNames(source, stepCount: asked.steps.count)
      parts = try await run(source) { FunnelByValueTask($0, asked, groups, names) }
    } else if asked.plan.order == .unordered {
      parts = try await run(source) { FunnelTask<UnorderedFunnelMatcher>($0, asked) }
    } else if asked.plan.isPlain && source.areStepsDisjoint(asked.funnel) {
      parts = try await run(source) { FunnelTask<PlainFunnelMatcher>($0, asked) }
    } else {
      parts = try await run(source) { FunnelTask<FunnelMatcher>($0, asked) }
    }
    var sum = FunnelParts(whole: FunnelTally(stepCount: asked.steps.count))
    sum.entered = Array(repeating: 0, count: asked.pieces?.count ?? 0)
    sum.converted = sum.entered
    for part in parts { sum.add(part) }
    return sum
  }

  fileprivate func plain(
    _ funnel: FunnelQuestion, _ source: FlowSource
  ) async throws(KernelFailure) -> FunnelQuestion.Content {
    let names = FunnelNames(source, stepCount: funnel.steps.count)
    let tallies = try await run(source) { PlainFunnelTask($0, funnel, names) }
    var tally = FunnelTally(stepCount: funnel.steps.count)
    for part in tallies { tally.add(part) }
    return FunnelQuestion.Content(rows: [tally.row(.whole, bins: funnel.bins)], pieces: [])
  }

  /// `everything`: also events that change no number.
  func source(
    of funnel: FunnelQuestion, everything: Bool = false
  ) async throws(KernelFailure) -> FlowSource {
    let values = FunnelRows<FunnelMatcher>.paths(of: funnel)
    var marks = try await marks(
      funnel.scope, funnel.steps.map(\.selector) + funnel.exclusions.map(\.selector),
      values: values)
    // Whoever did none of the steps matters where groups or sessions are made of all events.
    if !everything, values.isEmpty, funnel.order != .strict, funnel.subject == .person {
      marks.interest = 1 << UInt64(funnel.steps.count + funnel.exclusions.count) &- 1
    }
    var sessionIDs = false
    if case .session(let rules) = funnel.subject { sessionIDs = rules.cut == .sessionID }
    return try FlowSource(snapshot, marks, values: values, sessionIDs: sessionIDs)
  }
}

extension FunnelAsked {
  fileprivate func pieces(of sum: FunnelParts) -> [FunnelQuestion.Content.Piece] {
    guard let pieces else { return [] }
    return pieces.starts.indices.map {
      FunnelQuestion.Content.Piece(
        pieces.starts[$0], entered: sum.entered[$0], converted: sum.converted[$0])
    }
  }
}

extension FlowSource {
  /// Whether no event fits two steps, and nothing is asked but how far people come.
  func isPlain(_ funnel: FunnelQuestion) -> Bool {
    guard FunnelPlan(funnel).isPlain, funnel.subject == .person, funnel.held == nil,
      funnel.breakdown == nil, funnel.interval == .total, !countsOperations
    else { return false }
    return areStepsDisjoint(funnel)
  }

  func areStepsDisjoint(_ funnel: FunnelQuestion) -> Bool {
    let steps: UInt64 = 1 << UInt64(funnel.steps.count) &- 1
    return snapshot.sections.allSatisfy { section in
      marks.possible(section.heads).allSatisfy { ($0 & steps).nonzeroBitCount <= 1 }
    }
  }
}
