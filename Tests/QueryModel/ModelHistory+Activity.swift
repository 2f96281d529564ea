package import Calendar
package import Query

extension ModelHistory {
  package func answer(
    _ question: StickinessQuestion, asOf: Instant = .epoch
  ) throws(QueryError) -> Answer<StickinessQuestion.Content> {
    try question.check()
    let scope = try question.scope.whole(by: question.interval)
    let activity = activity(in: scope, question.selector, question.interval)
    var people = try scope.starts(by: question.interval).map { _ in 0 }
    for pieces in activity.values {
      let count = pieces.count { scope.range.contains($0) }
      if count > 0 { people[count - 1] += 1 }
    }
    let method = uniqueMethod(of: events(in: scope), days: scope.days)
    return Answer(
      StickinessQuestion.Content(people: people),
      by: Definition(of: question, asOf: asOf, uniques: method))
  }

  package func answer(
    _ question: LifecycleQuestion, asOf: Instant = .epoch
  ) throws(QueryError) -> Answer<LifecycleQuestion.Content> {
    try question.check()
    let scope = try question.scope.whole(by: question.interval)
    let activity = activity(in: scope, question.selector, question.interval)
    guard let bucket = question.interval.bucket(scope.weekStart) else {
      preconditionFailure("a question that was checked has pieces")
    }
    var pieces: [LifecycleQuestion.Piece] = []
    for start in try scope.starts(by: question.interval) {
      let before = bucket.start(of: start.saturatingAdding(milliseconds: -1), in: scope.zone)
      var piece = LifecycleQuestion.Piece(
        start: start, new: 0, returning: 0, resurrecting: 0, dormant: 0)
      for active in activity.values {
        if active.min() == start {
          piece.new += 1
        } else if active.contains(start) {
          if active.contains(before) { piece.returning += 1 } else { piece.resurrecting += 1 }
        } else if active.contains(before) {
          piece.dormant += 1
        }
      }
      pieces.append(piece)
    }
    // People are recognised between pieces, so however short the range is.
    let method = uniqueMethod(of: eventsOfAllTime(in: scope), days: .max)
    return Answer(
      LifecycleQuestion.Content(pieces: pieces),
      by: Definition(of: question, asOf: asOf, uniques: method))
  }

  /// For each person the starts of the pieces in which they were active, in and before the range.
  private func activity(
    in scope: Scope, _ selector: EventSelector, _ interval: Interval
  ) -> [PersonID: Set<Instant>] {
    guard let bucket = interval.bucket(scope.weekStart) else { return [:] }
    var activity: [PersonID: Set<Instant>] = [:]
    for event in eventsOfAllTime(in: scope) where event.time < scope.range.upperBound {
      guard let person = person(of: event), matches(selector, event, scope.profiles) else {
        continue
      }
      activity[person, default: []].insert(bucket.start(of: event.time, in: scope.zone))
    }
    return activity
  }
}
