import Calendar
import JSON
import Kernels
import Platform
import Query
import Sections

/// Asks the workload's questions about series of these sections, on one thread and on two, and compares
/// the answers with those of the oracle.
/// `names`: of which questions; none: of all.
func benchmarkSeries(
  _ sections: [Section], oracle path: String?, only names: [String] = []
) async throws {
  let snapshot = Snapshot(sections, of: benchmarkSecret)
  let events = sections.reduce(0) { $0 + $1.rowCount }
  let zone = try ZoneFiles().zone(named: "Europe/Berlin")
  let workload = SeriesWorkload(
    scope: Scope(
      Instant(milliseconds: 1_767_571_200_000)..<Instant(milliseconds: 1_775_347_200_000),
      zone: zone), country: "DE")
  let oracle = try path.map { path in
    let bytes = readFile(path)
    return try JSONValue(parsing: bytes.span)
  }
  let one = SectionAnswers(KernelThreads(count: 1), clock: IdleClock())
  let two = SectionAnswers(KernelThreads(count: 2), clock: IdleClock())
  for (name, question) in try workload.questions where names.isEmpty || names.contains(name) {
    let first = try await one.answer(question, from: snapshot, asOf: .epoch)
    let verdict =
      oracle.map { oracle in
        let rows = oracle["answers"]?[name]?["rows"]?.array ?? []
        let found = workload.rows(of: name, first.answer.content.current)
        return OracleRows.differ(found, rows).map { " WRONG: \($0)" } ?? ", as the oracle"
      } ?? ""
    let single = try await best { _ = try await one.answer(question, from: snapshot, asOf: .epoch) }
    let double = try await best { _ = try await two.answer(question, from: snapshot, asOf: .epoch) }
    print("\(name): \(each(single, events)); two threads \(each(double, events))\(verdict)")
  }
}

private func each(_ time: Duration, _ events: Int) -> String {
  let nanoseconds = Double(time / .nanoseconds(1))
  let tenths = Int(nanoseconds / Double(max(events, 1)) * 100)
  return
    "\(Int(nanoseconds / 1_000)) us, \(tenths / 100).\(tenths % 100 < 10 ? "0" : "")\(tenths % 100) ns an event"
}

/// The best time of a second's rounds.
private func best(_ body: () async throws -> Void) async rethrows -> Duration {
  let clock = ContinuousClock()
  let deadline = clock.now + .seconds(1)
  var best = Duration.seconds(1_000_000)
  repeat {
    let start = clock.now
    try await body()
    best = min(best, clock.now - start)
  } while clock.now < deadline
  return best
}

private struct IdleClock: Clock {
  var wallMilliseconds: Int64 { 0 }
  var monotonicNanoseconds: UInt64 { 0 }
  func sleep(for duration: Duration) async {}
}

/// The questions of `Benchmarks/README.md` that series answer, and their answers as its rows.
struct SeriesWorkload {
  let scope: Scope
  let country: String

