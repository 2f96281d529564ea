package import Calendar
package import Query

extension ModelHistory {
  /// How each subject of a funnel fares, and its group.
  package func answer(
    _ funnel: FunnelQuestion, asOf: Instant = .epoch
  ) throws(QueryError) -> Answer<FunnelQuestion.Content> {
    try funnel.check()
    let method = uniqueMethod(of: eventsOfAllTime(in: funnel.scope), days: funnel.scope.days)
    return Answer(
      try content(of: funnel), by: Definition(of: funnel, asOf: asOf, uniques: method))
  }

  private func content(of funnel: FunnelQuestion) throws(QueryError) -> FunnelQuestion.Content {
    let attempts = subjects(of: funnel).enumerated().flatMap { number, events in
      self.attempts(of: number, events, funnel)
    }
    let rows = modelRows(
      attempts, by: funnel.breakdown?.breakdown, group: { $0.group },
      size: { self.reached(1, best($0), funnel) },
      row: { group, members in
        let isPair = group == .whole && funnel.breakdown?.attribution == .eachValue
        return self.row(group, best(members, perValue: isPair), funnel)
      })
    guard funnel.interval != .total else { return FunnelQuestion.Content(rows: rows, pieces: []) }
    let starts = try funnel.scope.starts(by: funnel.interval)
    let counted = best(attempts, perValue: true).filter {
      $0.outcome.reached > 0 && !$0.outcome.isRemoved
    }
    let pieces = starts.enumerated().map { index, start in
      let next = index + 1 < starts.count ? starts[index + 1].milliseconds : .max
      let entered = counted.filter {
        $0.outcome.chain.start >= start.milliseconds && $0.outcome.chain.start < next
      }
      return FunnelQuestion.Content.Piece(
        start, entered: entered.count,
        converted: entered.count { $0.outcome.reached == funnel.steps.count })
    }
    return FunnelQuestion.Content(rows: rows, pieces: pieces)
  }

  private struct Attempt {
    var subject: Int
    var group: [Value]
    var outcome: ModelOutcome
  }

  private func subjects(of funnel: FunnelQuestion) -> [[ModelEvent]] {
    let people = byPerson(events(in: funnel.scope))
    guard case .session(let rules) = funnel.subject else { return people }
    return people.flatMap { sessions(of: $0, rules, funnel.scope) }
  }

  /// One way for each value that events may have to share, and what comes of it.
  private func attempts(
    of subject: Int, _ events: [ModelEvent], _ funnel: FunnelQuestion
  ) -> [Attempt] {
    let breakdown = funnel.breakdown
    let isSplit = breakdown?.attribution == .allSteps || breakdown?.attribution == .eachValue
    let values = events.map { event in
      breakdown.map { self.values(of: $0.breakdown, event, funnel.scope) } ?? []
    }
    let held = events.map { event in
      funnel.held.map { scalar(at: $0, of: event, funnel.scope.profiles) } ?? .null
    }
    let heldChoices: [Value?] = funnel.held == nil ? [nil] : Set(held).filter { !$0.isNull }
    let valueChoices: [[Value]?] = isSplit ? Array(Set(values)) : [nil]
    let tries = valueChoices.flatMap { choice in
      heldChoices.map { hold in
        let steps = events.indices.map { place in
          self.step(
            events[place], funnel,
            fits: (choice == nil || values[place] == choice)
              && (hold == nil || held[place] == hold),
            excludes: (choice == nil || values[place] == choice)
              && (hold == nil || held[place] == hold || held[place].isNull))
        }
        let outcome = ModelChains(funnel, steps).outcome
        return Attempt(
          subject: subject,
          group: choice ?? self.group(of: events, steps, values, outcome, funnel), outcome: outcome)
      }
    }
    if breakdown?.attribution == .eachValue {
      return Dictionary(grouping: tries) { $0.group }.values.map { best($0)[0] }
    }
    return best(tries)
  }

  private func step(
    _ event: ModelEvent, _ funnel: FunnelQuestion, fits: Bool, excludes: Bool
  ) -> ModelStep {
    let steps = funnel.steps.indices.filter {
      matches(funnel.steps[$0].selector, event, funnel.scope.profiles)
    }
    let exclusions = funnel.exclusions.filter {
      matches($0.selector, event, funnel.scope.profiles)
    }
    let ways = exclusions.flatMap { exclusion in
      let between = exclusion.steps ?? 1...funnel.steps.count
      return Array(between.dropLast())
    }
    return ModelStep(
      event.cts, fits ? Set(steps.map { $0 + 1 }) : [], excluded: excludes ? Set(ways) : [])
  }

