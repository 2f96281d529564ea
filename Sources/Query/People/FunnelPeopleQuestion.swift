/// The people behind a funnel's numbers, in the order of their ids: those who did a step, or those who
/// did it and not the next one. Where sessions are counted a person is where the best of theirs is.
package struct FunnelPeopleQuestion: Question {
  package enum Part: String, CaseIterable, Sendable { case reached, dropped }

  package var funnel: FunnelQuestion
  /// From 1; without an order, so many steps.
  package var step: Int
  package var part: Part
  package var limit: Int
  /// The last person of the page before.
  package var after: PersonID?

  package init(
    _ funnel: FunnelQuestion, step: Int, _ part: Part = .reached, limit: Int,
    after: PersonID? = nil
  ) {
    self.funnel = funnel
    self.step = step
    self.part = part
    self.limit = limit
    self.after = after
  }

  package struct Content: Equatable, Sendable {
    package var people: [PersonID]
    /// Nil at the end.
    package var next: PersonID?

    package init(people: [PersonID], next: PersonID?) {
      self.people = people
      self.next = next
    }
  }

  package var scope: Scope { funnel.scope }
  package var rules: [Rule] { funnel.rules }

  package func check() throws(QueryError) {
    try funnel.check()
    guard PeopleQuestion.limits.contains(limit) else {
      throw .invalid(.outOfBounds("limit", PeopleQuestion.limits))
    }
    guard (1...funnel.steps.count).contains(step) else {
      throw .invalid(.outOfBounds("steps of this funnel", 1...funnel.steps.count))
    }
  }
}
