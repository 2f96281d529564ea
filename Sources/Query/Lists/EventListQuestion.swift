/// Single events in the order of time: the list of a project, the result of a search, one person's
/// timeline.
package struct EventListQuestion: Question {
  package typealias Content = EventPage

  package enum Direction: String, Sendable { case newestFirst = "newest", oldestFirst = "oldest" }

  package static let limits = 1...10_000

  package var scope: Scope
  package var selector: EventSelector
  /// Any id of theirs finds all events of the person.
  package var person: PersonID?
  package var direction: Direction
  package var limit: Int
  /// The last event of the page before: what follows it is listed, whatever has arrived since.
  package var after: EventPosition?

  package init(
    _ scope: Scope, of selector: EventSelector = .everything, by person: PersonID? = nil,
    _ direction: Direction = .newestFirst, limit: Int, after: EventPosition? = nil
  ) {
    self.scope = scope
    self.selector = selector
    self.person = person
    self.direction = direction
    self.limit = limit
    self.after = after
  }

  package func check() throws(QueryError) {
    guard Self.limits.contains(limit) else { throw .invalid(.outOfBounds("limit", Self.limits)) }
  }

  package var rules: [Rule] { [Rule("order", "\(direction.rawValue) first, by cts, then by id")] }
}
