package import Calendar

/// How many different people there were, in each piece of time and altogether. Their views count on
/// their own day, not on that of the session.
package struct VisitorsQuestion: Question {
  /// Who did something this recently is there now.
  package static let liveMilliseconds: Int64 = 5 * 60_000

  package var scope: Scope
  package var interval: Interval
  package var breakdown: Breakdown?

  package init(_ scope: Scope, by interval: Interval) {
    self.scope = scope
    self.interval = interval
  }

  /// Who is there now: the last five minutes, both ends included.
  package static func live(at now: Instant, in scope: Scope) -> VisitorsQuestion {
    var scope = scope
    scope.range =
      now.saturatingAdding(
        milliseconds: -liveMilliseconds)..<now.saturatingAdding(milliseconds: 1)
    return VisitorsQuestion(scope, by: .total)
  }

  package func check() throws(QueryError) { _ = try scope.starts(by: interval) }

  package var rules: [Rule] {
    [.person, Rule("visitor", "a person with an event in the interval")]
      + (breakdown.map { [$0.assignment.rule] } ?? [])
  }

  package struct Content: Equatable, Sendable {
    package struct Piece: Equatable, Sendable {
      package var start: Instant
      package var people: Int
      package var views: Int

      package init(_ start: Instant, people: Int, views: Int) {
        self.start = start
        self.people = people
        self.views = views
      }
    }
    package struct Row: Equatable, Sendable {
      package var group: Group
      package var people: Int
      package var views: Int
      package var pieces: [Piece]

      package init(_ group: Group, people: Int, views: Int, pieces: [Piece]) {
        self.group = group
        self.people = people
        self.views = views
        self.pieces = pieces
      }
    }

    package var rows: [Row]

    package init(rows: [Row]) { self.rows = rows }
  }
}
