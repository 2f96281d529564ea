package import Calendar

/// Who came, stayed and left: for each piece of the range, how its active people were active before.
/// History before the range counts.
package struct LifecycleQuestion: Question {
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
    package var pieces: [Piece]

    package init(pieces: [Piece]) { self.pieces = pieces }
  }

  package struct Piece: Equatable, Sendable {
    package var start: Instant
    /// Active here for the first time ever.
    package var new: Int
    /// Active here and in the piece before.
    package var returning: Int
    /// Active here, not in the piece before, but earlier.
    package var resurrecting: Int
    /// Active in the piece before, not here. Shown below zero where people who left are.
    package var dormant: Int

    package init(start: Instant, new: Int, returning: Int, resurrecting: Int, dormant: Int) {
      self.start = start
      self.new = new
      self.returning = returning
      self.resurrecting = resurrecting
      self.dormant = dormant
    }
  }

  package func check() throws(QueryError) { try scope.checkPieces(by: interval) }

  package var rules: [Rule] {
    [.person, .wholePieces, Rule("new", "the first selected event ever, also before the range")]
  }
}