  private func group(
    of events: [ModelEvent], _ steps: [ModelStep], _ values: [[Value]], _ outcome: ModelOutcome,
    _ funnel: FunnelQuestion
  ) -> [Value] {
    guard let breakdown = funnel.breakdown else { return [] }
    let none = breakdown.breakdown.paths.map { _ in Value.null }
    let touched = events.indices.filter { !steps[$0].steps.isEmpty && values[$0] != none }
    switch breakdown.attribution {
    case .firstTouch: return touched.first.map { values[$0] } ?? none
    case .lastTouch: return touched.last.map { values[$0] } ?? none
    case .step(let step):
      let place = outcome.chain.steps.firstIndex(of: step)
      return place.map { values[outcome.chain.events[$0]] } ?? none
    case .allSteps, .eachValue: return none
    }
  }

  /// Each subject once, or once for each value, with the attempt that came furthest.
  private func best(_ attempts: [Attempt], perValue: Bool = false) -> [Attempt] {
    var best: [Attempt] = []
    for attempt in attempts {
      let place = best.firstIndex {
        $0.subject == attempt.subject && (!perValue || $0.group == attempt.group)
      }
      if let place {
        if isBetter(attempt, best[place]) { best[place] = attempt }
      } else {
        best.append(attempt)
      }
    }
    return best
  }

  private func isBetter(_ left: Attempt, _ right: Attempt) -> Bool {
    let (leftOutcome, rightOutcome) = (left.outcome, right.outcome)
    if leftOutcome.reached != rightOutcome.reached {
      return leftOutcome.reached > rightOutcome.reached
    }
    if leftOutcome.isRemoved != rightOutcome.isRemoved { return rightOutcome.isRemoved }
    let (leftChain, rightChain) = (leftOutcome.chain, rightOutcome.chain)
    if leftChain.last != rightChain.last { return leftChain.last < rightChain.last }
    if leftChain.steps.count != rightChain.steps.count {
      return leftChain.steps.count > rightChain.steps.count
    }
    if leftChain.start != rightChain.start { return leftChain.start > rightChain.start }
    return left.group.lexicographicallyPrecedes(right.group)
  }

  private func reached(_ step: Int, _ attempts: [Attempt], _ funnel: FunnelQuestion) -> Int {
    attempts.count { attempt in
      !attempt.outcome.isRemoved
        && (funnel.order == .unordered
          ? attempt.outcome.reached >= step : attempt.outcome.chain.steps.contains(step))
    }
  }

  private func row(_ group: Group, _ attempts: [Attempt], _ funnel: FunnelQuestion)
    -> FunnelQuestion.Content.Row
  {
    let counted = attempts.filter { $0.outcome.reached > 0 && !$0.outcome.isRemoved }
    let count = funnel.steps.count
    let converted = counted.filter { $0.outcome.reached == count }.map(\.outcome.chain)
    return FunnelQuestion.Content.Row(
      group, reached: (1...count).map { reached($0, attempts, funnel) },
      removed: attempts.count { $0.outcome.isRemoved },
      timeToConvert: TimeToConvert(of: converted.map { $0.last - $0.start }, bins: funnel.bins),
      times: (1...count).map { step in
        TimeToConvert(
          of: counted.compactMap { time(to: step, $0.outcome.chain, funnel) }, bins: funnel.bins)
      })
  }

  private func time(to step: Int, _ chain: ModelChain, _ funnel: FunnelQuestion) -> Int64? {
    if funnel.order == .unordered {
      let times = chain.times.sorted()
      return step > 1 && step <= times.count ? times[step - 1] - times[step - 2] : nil
    }
    guard !funnel.steps[step - 1].isOptional,
      let before = (1..<step).last(where: { !funnel.steps[$0 - 1].isOptional }),
      let this = chain.steps.firstIndex(of: step), let that = chain.steps.firstIndex(of: before)
    else { return nil }
    return chain.times[this] - chain.times[that]
  }
}
