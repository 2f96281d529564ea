package import Calendar

/// Measures of events over time: the question behind counts, uniques, sums, trends, rates, segments,
/// top lists and stickiness as a rate.
///
/// Each series is measured for each piece of the range, for the range as a whole, and both again for
/// each group of the breakdown. A total is measured, not added up: who came on two days is one person.
package struct SeriesQuestion: Question {
  package static let maximumSeries = 26
  package static let maximumFormulas = 10
  /// Groups, times columns, times pieces.
  package static let maximumCells = 2_000_000

  package var scope: Scope
  package var series: [Series]
  /// Columns behind those of the series.
  package var formulas: [Formula]
  package var interval: Interval
  package var breakdown: Breakdown?
  package var comparison: Comparison?

  package init(
    _ scope: Scope, _ series: [Series], formulas: [Formula] = [], by interval: Interval = .total,
    breakdown: Breakdown? = nil, comparedWith comparison: Comparison? = nil
  ) {
    self.scope = scope
    self.series = series
    self.formulas = formulas
    self.interval = interval
    self.breakdown = breakdown
    self.comparison = comparison
  }

  package struct Content: Equatable, Sendable {
    package var current: SeriesTable
    /// The same for the comparison's range, where there is one.
    package var earlier: SeriesTable?

    package init(current: SeriesTable, earlier: SeriesTable? = nil) {
      self.current = current
      self.earlier = earlier
    }
  }

  package func check() throws(QueryError) {
    guard (1...Self.maximumSeries).contains(series.count) else {
      throw .invalid(.outOfBounds("series", 1...Self.maximumSeries))
    }
    guard formulas.count <= Self.maximumFormulas else {
      throw .invalid(.tooMany("formulas", limit: Self.maximumFormulas))
    }
    for formula in formulas where formula.seriesCount > series.count {
      throw .invalid(.contradiction("\(formula.text) names a series that is not there"))
    }
    for series in series {
      if case .rollingPeople(let days) = series.measure, !Measure.rollingDays.contains(days) {
        throw .invalid(.outOfBounds("rolling days", Measure.rollingDays))
      }
    }
    let rows = breakdown.map { $0.limit + 2 } ?? 1
    let cells = try scope.starts(by: interval).count * rows * (series.count + formulas.count)
    guard cells <= Self.maximumCells else {
      throw .invalid(.tooMany("numbers in an answer", limit: Self.maximumCells))
    }
  }
}

/// One thing to measure.
package struct Series: Equatable, Sendable {
  package var selector: EventSelector
  package var measure: Measure

  package init(_ measure: Measure, of selector: EventSelector = .everything) {
    self.selector = selector
    self.measure = measure
  }
}

/// The numbers of one range.
package struct SeriesTable: Equatable, Sendable {
  package struct Row: Equatable, Sendable {
    package var group: Group
    /// Those of the series, then those of the formulas.
    package var columns: [Column]

    package init(group: Group, columns: [Column]) {
      self.group = group
      self.columns = columns
    }
  }

  package struct Column: Equatable, Sendable {
    package var total: Value
    /// One for each piece.
    package var pieces: [Value]

    package init(total: Value, pieces: [Value]) {
      self.total = total
      self.pieces = pieces
    }
  }

  /// Where the pieces begin.
  package var starts: [Instant]
  /// The whole; or the largest groups, the largest first, then Other and None where they have events.
  /// An earlier table has the groups of the current one.
  package var rows: [Row]

  package init(starts: [Instant], rows: [Row]) {
    self.starts = starts
    self.rows = rows
  }
}

extension SeriesQuestion {
  package var rules: [Rule] {
    var rules: [Rule] = []
    if series.contains(where: \.measure.countsPeople) { rules.append(.person) }
    for case .rollingPeople(let days) in series.map(\.measure) {
      rules.append(Rule("rolling", "the \(days) calendar days that end with each piece"))
    }
    if series.contains(where: { if case .percentile = $0.measure { true } else { false } }) {
      rules.append(Rule("percentile", "linear interpolation between ranks, at (n - 1) * q"))
    }
    if let breakdown {
      rules.append(
        Rule("groups", "the \(breakdown.limit) largest by the first series, equal ones by value"))
      rules.append(breakdown.assignment.rule)
    }
    if let comparison { rules.append(comparison.rule) }
    return rules
  }
}

extension Comparison {
  var rule: Rule {
    switch self {
    case .periodBefore: Rule("comparison", "the period before, as many days or milliseconds")
    case .monthBefore: Rule("comparison", "the same days of the month before")
    case .yearBefore: Rule("comparison", "the same days of the year before")
    }
  }
}

extension Rule {
  package static let person = Rule(
    "person", "profile, else device, else visitor; joined ids are one")
}
