package import Calendar

/// Who comes back: of the people who did one thing in an interval, how many did another so many
/// intervals later.
package struct RetentionQuestion: Question {
  package static let maximumIntervals = 1_000
  package static let maximumOccurrences = 1_000

  package enum Cohorts: String, CaseIterable, Sendable {
    /// A person is in the cohort of every interval in which they did the first thing.
    case recurring
    /// Only in that of the first time ever, also before the range: who began earlier is in none.
    case firstTime = "first_time"
    /// Only in that of the first time in the range, whatever was before.
    case firstInRange = "first_in_range"
  }

  package enum Return: String, CaseIterable, Sendable {
    /// In the interval itself.
    case on
    /// In it or in any later one that the answer has.
    case onOrAfter = "on_or_after"
  }

  package enum Alignment: String, CaseIterable, Sendable {
    /// Intervals of the scope's calendar.
    case calendar
    /// Each person's own, from the moment that made them a member: hours, 24 hours, 7 or 30 days.
    case rolling
  }

  package var scope: Scope
  /// What makes somebody a member of a cohort; by default anything.
  package var start = EventSelector.everything
  package var comeback = EventSelector.everything
  package var interval: Interval
  package var cohorts: Cohorts = .firstTime
  package var returns: Return = .on
  package var alignment: Alignment = .calendar
  /// How often somebody has to come back in one interval.
  package var minimumOccurrences = 1
  /// Whether the range is widened to the ends of its intervals.
  package var isWhole = true
  /// By the event that made somebody a member.
  package var breakdown: Breakdown?

  package init(_ scope: Scope, by interval: Interval) {
    self.scope = scope
    self.interval = interval
  }

  package func check() throws(QueryError) {
    guard interval != .total else {
      throw .invalid(.contradiction("retention needs an interval, not the whole range"))
    }
    guard (1...Self.maximumOccurrences).contains(minimumOccurrences) else {
      throw .invalid(.outOfBounds("occurrences", 1...Self.maximumOccurrences))
    }
    try breakdown?.checkIsOfEvents()
    guard try scope.starts(by: interval).count <= Self.maximumIntervals else {
      throw .tooManyBuckets(limit: Self.maximumIntervals)
    }
  }

  /// The scope with the range that counts.
  package func counted() throws(QueryError) -> Scope {
    isWhole ? try scope.whole(by: interval) : scope
  }

  /// Where the last interval of any member ends: with the range or, where whole intervals are
  /// somebody's own, as far behind it as the last to join began late.
  package func horizon(_ starts: [Instant], in range: Range<Instant>) -> Instant {
    guard isWhole, alignment == .rolling, !starts.isEmpty else { return range.upperBound }
    return starts.indices.reduce(range.upperBound) { latest, cohort in
      let next = cohort + 1 < starts.count ? starts[cohort + 1] : range.upperBound
      let columns = Int64(starts.count - cohort)
      return max(latest, next.saturatingAdding(milliseconds: columns * rollingMilliseconds))
    }
  }

  /// Whether the interval has begun by then for all of the cohort, so that who is not in it has not
  /// come back. Of its rolling ones the last begins where the cohort's own interval ends. `starts` are
  /// those of the cohorts, `end` is that of the range.
  package func hasBegun(
    _ column: Int, of cohort: Int, by now: Instant, _ starts: [Instant], end: Instant
  ) -> Bool {
    if alignment == .calendar { return starts[cohort + column] <= now }
    if column == 0 { return starts[cohort] <= now }
    let next = cohort + 1 < starts.count ? starts[cohort + 1] : end
    return next.saturatingAdding(milliseconds: Int64(column) * rollingMilliseconds) <= now
  }

  /// One of somebody's own intervals, where these are rolling.
  package var rollingMilliseconds: Int64 {
    let hour: Int64 = 3_600_000
    return switch interval {
    case .hour: hour
    case .day: 24 * hour
    case .week: 7 * 24 * hour
    case .month: 30 * 24 * hour
    case .quarter: 91 * 24 * hour
    case .year, .total: 365 * 24 * hour
    }
  }

  package var rules: [Rule] {
    [
      .person, Rule("cohorts", cohorts.rawValue), Rule("returns", returns.rawValue),
      Rule("alignment", alignment.rawValue),
      isWhole ? .wholePieces : Rule("pieces", "only what is in the range"),
      Rule("occurrences", "at least \(minimumOccurrences)"),
      Rule("mean", "weighted by size, over intervals that have begun"),
    ]
  }
}

extension Breakdown {
  /// Questions about what people did one after the other say themselves which event gives the value.
  func checkIsOfEvents() throws(QueryError) {
    guard assignment == .event else {
      throw .invalid(.contradiction("this question's breakdown is by values of events"))
    }
  }
}

extension RetentionQuestion {
  package struct Content: Equatable, Sendable {
    package struct Row: Equatable, Sendable {
      package var group: Group
      /// By cohort, then by how many intervals later. Column 0 is the cohort's size; each cohort has
      /// one column fewer than the one before.
      package var cells: [[Int]]
      /// The share that came back so many intervals later, over all cohorts that are old enough.
      package var mean: [Double?]

      package init(_ group: Group, cells: [[Int]], mean: [Double?]) {
        self.group = group
        self.cells = cells
        self.mean = mean
      }
    }

    package var starts: [Instant]
    /// The whole, then the groups of a breakdown.
    package var rows: [Row]

    package init(starts: [Instant], rows: [Row]) {
      self.starts = starts
      self.rows = rows
    }
  }

  /// The mean row: for each column, returners through members over the cohorts whose interval there
  /// has begun. Who came back in none of it counts as zero; an interval that is still to come does not
  /// count. `hasBegun` says so for a cohort and a column.
  package static func mean(
    of cells: [[Int]], hasBegun: (_ cohort: Int, _ column: Int) -> Bool
  ) -> [Double?] {
    let columns = cells.map(\.count).max() ?? 0
    return (0..<columns).map { column in
      var (returned, members) = (0, 0)
      for (cohort, row) in cells.enumerated() where column < row.count {
        guard hasBegun(cohort, column) else { continue }
        returned += row[column]
        members += row[0]
      }
      return members == 0 ? nil : Double(returned) / Double(members)
    }
  }
}
