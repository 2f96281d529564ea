/// What one person did in a funnel and what kept them from going on: once, or session by session where
/// sessions are counted.
package struct FunnelExplanationQuestion: Question {
  package var funnel: FunnelQuestion
  /// Any id of theirs.
  package var person: PersonID

  package init(_ funnel: FunnelQuestion, for person: PersonID) {
    self.funnel = funnel
    self.person = person
  }

  package struct Content: Equatable, Sendable {
    /// One for each subject of the funnel, in the order of their first events; none of whom no event
    /// is in the funnel's scope.
    package var subjects: [Subject]

    package init(subjects: [Subject]) { self.subjects = subjects }
  }

  package struct Subject: Equatable, Sendable {
    /// The person's first and last event in the scope, or those of the session.
    package var first: Int64
    package var last: Int64
    /// What the events of the chain share, where the funnel holds a property.
    package var held: Value?
    /// Those that are steps or exclusions and, of a strict funnel, all. The explanation names them by
    /// their places.
    package var events: [Event]
    package var explanation: FunnelExplanation

    package init(
      first: Int64, last: Int64, held: Value?, events: [Event], explanation: FunnelExplanation
    ) {
      self.first = first
      self.last = last
      self.held = held
      self.events = events
      self.explanation = explanation
    }
  }

  package struct Event: Equatable, Sendable {
    package var time: Int64
    /// The steps that it fits, from 1.
    package var steps: [Int]
    package var isExclusion: Bool

    package init(time: Int64, steps: [Int], isExclusion: Bool) {
      self.time = time
      self.steps = steps
      self.isExclusion = isExclusion
    }
  }

  package var scope: Scope { funnel.scope }
  package var rules: [Rule] { funnel.rules }

  package func check() throws(QueryError) { try funnel.check() }
}
