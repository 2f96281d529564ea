import Calendar
import Events
import HTTP
import JSON
import Platform
import Query
import QueryJSON

/// The first questions over HTTP: events of one person, counts, lists, and single events.
struct EventRoutes: Sendable {
  let answers: any EventAnswers
  let access: ReadAccess
  let clocks: QuestionClocks
  let clock: any Clock
  let metrics: QueryMetrics

  func mount(on router: inout Router) {
    for prefix in ["/api/v1", "/api"] {
      add("user", "\(prefix)/events/user/{id}", to: &router, personEvents)
      add("stats", "\(prefix)/events/stats", to: &router, statistics)
      add("series", "\(prefix)/stats/events", to: &router, series)
      add("events", "\(prefix)/events", to: &router, events)
      add("event", "\(prefix)/events/{id}", to: &router, event)
    }
  }

  private typealias Answering =
    @Sendable (Request, ProjectID, QuestionParameters) async throws -> Response

  /// Mounts a question: who asks is known, mistakes are answered in one shape, and time is taken.
  private func add(
    _ name: StaticString, _ pattern: String, to router: inout Router,
    _ answer: @escaping Answering
  ) {
    router.add(.get, pattern) { request in
      let start = clock.monotonicNanoseconds
      let response = await respond(to: request, answer)
      metrics.observe(name, response.status, nanoseconds: clock.monotonicNanoseconds - start)
      return response
    }
  }

  /// An answer that lacks something says so in a field of its own: what it has is exact all the same.
  private func named(_ response: Response, _ missing: [String]) -> Response {
    if missing.isEmpty { return response }
    var response = response
    let more = missing.count > 10 ? "; and \(missing.count - 10) more" : ""
    // Words of ours, in which nothing is that a field could not carry.
    try? response.fields.append(
      "Tributary-Missing", missing.prefix(10).joined(separator: "; ") + more)
    return response
  }

  private func respond(to request: Request, _ answer: Answering) async -> Response {
    do {
      let project = try access.project(of: request, at: clock.wallMilliseconds)
      let parameters = try QuestionParameters(
        request.head, now: clock.wallMilliseconds, of: project, by: clocks)
      return named(try await answer(request, project, parameters), answers.missing(of: project))
    } catch let refusal as AccessRefusal {
      return refusal.response
    } catch let problem as QuestionParameters.Problem {
      return .problem(
        .badRequest, "invalid_parameter",
        "The parameter `\(problem.parameter)` \(problem.message).",
        fields: [("parameter", problem.parameter)])
    } catch let missing as QuestionClocks.Missing {
      return .problem(.internalServerError, "time_zone_unavailable", missing.message)
    } catch QueryError.tooManyBuckets(let limit) {
      return .problem(
        .badRequest, "too_many_buckets",
        "The range has more than \(limit) buckets: ask for a shorter one, or group by more time.")
    } catch {
      return .problem(
        .internalServerError, "unreadable", "The store could not read what it has; see its health.")
    }
  }

  // MARK: The questions

  private func personEvents(
    _ request: Request, _ project: ProjectID, _ parameters: QuestionParameters
  ) async throws -> Response {
    try parameters.only(["started_at", "ended_at", "limit", "cursor", "timezone", "project_id"])
    let question = PersonEvents(
      profileID: request.parameters[0],
      range: try parameters.userRange("started_at", "ended_at"),
      limit: try parameters.limit(standard: 1_000, most: 100_000),
      after: try parameters.cursor())
    let page = try await answers.answer(question, of: project)
    var json = JSONWriter(capacity: 256 * page.events.count + 2)
    json.beginArray()
    for event in page.events { try EventJSON.writeShort(event, to: &json) }
    json.endArray()
    var response = Response.json(json.bytes)
    if let next = page.next {
      try response.fields.append("Link", "<\(Self.link(request, to: next))>; rel=\"next\"")
    }
    return response
  }

