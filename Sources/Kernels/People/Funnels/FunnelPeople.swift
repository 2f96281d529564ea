package import Query
package import Sections

/// Who came how far in a funnel: from the same look at the rows as its numbers.
package struct FunnelPeople: Sendable {
  private let funnel: FunnelQuestion
  private let source: FlowSource
  private let people: [FunnelPerson]

  init(_ funnel: FunnelQuestion, _ source: FlowSource, _ people: [FunnelPerson]) {
    self.funnel = funnel
    self.source = source
    // Threads take turns: an order of its own makes pages of a list possible.
    self.people = people.sorted { $0.person < $1.person }
  }

  /// Who did this step, from 1; without an order, so many steps.
  package func reached(_ step: Int) -> [PersonHash] {
    people.filter { $0.isAt(step, of: funnel) }.map { source.hash(of: Int($0.person)) }
  }

  /// Who did this step and not the next one.
  package func dropped(behind step: Int) -> [PersonHash] {
    people.filter { $0.isAt(step, of: funnel) && !$0.isAt(step + 1, of: funnel) }
      .map { source.hash(of: Int($0.person)) }
  }
}

extension FunnelPerson {
  fileprivate func isAt(_ step: Int, of funnel: FunnelQuestion) -> Bool {
    guard step >= 1, step <= funnel.steps.count else { return false }
    return funnel.order == .unordered
      ? Int(reached) >= step : path & (1 << UInt32(step - 1)) != 0
  }
}

extension FlowSource {
  /// Whose history it is, after all joins.
  func hash(of person: Int) -> PersonHash {
    let run = people.runs[people.runs(of: person).lowerBound]
    return snapshot.canonical(runs[Int(run.section)].person(Int(run.run)))
  }

  /// The place of a person in the directory, which is in the order of hashes.
  func person(_ hash: PersonHash) -> Int? {
    let wanted = snapshot.canonical(hash)
    var low = 0
    var high = people.count
    while low < high {
      let middle = (low + high) / 2
      if self.hash(of: middle) < wanted { low = middle + 1 } else { high = middle }
    }
    return low < people.count && self.hash(of: low) == wanted ? low : nil
  }
}

extension FlowKernels {
  /// The numbers of a funnel and the people behind them.
  package func contentAndPeople(
    of funnel: FunnelQuestion
  ) async throws(KernelFailure) -> (FunnelQuestion.Content, FunnelPeople) {
    try KernelFailure.asking { () throws(QueryError) in try funnel.check() }
    let source = try source(of: funnel)
    let (content, parts) = try await byRows(funnel, source, tellsPeople: true)
    return (content, FunnelPeople(funnel, source, parts.people))
  }

  /// What one person did in a funnel and what kept them from going on; nil of whom nothing is known.
  /// The events that it names are those that are steps or exclusions and, of a strict funnel, all.
  package func explain(
    _ funnel: FunnelQuestion, for person: PersonHash
  ) async throws(KernelFailure) -> (FunnelExplanation, [FunnelExplainer.Event])? {
    try KernelFailure.asking { () throws(QueryError) in
      try funnel.check()
      guard funnel.subject == .person, funnel.held == nil else {
        throw .invalid(.contradiction("only funnels of people, with nothing held, are explained"))
      }
    }
    var plain = funnel
    plain.breakdown = nil
    let source = try source(of: plain)
    guard let place = source.person(person) else { return nil }
    let asked = try KernelFailure.asking { [plain] () throws(QueryError) in
      try FunnelAsked(plain, nil)
    }
    let budget = budget
    let found = try await threads.run(steps: 1, within: budget) { steps throws(KernelFailure) in
      var sink = ExplainedRows(asked, budget)
      guard try steps.next() != nil else { return sink }
      try source.lend { reader throws(KernelFailure) in try reader.walk(place, &sink) }
      return sink
    }
    guard let sink = found.first else { return nil }
    try KernelFailure.asking { () throws(QueryError) in
      try budget.check(bytes: sink.events.count * MemoryLayout<FunnelExplainer.Event>.stride)
    }
    return (FunnelExplainer.explain(asked.plan, sink.events), sink.events)
  }
}

/// The events of one person that a funnel looks at.
private struct ExplainedRows: FlowSink, Sendable {
  private let asked: FunnelAsked
  private let limit: Int
  private(set) var events: [FunnelExplainer.Event] = []

  init(_ asked: FunnelAsked, _ budget: Budget) {
    self.asked = asked
    limit = budget.memoryBytes / MemoryLayout<FunnelExplainer.Event>.stride
  }

  /// More than there may be is refused, so nothing behind that is looked at.
  var isSatisfied: Bool { events.count > limit }

  mutating func take(_ stretch: borrowing Stretch) {
    let steps: UInt64 = 1 << UInt64(asked.steps.count) &- 1
    for row in 0..<(unsafe stretch.count) {
      // SAFETY: the stretch has so many rows.
      let mark = unsafe stretch.marks[row]
      let ways = asked.exclusions(of: mark)
      guard mark != 0, mark & steps != 0 || ways != 0 || asked.plan.order == .strict else {
        continue
      }
      events.append(
        FunnelExplainer.Event(
          time: unsafe stretch.times[row], steps: UInt32(truncatingIfNeeded: mark & steps),
          exclusions: ways))
    }
  }
}
