import Calendar
import Events
import HTTP
import Query

/// The parameters of a question in a URL: each is read by its rule, and what is wrong is said with the
/// parameter's name.
struct QuestionParameters {
  struct Problem: Error, Equatable {
    let parameter: String
    let message: String
  }

  private let fields: [(name: String, value: String)]
  private let isText: Bool
  let now: Instant
  /// Whose days they are: the project's, unless the question names another zone.
  private(set) var zone: Zone

  init(_ head: RequestHead, now: Int64, zone: Zone = .utc) {
    fields = head.queryFields
    isText = head.isQueryText
    self.now = Instant(milliseconds: now)
    self.zone = zone
  }

  /// By the clocks that `timezone` names, else by the project's.
  init(
    _ head: RequestHead, now: Int64, of project: ProjectID, by clocks: QuestionClocks
  ) throws {
    self.init(head, now: now)
    zone = try text("timezone").map(clocks.zone(named:)) ?? clocks.zone(of: project)
  }

  /// The day that weeks begin with: Monday, unless `week_start` says otherwise.
  func weekStart() throws(Problem) -> Weekday {
    guard let text = try text("week_start") else { return .monday }
    guard let day = Weekday.allCases.first(where: { "\($0)" == text }) else {
      throw Problem(
        parameter: "week_start",
        message: "has to be one of " + Weekday.allCases.map { "\($0)" }.joined(separator: ", "))
    }
    return day
  }

  /// A parameter's text; an empty one counts as not given, as forms send it.
  func text(_ name: String) throws(Problem) -> String? {
    let values = fields.filter { $0.name == name }.map(\.value)
    guard values.count <= 1 else { throw Problem(parameter: name, message: "is given twice") }
    return values.first.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Refuses what nobody would read: a misspelt filter must not answer a wider question.
  func only(_ known: [String]) throws(Problem) {
    guard isText else {
      throw Problem(parameter: fields.first?.name ?? "", message: "or another one is not UTF-8")
    }
    for field in fields where !known.contains(field.name) {
      throw Problem(
        parameter: field.name,
        message: "is not known here; known are \(known.joined(separator: ", "))")
    }
  }

  /// The range of a report: by default the last 30 days, today included.
  func range(_ from: String, _ to: String) throws(Problem) -> Range<Instant> {
    let start = try bound(from)
    let end = try bound(to)
    do {
      return try TimeRange.ofQuestion(from: start, to: end, now: now, in: zone)
    } catch { throw Problem(parameter: to, message: "has to lie behind \(from)") }
  }

  /// The range of one person's events: by default from the start of today for 30 days.
  func userRange(_ from: String, _ to: String) throws(Problem) -> Range<Instant> {
    let start = try bound(from)
    let end = try bound(to)
    do {
      return try TimeRange.ofUserEvent(startedAt: start, endedAt: end, now: now, in: zone)
    } catch { throw Problem(parameter: to, message: "has to lie behind \(from)") }
  }

  private func bound(_ name: String) throws(Problem) -> TimeBound? {
    guard let text = try text(name) else { return nil }
    let bytes = Array(text.utf8)
    if let bound = TimeBound(bytes.span) { return bound }
    if let number = Int64(text), let instant = Instant(timestamp: number) {
      return .instant(instant)
    }
    throw Problem(
      parameter: name,
      message: "is no time: write 2026-01-31, 2026-01-31T12:00:00Z, or milliseconds since 1970")
  }

  func limit(_ name: String = "limit", standard: Int, most: Int) throws(Problem) -> Int {
    guard let text = try text(name) else { return standard }
    guard let limit = Int(text), (1...most).contains(limit) else {
      throw Problem(parameter: name, message: "has to be a number from 1 to \(most)")
    }
    return limit
  }

  func cursor(_ name: String = "cursor") throws(Problem) -> EventPosition? {
    guard let text = try text(name) else { return nil }
    guard let position = EventPosition(text) else {
      throw Problem(parameter: name, message: "is none that an answer of ours has given")
    }
    return position
  }
}
