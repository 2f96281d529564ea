import Calendar
import Query

/// The benchmark's questions about events, with their options, as questions of ours. The funnels,
/// the retentions and the sessions are elsewhere.
struct Workload {
  let range: Range<Instant>
  let month: Range<Instant>
  let zone: Zone
  let country: String
  let needle: String

  private var scope: Scope { Scope(range, zone: zone) }
  private var byName: Breakdown {
    get throws { try Breakdown(by: [PropertyPath(.name)], limit: 1_000) }
  }

  private func path(_ text: String) throws -> PropertyPath { try PropertyPath(text) }
  private func events(_ name: String, _ parts: Condition...) throws -> EventSelector {
    EventSelector(name, where: try Filter(.all(parts)))
  }

  func statsByDay() throws -> SeriesQuestion {
    SeriesQuestion(scope, [Series(.events)], by: .day, breakdown: try byName)
  }

  /// Its total is the question of the same name.
  func uniqueUsersByDay() -> SeriesQuestion {
    SeriesQuestion(scope, [Series(.people)], by: .day)
  }

  func topProps() throws -> SeriesQuestion {
    let views = try events(
      "page_view", .compare(path("ctx.country"), .equal, .string(country)),
      .exists(path("props.campaign")))
    return SeriesQuestion(
      scope, [Series(.events, of: views), Series(.people, of: views)],
      breakdown: try Breakdown(by: [path("props.campaign")], limit: 20))
  }

  func topPaths() throws -> SeriesQuestion {
    let views = EventSelector("page_view")
    return SeriesQuestion(
      scope, [Series(.events, of: views), Series(.people, of: views)],
      breakdown: try Breakdown(by: [path("props.path")], limit: 50))
  }

  func filteredRevenue() throws -> SeriesQuestion {
    let purchases = try events(
      "purchase", .compare(path("ctx.device_type"), .equal, "mobile"),
      .compare(path("props.amount"), .greaterOrEqual, 20),
      .isIn(path("props.plan"), ["pro", "team"]))
    return SeriesQuestion(
      scope,
      [Series(.events, of: purchases), Series(.sum(try path("props.amount")), of: purchases)],
      breakdown: try Breakdown(by: [path("ctx.country")], limit: 250))
  }

  func percentileAmount() throws -> SeriesQuestion {
    let amount = try path("props.amount")
    let priced = try EventSelector(where: Filter(.exists(amount)))
    let percentiles = try [0.5, 0.95, 0.99].map {
      Series(.percentile(amount, try Quantile($0)), of: priced)
    }
    return SeriesQuestion(
      scope, [Series(.events, of: priced)] + percentiles, breakdown: try byName)
  }

  func segmentByPlan() throws -> SeriesQuestion {
    SeriesQuestion(
      scope,
      [
        Series(.people), Series(.events),
        Series(.sum(try path("props.amount")), of: EventSelector("purchase")),
      ], breakdown: try Breakdown(by: [path("props.plan")], assignedBy: .lastOfPerson))
  }

  func trendWeekOverWeek() throws -> SeriesQuestion {
    SeriesQuestion(
      scope, [Series(.events)],
      formulas: [try Formula("previous(A)"), try Formula("(A - previous(A)) / previous(A)")],
      by: .week, breakdown: try byName)
  }

  func fullText() throws -> SeriesQuestion {
    let found = try EventSelector(where: Filter(.search(.contains(needle))))
    return SeriesQuestion(scope, [Series(.events, of: found)], breakdown: try byName)
  }

  func timeline(of profile: String) -> EventListQuestion {
    EventListQuestion(scope, by: .profile(profile), limit: 100)
  }

  /// One page after the other.
  func export(after: EventPosition? = nil) -> EventListQuestion {
    EventListQuestion(
      Scope(month, zone: zone), of: EventSelector("page_view"), .oldestFirst,
      limit: EventListQuestion.limits.upperBound, after: after)
  }
}
