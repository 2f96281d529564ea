import Query
import Sections

/// What the sessions of a thread come to, by piece of the range, for loops.
@safe final class SessionSums {
  let pieces: PieceTable
  let bounce: BounceRule.Test
  /// SAFETY: as many as there are pieces, as long as the sums live.
  private let sums: UnsafeMutablePointer<SessionsQuestion.Measures>

  init(_ pieces: PieceTable, _ bounce: BounceRule) {
    self.pieces = pieces
    self.bounce = bounce.test
    unsafe sums = .allocate(capacity: max(1, pieces.count))
    unsafe sums.initialize(repeating: SessionsQuestion.Measures(), count: pieces.count)
  }

  deinit { unsafe sums.deallocate() }

  var byteCount: Int { MemoryLayout<SessionsQuestion.Measures>.stride * pieces.count }

  /// Counts a session in the piece that it starts in; `weight` as in `Measures.add`.
  @inline(__always)
  func add(_ session: borrowing Session, weight: Int = 1) {
    guard session.first >= pieces.from, session.first < pieces.to else { return }
    // SAFETY: the piece of a time is one of those that there are.
    unsafe sums[pieces.index(of: session.first)].add(
      session, bounced: session.state(by: bounce), weight: weight)
  }

  var tally: SessionTally {
    var tally = SessionTally(pieces: pieces.count)
    for piece in 0..<pieces.count { unsafe tally.pieces[piece].add(sums[piece]) }
    return tally
  }
}
