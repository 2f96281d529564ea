import Calendar
import JSON
import Query

/// The questions that are counts, sums and percentiles by time and by value.
extension Workload {
  static var series: [Asked] {
    [
      statsByDay, trend, usersByDay, usersInAll, topProperties, topPaths, filteredSum, percentiles,
      segments, fullText,
    ]
  }

  private static func byName() throws -> Breakdown {
    try Breakdown(by: [PropertyPath(.name)], limit: 1_000)
  }

  private static func holds(_ path: String) throws -> Condition {
    .exists(try PropertyPath(path))
  }

  private static let statsByDay = asked("stats_by_day", ["day", "event_name", "events"]) {
    parameters, asker, rows in
    let table = try await asker.table(
      SeriesQuestion(
        parameters.scope, [Series(.events)], by: .day, breakdown: try byName()))
    let groups = table.named
    for (piece, start) in table.starts.enumerated() {
      let day = Bucket.day.label(of: start, in: parameters.zone)
      for (name, row) in groups where row.columns[0].pieces[piece] != 0 {
        rows.row {
          $0.string(day)
          $0.string(name)
          $0.value(row.columns[0].pieces[piece])
        }
      }
    }
  }

  private static let trend = asked(
    "trend_wow", ["event_name", "week", "events", "previous", "change"]
  ) { parameters, asker, rows in
    let table = try await asker.table(
      SeriesQuestion(
        parameters.scope, [Series(.events)],
        formulas: [try Formula("previous(A)"), try Formula("(A - previous(A)) / previous(A)")],
        by: .week, breakdown: try byName()))
    let weeks = table.starts.map { Bucket.week.label(of: $0, in: parameters.zone) }
    for (name, row) in table.named {
      for (piece, week) in weeks.enumerated() where row.columns[0].pieces[piece] != 0 {
        rows.row {
          $0.string(name)
          $0.string(week)
          for column in row.columns { $0.value(column.pieces[piece]) }
        }
      }
    }
  }

  private static let usersByDay = asked("unique_users_by_day", ["day", "users"]) {
    parameters, asker, rows in
    let table = try await asker.table(
      SeriesQuestion(parameters.scope, [Series(.people)], by: .day))
    for (start, people) in zip(table.starts, table.rows[0].columns[0].pieces) where people != 0 {
      rows.row {
        $0.string(Bucket.day.label(of: start, in: parameters.zone))
        $0.value(people)
      }
    }
  }

  private static let usersInAll = asked("unique_users_total", ["users"]) {
    parameters, asker, rows in
    let table = try await asker.table(SeriesQuestion(parameters.scope, [Series(.people)]))
    rows.row { $0.value(table.rows[0].columns[0].total) }
  }

  private static let topProperties = asked("top_props", ["campaign", "views", "users"]) {
    parameters, asker, rows in
    let views = EventSelector(
      "page_view",
      where: try Filter(
        .all([
          .compare(try PropertyPath("ctx.country"), .equal, .string(parameters.country)),
          holds("props.campaign"),
        ])))
    try await top("props.campaign", 20, of: views, parameters, asker, &rows)
  }

  private static let topPaths = asked("top_paths", ["path", "views", "users"]) {
    parameters, asker, rows in
    try await top(
      "props.path", 50, of: EventSelector("page_view"), parameters, asker, &rows)
  }

  private static func top(
    _ path: String, _ limit: Int, of selector: EventSelector, _ parameters: Parameters,
    _ asker: Asker, _ rows: inout Rows
  ) async throws {
    let table = try await asker.table(
      SeriesQuestion(
        parameters.scope, [Series(.events, of: selector), Series(.people, of: selector)],
        breakdown: try Breakdown(by: [PropertyPath(path)], limit: limit)))
    for (value, row) in table.valued { rows.totals(value, row) }
  }

  private static let filteredSum = asked(
    "filtered_revenue", ["country", "purchases", "revenue"]
  ) { parameters, asker, rows in
    let amount = try PropertyPath("props.amount")
    let purchases = EventSelector(
      "purchase",
      where: try Filter(
        .all([
          .compare(try PropertyPath("ctx.device_type"), .equal, "mobile"),
          .compare(amount, .greaterOrEqual, 20),
          .isIn(try PropertyPath("props.plan"), ["pro", "team"]),
        ])))
    let table = try await asker.table(
      SeriesQuestion(
        parameters.scope, [Series(.events, of: purchases), Series(.sum(amount), of: purchases)],
        breakdown: try Breakdown(by: [PropertyPath("ctx.country")], limit: 1_000)))
    for (country, row) in table.named where row.columns[0].total != 0 {
      rows.totals(.string(country), row)
    }
  }

  private static let percentiles = asked(
    "percentile_amount", ["event_name", "events", "percentiles"]
  ) { parameters, asker, rows in
    let amount = try PropertyPath("props.amount")
    let priced = try EventSelector(where: Filter(.exists(amount)))
    let series = try [0.5, 0.95, 0.99].map {
      Series(.percentile(amount, try Quantile($0)), of: priced)
    }
    let table = try await asker.table(
      SeriesQuestion(
        parameters.scope, [Series(.events, of: priced)] + series, breakdown: try byName()))
    for (name, row) in table.named where row.columns[0].total != 0 {
      rows.row {
        $0.string(name)
        $0.value(row.columns[0].total)
        $0.beginArray()
        for column in row.columns.dropFirst() { $0.value(column.total) }
        $0.endArray()
      }
    }
  }

  private static let segments = asked(
    "segment_by_plan", ["segment", "users", "events", "revenue"]
  ) { parameters, asker, rows in
    let purchases = EventSelector("purchase")
    let table = try await asker.table(
      SeriesQuestion(
        parameters.scope,
        [
          Series(.people), Series(.events),
          Series(.sum(try PropertyPath("props.amount")), of: purchases),
        ],
        breakdown: try Breakdown(
          by: [PropertyPath("props.plan")], limit: 1_000, assignedBy: .lastOfPerson)))
    for (segment, row) in table.named(none: "none") { rows.totals(.string(segment), row) }
  }

  private static let fullText = asked("full_text", ["event_name", "events"]) {
    parameters, asker, rows in
    let found = try EventSelector(where: Filter(.search(.contains(parameters.needle))))
    let table = try await asker.table(
      SeriesQuestion(parameters.scope, [Series(.events, of: found)], breakdown: try byName()))
    for (name, row) in table.named where row.columns[0].total != 0 {
      rows.totals(.string(name), row)
    }
  }
}

extension Rows {
  /// A value, and the measures of the whole range behind it.
  mutating func totals(_ value: Value, _ row: SeriesTable.Row) {
    self.row {
      $0.value(value)
      for column in row.columns { $0.value(column.total) }
    }
  }
}

extension SeriesTable {
  /// The groups with a value, the largest first.
  var valued: [(Value, Row)] {
    rows.compactMap { row in
      guard case .values(let values) = row.group, !values[0].isNull else { return nil }
      return (values[0], row)
    }
  }

  /// The groups whose value is a text, in the order of its bytes.
  var named: [(String, Row)] {
    valued.compactMap { value, row in value.text.map { ($0, row) } }
      .sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
  }

  /// The same, and those without a value under a name of their own.
  func named(none: String) -> [(String, Row)] {
    let nameless = rows.filter(\.group.isNone).map { (none, $0) }
    return (named + nameless).sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
  }
}
