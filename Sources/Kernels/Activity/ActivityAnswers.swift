package import Calendar
package import Query
package import Sections

extension StickinessQuestion: SectionQuestion {
  package func answer(
    by answers: SectionAnswers, from snapshot: Snapshot, asOf: Instant, within limits: Limits
  ) async throws(QueryError) -> Sighted<Answer<Content>> {
    try check()
    let scope = try self.scope.whole(by: interval)
    let count = try scope.starts(by: interval).count
    return try await answers.seeing(snapshot, limits) { attempt throws(KernelFailure) in
      var people = [Int](repeating: 0, count: count)
      if let bucket = interval.bucket(scope.weekStart), count > 0 {
        let pass = try ActivityPass.asking(
          scope, selector, bucket, from: scope.range.lowerBound, looksBack: false,
          try await attempt.profiles(for: scope, [selector]))
        let parts = try await attempt.activity(
          pass, everyone: !scope.kinds.isDisjoint(with: .operations),
          from: { [Int](repeating: 0, count: count) }
        ) { people, pieces in people[pieces.count - 1] += 1 }
        for part in parts { for index in part.indices { people[index] += part[index] } }
      }
      let uniques = try await attempt.uniqueMethod(
        of: scope,
        times: scope.range.lowerBound.milliseconds..<scope.range.upperBound.milliseconds,
        days: scope.days)
      return Answer(
        Content(people: people),
        by: Definition(of: self, asOf: asOf, uniques: uniques))
    }
  }
}

extension LifecycleQuestion: SectionQuestion {
  package func answer(
    by answers: SectionAnswers, from snapshot: Snapshot, asOf: Instant, within limits: Limits
  ) async throws(QueryError) -> Sighted<Answer<Content>> {
    try check()
    let scope = try self.scope.whole(by: interval)
    let starts = try scope.starts(by: interval)
    return try await answers.seeing(snapshot, limits) { attempt throws(KernelFailure) in
      var pieces = starts.map {
        Piece(start: $0, new: 0, returning: 0, resurrecting: 0, dormant: 0)
      }
      if let bucket = interval.bucket(scope.weekStart), let first = starts.first {
        // One piece more, before the first: who was there may return, or be gone.
        let before = bucket.start(
          of: first.saturatingAdding(milliseconds: -1), in: scope.zone)
        let pass = try ActivityPass.asking(
          scope, selector, bucket, from: before, looksBack: true,
          try await attempt.profiles(for: scope, [selector]))
        let count = starts.count
        let parts = try await attempt.activity(
          pass, everyone: !scope.kinds.isDisjoint(with: .operations),
          from: { LifecycleCounts(count) }
        ) { counts, keys in counts.add(keys) }
        for part in parts { part.add(to: &pieces) }
      }
      // People are recognised between pieces, so however short the range is.
      let uniques = try await attempt.uniqueMethod(
        of: scope, times: Int64.min..<Int64.max, days: .max)
      return Answer(
        Content(pieces: pieces),
        by: Definition(of: self, asOf: asOf, uniques: uniques))
    }
  }
}

extension ActivityPass {
  /// The same, as what a question is wrong about.
  fileprivate static func asking(
    _ scope: Scope, _ selector: EventSelector, _ bucket: Bucket, from start: Instant,
    looksBack: Bool, _ profiles: ProfileSource?
  ) throws(KernelFailure) -> ActivityPass {
    do {
      return try ActivityPass(
        scope, selector, bucket, from: start, looksBack: looksBack, profiles: profiles)
    } catch { throw .question(error) }
  }
}

/// Who came, stayed and left, piece by piece. Of a person's pieces 0 is long ago, 1 the one before the
/// first, and k + 2 piece k.
private struct LifecycleCounts: Sendable {
  private var new: [Int]
  private var returning: [Int]
  private var resurrecting: [Int]
  private var dormant: [Int]

  init(_ pieces: Int) {
    new = Array(repeating: 0, count: pieces)
    returning = new
    resurrecting = new
    dormant = new
  }

  mutating func add(_ keys: ArraySlice<UInt64>) {
    var last: Int?
    for key in keys {
      let place = Int(ActivityWorker.piece(key))
      if place >= 2 {
        if let last {
          if last == place - 1 { returning[place - 2] += 1 } else { resurrecting[place - 2] += 1 }
        } else {
          new[place - 2] += 1
        }
      }
      if let last { leave(after: last, before: place) }
      last = place
    }
    if let last { leave(after: last, before: .max) }
  }

  /// Who was in a piece and is not in the next is gone there.
  private mutating func leave(after last: Int, before next: Int) {
    let gone = last + 1
    if last >= 1, gone < next, gone - 2 < dormant.count { dormant[gone - 2] += 1 }
  }

  func add(to pieces: inout [LifecycleQuestion.Piece]) {
    for place in pieces.indices {
      pieces[place].new += new[place]
      pieces[place].returning += returning[place]
      pieces[place].resurrecting += resurrecting[place]
      pieces[place].dormant += dormant[place]
    }
  }
}
