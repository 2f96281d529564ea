import Calendar
import Events
import JSON
import Query

/// When, by whose clock and calendar, and which events count at all: the keys that all questions
/// share.
enum ScopeForm {
  static let keys = [
    "question", "from", "to", "last", "timezone", "week_start", "kinds", "filter", "as_of",
  ]

  static func read(
    _ fields: QuestionFields, _ context: QuestionContext
  ) throws(QuestionFault) -> Scope {
    let zone = try fields["timezone"]?.zone(context.zones) ?? context.zone
    var scope = Scope(try range(fields, context.now, zone), zone: zone)
    scope.weekStart = context.weekStart
    if let node = fields["week_start"] {
      scope.weekStart = try node.choice(WeekdayWord.self).weekday
    }
    if let node = fields["kinds"] { scope.kinds = try kinds(node) }
    if let node = fields["filter"] { scope.filter = try FilterForm.read(node) }
    scope.profiles = try fields.choice("as_of", or: ProfileTime.current)
    return scope
  }

  static func write(_ scope: Scope, to object: inout ObjectForm) {
    object["from"] = TimeForm.value(of: scope.range.lowerBound)
    object["to"] = TimeForm.value(of: scope.range.upperBound)
    object["timezone"] = .string(scope.zone.name)
    object.set("week_start", WeekdayWord(scope.weekStart))
    if scope.kinds != .events {
      object["kinds"] = .array(
        EventKind.allCases.filter(scope.kinds.holds).map { .string("\($0)") })
    }
    if scope.filter != .everything { object["filter"] = FilterForm.value(of: scope.filter) }
    object.set("as_of", scope.profiles, unless: .current)
  }

  private static func range(
    _ fields: QuestionFields, _ now: Instant, _ zone: Zone
  ) throws(QuestionFault) -> Range<Instant> {
    let (from, to) = (try fields["from"]?.bound(), try fields["to"]?.bound())
    if let last = fields["last"] {
      guard from == nil, to == nil else {
        throw last.fault(.invalidTime, "is a range of its own: leave out from and to")
      }
      return try last.lastRange(now, zone)
    }
    do throws(TimeRange.Problem) {
      return try TimeRange.ofQuestion(from: from, to: to, now: now, in: zone)
    } catch {
      throw QuestionFault(
        .invalidTime, at: fields.node.place(of: to == nil ? "from" : "to"),
        "there is no time in the range: it has to end behind its start")
    }
  }

  private static func kinds(_ node: QuestionNode) throws(QuestionFault) -> EventKinds {
    let words = EventKind.allCases.map { "\($0)" }
    var kinds: EventKinds = []
    for element in try node.elements(atMost: words.count) {
      let word = try element.text()
      guard let place = words.firstIndex(of: word) else {
        throw element.unknown(word, among: words)
      }
      kinds.insert(EventKinds(EventKind.allCases[place]))
    }
    guard !kinds.isEmpty else { throw node.fault(.outOfBounds, "is an empty list: leave it out") }
    return kinds
  }
}

/// How a week's first day is written.
enum WeekdayWord: String, CaseIterable {
  case monday, tuesday, wednesday, thursday, friday, saturday, sunday

  init(_ weekday: Weekday) { self = Self.allCases[weekday.rawValue] }

  var weekday: Weekday {
    switch self {
    case .monday: .monday
    case .tuesday: .tuesday
    case .wednesday: .wednesday
    case .thursday: .thursday
    case .friday: .friday
    case .saturday: .saturday
    case .sunday: .sunday
    }
  }
}
