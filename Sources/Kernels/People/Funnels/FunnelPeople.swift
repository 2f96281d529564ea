package import Calendar
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
    let source = try await source(of: funnel)
    let (content, parts) = try await byRows(funnel, source, tellsPeople: true)
    return (content, FunnelPeople(funnel, source, parts.people))
  }

}

extension FunnelPeopleQuestion: PeopleKernelQuestion {
  /// A page of the people at a step.
  package func content(
    by kernels: FlowKernels, asOf: Instant
  ) async throws(KernelFailure) -> Content {
    let people = try await kernels.contentAndPeople(of: funnel).1
    let found = part == .reached ? people.reached(step) : people.dropped(behind: step)
    var names = try await kernels.named(found).compactMap { $0 }
    if let after { names.removeAll { $0 <= after } }
    names.sort()
    let page = Array(names.prefix(limit))
    return Content(people: page, next: page.count < names.count ? page.last : nil)
  }
}
