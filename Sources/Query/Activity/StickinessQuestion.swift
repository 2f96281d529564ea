/// How steadily people came: how many of them were active in exactly 1, 2, 3, … of the range's pieces.
/// Active is who has a selected event. Stickiness as a rate is a series: people by day divided by
/// rolling people of 30 days.
package struct StickinessQuestion: Question {
  package var scope: Scope
  package var selector: EventSelector
  package var interval: Interval

  package init(
    _ scope: Scope, of selector: EventSelector = .everything, by interval: Interval = .day
  ) {
    self.scope = scope
    self.selector = selector
    self.interval = interval
  }

  package struct Content: Equatable, Sendable {
    /// At place k − 1, those who were active in k pieces; as many places as there are pieces.
    package var people: [Int]

    package init(people: [Int]) { self.people = people }
  }

  package func check() throws(QueryError) { try scope.checkPieces(by: interval) }

  package var rules: [Rule] { [.person, .wholePieces] }
}