  private func statistics(
    _ request: Request, _ project: ProjectID, _ parameters: QuestionParameters
  ) async throws -> Response {
    try parameters.only(["event_type", "started_at", "ended_at", "timezone", "project_id"])
    let question = EventStatistics(
      range: try parameters.range("started_at", "ended_at"),
      name: try parameters.text("event_type"),
      zone: parameters.zone)
    let answer = try await answers.answer(question, of: project)
    var json = JSONWriter(capacity: 1_024)
    json.beginObject()
    json.range(question.range)
    json.key("zone")
    json.string(question.zone.name)
    json.key("total")
    json.integer(answer.total)
    json.key("by_type")
    json.beginArray()
    for item in answer.byName {
      json.beginObject()
      json.key("event_type")
      json.string(item.name)
      json.key("count")
      json.integer(item.count)
      json.endObject()
    }
    json.endArray()
    json.key("by_date")
    json.beginArray()
    for item in answer.byDay {
      json.beginObject()
      json.key("event_type")
      json.string(item.name)
      json.key("date")
      json.string("\(question.zone.date(at: item.day))")
      json.key("count")
      json.integer(item.count)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return .json(json.bytes)
  }

  private func series(
    _ request: Request, _ project: ProjectID, _ parameters: QuestionParameters
  ) async throws -> Response {
    try parameters.only(
      [
        "event_type", "start_date", "end_date", "group_by", "timezone", "week_start", "project_id",
      ])
    let weekStart = try parameters.weekStart()
    let range = try parameters.range("start_date", "end_date")
    let name = try parameters.text("event_type")
    let groupBy = try parameters.text("group_by") ?? "day"
    var json = JSONWriter(capacity: 1_024)
    json.beginObject()
    json.range(range)
    json.key("group_by")
    json.string(groupBy)
    json.key("zone")
    json.string(parameters.zone.name)
    json.key("week_start")
    json.string("\(weekStart)")
    json.key("data")
    json.beginArray()
    let total: Int
    if groupBy == "event_type" {
      let answer = try await answers.answer(
        EventStatistics(range: range, name: name, zone: parameters.zone), of: project)
      for item in answer.byName { json.count(item.count, "event_type", item.name) }
      total = answer.total
    } else {
      let bucket = try Self.bucket(groupBy, weekStart)
      let answer = try await answers.answer(
        EventSeries(range: range, name: name, bucket: bucket, zone: parameters.zone), of: project)
      for item in answer.buckets {
        json.count(item.count, "bucket", bucket.label(of: item.start, in: parameters.zone))
      }
      total = answer.total
    }
    json.endArray()
    json.key("total")
    json.integer(total)
    json.endObject()
    return .json(json.bytes)
  }

  private func events(
    _ request: Request, _ project: ProjectID, _ parameters: QuestionParameters
  ) async throws -> Response {
    try parameters.only(
      ["event_type", "profile_id", "from", "to", "limit", "cursor", "timezone", "project_id"])
    let question = RecentEvents(
      range: try parameters.range("from", "to"), name: try parameters.text("event_type"),
      profileID: try parameters.text("profile_id"),
      limit: try parameters.limit(standard: 100, most: 1_000),
      before: try parameters.cursor())
    let page = try await answers.answer(question, of: project)
    var json = JSONWriter(capacity: 512 * page.events.count + 64)
    json.beginObject()
    json.key("events")
    json.beginArray()
    for event in page.events { try EventJSON.write(event, of: project, to: &json) }
    json.endArray()
    json.key("next_cursor")
    if let next = page.next { json.string(next.description) } else { json.null() }
    json.endObject()
    return .json(json.bytes)
  }

  private func event(
    _ request: Request, _ project: ProjectID, _ parameters: QuestionParameters
  ) async throws -> Response {
    try parameters.only(["timezone", "project_id"])
    let missing = Response.problem(.notFound, "unknown_event", "There is no event with this id.")
    guard let id = EventID(request.parameters[0]),
      let event = try await answers.event(id, of: project)
    else { return missing }
    var json = JSONWriter(capacity: 512)
    try EventJSON.write(event, of: project, to: &json)
    return .json(json.bytes)
  }

  // MARK: Helpers

  private static func bucket(
    _ text: String, _ weekStart: Weekday
  ) throws(QuestionParameters.Problem) -> Bucket {
    switch text {
    case "hour": return .hour
    case "day": return .day
    case "week": return .week(startingOn: weekStart)
    case "month": return .month
    default:
      throw QuestionParameters.Problem(
        parameter: "group_by", message: "has to be hour, day, week, month or event_type")
    }
  }

  /// The same question with another cursor.
  private static func link(_ request: Request, to next: EventPosition) -> String {
    let others = (request.head.query ?? "").split(separator: "&")
      .filter { !$0.hasPrefix("cursor=") }
    return request.head.path + "?" + (others + ["cursor=\(next)"]).joined(separator: "&")
  }
}

extension JSONWriter {
  fileprivate mutating func range(_ range: Range<Instant>) {
    key("from")
    string(range.lowerBound.rfc3339)
    key("to")
    string(range.upperBound.rfc3339)
  }

  fileprivate mutating func count(_ count: Int, _ name: String, _ text: String) {
    beginObject()
    key(name)
    string(text)
    key("count")
    integer(count)
    endObject()
  }
}
