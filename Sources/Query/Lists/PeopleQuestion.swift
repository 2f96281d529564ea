/// The people behind a number: who has a selected event, in the order of their ids.
package struct PeopleQuestion: Question {
  package static let limits = 1...10_000

  package var scope: Scope
  package var selector: EventSelector
  package var limit: Int
  /// The last person of the page before.
  package var after: PersonID?

  package init(
    _ scope: Scope, of selector: EventSelector = .everything, limit: Int, after: PersonID? = nil
  ) {
    self.scope = scope
    self.selector = selector
    self.limit = limit
    self.after = after
  }

  package struct Content: Equatable, Sendable {
    package var people: [Person]
    /// Nil at the end.
    package var next: PersonID?

    package init(people: [Person], next: PersonID?) {
      self.people = people
      self.next = next
    }
  }

  /// A person by the id that all of theirs have become, with their selected events in the range.
  package struct Person: Equatable, Sendable {
    package var id: PersonID
    package var events: Int
    package var firstCts: Int64
    package var lastCts: Int64

    package init(id: PersonID, events: Int, firstCts: Int64, lastCts: Int64) {
      self.id = id
      self.events = events
      self.firstCts = firstCts
      self.lastCts = lastCts
    }
  }

  package func check() throws(QueryError) {
    guard Self.limits.contains(limit) else { throw .invalid(.outOfBounds("limit", Self.limits)) }
  }

  package var rules: [Rule] { [.person] }
}
