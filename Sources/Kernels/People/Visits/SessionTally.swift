import Query
import Sections

/// What sessions come to, by piece of the range.
struct SessionTally: Sendable {
  var pieces: [SessionsQuestion.Measures]

  init(pieces count: Int) {
    pieces = Array(repeating: SessionsQuestion.Measures(), count: count)
  }

  mutating func add(_ other: SessionTally) {
    for index in pieces.indices { pieces[index].add(other.pieces[index]) }
  }

  var whole: SessionsQuestion.Measures {
    pieces.reduce(into: SessionsQuestion.Measures()) { $0.add($1) }
  }

  func row(_ group: Group, _ table: PieceTable) -> SessionsQuestion.Content.Row {
    SessionsQuestion.Content.Row(
      group, whole,
      pieces: zip(table.starts, pieces).map { SessionsQuestion.Content.Piece($0, $1) })
  }
}

extension SessionsQuestion.Measures {
  mutating func add(_ other: SessionsQuestion.Measures) {
    sessions += other.sessions
    events += other.events
    views += other.views
    duration &+= other.duration
    bounces += other.bounces
    bounceable += other.bounceable
  }
}
