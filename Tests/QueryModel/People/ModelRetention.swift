package import Calendar
package import Query

extension ModelHistory {
  /// Intervals that have not begun as of then are in no mean.
  package func answer(
    _ question: RetentionQuestion, asOf: Instant = Instant(milliseconds: .max)
  ) throws(QueryError) -> Answer<RetentionQuestion.Content> {
    try question.check()
    let method = uniqueMethod(of: eventsOfAllTime(in: question.scope), days: .max)
    return Answer(
      try content(of: question, asOf), by: Definition(of: question, asOf: asOf, uniques: method))
  }

  private func content(
    of question: RetentionQuestion, _ now: Instant
  ) throws(QueryError) -> RetentionQuestion.Content {
    var question = question
    question.scope = try question.counted()
    let starts = try question.scope.starts(by: question.interval)
    let borders = starts + [question.scope.range.upperBound]
    let members = byPerson(eventsOfAllTime(in: question.scope)).flatMap { events in
      memberships(of: events, question, borders)
    }
    let rows = modelRows(
      members, by: question.breakdown, group: { $0.group }, size: { $0.count },
      row: { group, members in
        let cells = starts.indices.map { cohort in
          (0..<(starts.count - cohort)).map { column in
            members.count { $0.cohort == cohort && $0.columns.contains(column) }
          }
        }
        return RetentionQuestion.Content.Row(
          group, cells: cells,
          mean: RetentionQuestion.mean(of: cells) { cohort, column in
            hasBegun(cohort, column, question, starts, end: borders.last!, now)
          })
      })
    return RetentionQuestion.Content(starts: starts, rows: rows)
  }

  private struct Membership {
    var cohort: Int
    var columns: Set<Int>
    var group: [Value]
  }

  private func hasBegun(
    _ cohort: Int, _ column: Int, _ question: RetentionQuestion, _ starts: [Instant],
    end: Instant, _ now: Instant
  ) -> Bool {
    if question.alignment == .calendar || column == 0 { return starts[cohort + column] <= now }
    // Whoever joins last joins before the next cohort begins.
    let next = cohort + 1 < starts.count ? starts[cohort + 1] : end
    return next.milliseconds + Int64(column) * question.rollingMilliseconds <= now.milliseconds
  }

  private func memberships(
    of events: [ModelEvent], _ question: RetentionQuestion, _ borders: [Instant]
  ) -> [Membership] {
    let profiles = question.scope.profiles
    let began = events.filter { $0.time < borders.last! && matches(question.start, $0, profiles) }
    let counted = events.filter { question.scope.range.contains($0.time) }
    // Somebody's own intervals are whole also where they end behind the range.
    let isBehind = question.alignment == .rolling && question.isWhole
    let came = events.filter {
      (isBehind ? $0.time >= borders[0] : question.scope.range.contains($0.time))
        && matches(question.comeback, $0, profiles)
    }
    let beginning = counted.filter { matches(question.start, $0, profiles) }
    let births: [ModelEvent]
    switch question.cohorts {
    case .firstTime:
      births = began.prefix(1).filter { $0.time >= question.scope.range.lowerBound }
    case .firstInRange: births = Array(beginning.prefix(1))
    case .recurring:
      births = borders.indices.dropLast().compactMap { cohort in
        beginning.first { place($0.time, borders) == cohort }
      }
    }
    return births.map { birth in
      let cohort = place(birth.time, borders)
      let exact = (1..<borders.count).filter { column in
        column < borders.count - 1 - cohort
          && came.count {
            column
              == (question.alignment == .calendar
                ? place($0.time, borders) - cohort
                : Int(($0.cts - birth.cts) / question.rollingMilliseconds))
              && $0.cts >= birth.cts
          } >= question.minimumOccurrences
      }
      let columns =
        question.returns == .on ? exact : exact.max().map { Array(1...$0) } ?? []
      return Membership(
        cohort: cohort, columns: Set([0] + columns),
        group: question.breakdown.map { values(of: $0, birth, question.scope) } ?? [])
    }
  }

  private func place(_ time: Instant, _ borders: [Instant]) -> Int {
    borders.lastIndex { $0 <= time } ?? -1
  }
}