  var questions: [(String, SeriesQuestion)] {
    get throws {
      let amount = try PropertyPath("props.amount")
      let byName = try Breakdown(by: [PropertyPath(.name)], limit: 1_000)
      let views = EventSelector("page_view")
      let local = EventSelector(
        "page_view",
        where: try Filter(
          .all([
            .compare(try PropertyPath("ctx.country"), .equal, .string(country)),
            .exists(try PropertyPath("props.campaign")),
          ])))
      let purchases = EventSelector(
        "purchase",
        where: try Filter(
          .all([
            .compare(try PropertyPath("ctx.device_type"), .equal, "mobile"),
            .compare(amount, .greaterOrEqual, 20),
            .isIn(try PropertyPath("props.plan"), ["pro", "team"]),
          ])))
      let priced = try EventSelector(where: Filter(.exists(amount)))
      let percentiles = try [0.5, 0.95, 0.99].map {
        Series(.percentile(amount, try Quantile($0)), of: priced)
      }
      return [
        ("stats_by_day", SeriesQuestion(scope, [Series(.events)], by: .day, breakdown: byName)),
        (
          "trend_wow",
          SeriesQuestion(
            scope, [Series(.events)],
            formulas: [try Formula("previous(A)"), try Formula("(A - previous(A)) / previous(A)")],
            by: .week, breakdown: byName)
        ),
        ("unique_users_by_day", SeriesQuestion(scope, [Series(.people)], by: .day)),
        ("unique_users_total", SeriesQuestion(scope, [Series(.people)])),
        (
          "top_props",
          SeriesQuestion(
            scope, [Series(.events, of: local), Series(.people, of: local)],
            breakdown: try Breakdown(by: [PropertyPath("props.campaign")], limit: 20))
        ),
        (
          "top_paths",
          SeriesQuestion(
            scope, [Series(.events, of: views), Series(.people, of: views)],
            breakdown: try Breakdown(by: [PropertyPath("props.path")], limit: 50))
        ),
        (
          "filtered_revenue",
          SeriesQuestion(
            scope, [Series(.events, of: purchases), Series(.sum(amount), of: purchases)],
            breakdown: try Breakdown(by: [PropertyPath("ctx.country")], limit: 250))
        ),
        (
          "percentile_amount",
          SeriesQuestion(scope, [Series(.events, of: priced)] + percentiles, breakdown: byName)
        ),
        (
          "segment_by_plan",
          SeriesQuestion(
            scope,
            [
              Series(.people), Series(.events), Series(.sum(amount), of: EventSelector("purchase")),
            ],
            breakdown: try Breakdown(
              by: [PropertyPath("props.plan")], assignedBy: .lastOfPerson))
        ),
        (
          "full_text",
          SeriesQuestion(
            scope,
            [
              Series(
                .events,
                of: try EventSelector(where: Filter(.search(.contains("checkout")))))
            ], breakdown: byName)
        ),
      ]
    }
  }

  /// What the oracle has of an answer.
  func rows(of name: String, _ table: SeriesTable) -> [[JSONValue]] {
    func group(_ row: SeriesTable.Row) -> JSONValue {
      guard case .values(let values) = row.group else { return "(other)" }
      return values[0].isNull ? "none" : values[0].json
    }
    let kept = table.rows.filter { $0.group != .other }
    func totals(_ row: SeriesTable.Row) -> [JSONValue] { row.columns.map(\.total.json) }
    func days(_ index: Int) -> JSONValue {
      .string(Bucket.day.label(of: table.starts[index], in: scope.zone))
    }
    switch name {
    case "stats_by_day":
      return table.starts.indices.flatMap { piece in
        kept.map { [days(piece), group($0), $0.columns[0].pieces[piece].json] }
      }.filter { $0[2] != 0 }
    case "trend_wow":
      return kept.flatMap { row in
        table.starts.indices.map { piece in
          [group(row), days(piece)] + row.columns.map { $0.pieces[piece].json }
        }
      }.filter { $0[2] != 0 }
    case "unique_users_by_day":
      return table.starts.indices.map { [days($0), table.rows[0].columns[0].pieces[$0].json] }
    case "unique_users_total": return [totals(table.rows[0])]
    case "percentile_amount":
      return kept.map { row in
        let totals = totals(row)
        return [group(row), totals[0], .array(Array(totals[1...]))]
      }
    default: return kept.map { [group($0)] + totals($0) }
    }
  }
}

/// Compares answers with the oracle's, whatever the order of their rows: numbers within what the oracle
/// was rounded to.
enum OracleRows {
  static func differ(_ found: [[JSONValue]], _ expected: [JSONValue]) -> String? {
    guard found.count == expected.count else { return "\(found.count) rows of \(expected.count)" }
    let keys = expected.map { key($0.array ?? []) }
    var rows: [String: [JSONValue]] = [:]
    for row in found { rows[key(row)] = row }
    for (key, row) in zip(keys, expected) {
      guard let own = rows[key] else { return "no row \(key)" }
      if !isSame(.array(own), row) { return "\(own) for \(row)" }
    }
    return nil
  }

  /// The texts of a row: no two rows share them.
  private static func key(_ row: [JSONValue]) -> String {
    row.compactMap(\.string).joined(separator: "|")
  }

  private static func isSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
    if let left = left.array, let right = right.array {
      return left.count == right.count && zip(left, right).allSatisfy { isSame($0, $1) }
    }
    if let left = left.double, let right = right.double {
      let tolerance = max(1e-9 * max(left.magnitude, right.magnitude), 1e-9)
      return (left - right).magnitude <= tolerance
    }
    return left == right
  }
}
