import JSON
import Query

/// `{"question": "sessions", "interval": "day", "bounce": "ga4", "page": "any.path"}`
enum SessionsForm {
  private static let keys =
    ScopeForm.keys + ["interval", "session", "bounce", "clip", "breakdown", "page", "pages"]

  static func read(
    _ node: QuestionNode, _ context: QuestionContext
  ) throws(QuestionFault) -> SessionsQuestion {
    let fields = try node.fields(keys)
    var question = SessionsQuestion(
      try ScopeForm.read(fields, context), by: try fields.choice("interval", or: .total),
      rules: try fields["session"].map(SessionRulesForm.read) ?? SessionRules())
    if let bounce = fields["bounce"] { question.bounce = try self.bounce(bounce) }
    question.isClipped = try fields.flag("clip", or: false)
    question.breakdown = try fields["breakdown"].map(BreakdownForm.read)
    question.page = try fields["page"]?.propertyPath()
    question.pages = try fields.whole("pages", in: 1...SessionsQuestion.maximumPages, or: 10)
    return question
  }

  private enum BounceWord: String, CaseIterable {
    case oneView = "one_view"
    case ga4
    case singleEvent = "single_event"
  }

  private static func bounce(_ node: QuestionNode) throws(QuestionFault) -> BounceRule {
    guard case .object = node.value else {
      return switch try node.choice(BounceWord.self) {
      case .oneView: .oneView
      case .ga4: .ga4(keyEvents: nil)
      case .singleEvent: .singleEvent
      }
    }
    let fields = try node.fields([BounceWord.ga4.rawValue])
    let inner = try fields.required(BounceWord.ga4.rawValue)
    let events = try inner.fields(["key_events"])
    return .ga4(keyEvents: try events["key_events"].map(SelectorForm.read))
  }

  static func write(_ question: SessionsQuestion, to object: inout ObjectForm) {
    object = ObjectForm(question: .sessions, question.scope)
    object.set("interval", question.interval, unless: .total)
    if question.cutting != SessionRules() {
      object["session"] = SessionRulesForm.value(of: question.cutting)
    }
    switch question.bounce {
    case .oneView: break
    case .ga4(nil): object.set("bounce", BounceWord.ga4)
    case .ga4(let events?):
      object["bounce"] = ["ga4": ["key_events": SelectorForm.value(of: events)]]
    case .singleEvent: object.set("bounce", BounceWord.singleEvent)
    }
    object.set("clip", question.isClipped, unless: false)
    object["breakdown"] = question.breakdown.map(BreakdownForm.value)
    object["page"] = question.page.map { .string($0.description) }
    object.set("pages", question.pages, unless: 10)
  }
}

/// What makes one visit: `{"by": "gaps", "idle": "30m", "cap": "24h", "split_midnight": false}`; a
/// text is short for `by`.
enum SessionRulesForm {
  static func read(_ node: QuestionNode) throws(QuestionFault) -> SessionRules {
    guard case .object = node.value else { return .by(try node.choice(SessionRules.Cut.self)) }
    let fields = try node.fields(["by", "idle", "cap", "split_midnight"])
    var rules = SessionRules.by(try fields.choice("by", or: .gaps))
    rules.idleMilliseconds = try length("idle", of: fields, or: SessionRules.defaultIdle)
    rules.capMilliseconds = try length("cap", of: fields, or: SessionRules.defaultCap)
    rules.splitsAtMidnight = try fields.flag("split_midnight", or: false)
    return rules
  }

  private static func length(
    _ key: String, of fields: QuestionFields, or standard: Int64
  ) throws(QuestionFault) -> Int64 {
    guard let node = fields[key] else { return standard }
    let milliseconds = try node.milliseconds()
    guard milliseconds > 0 else { throw node.fault(.outOfBounds, "has to be longer than nothing") }
    return milliseconds
  }

  static func value(of rules: SessionRules) -> JSONValue {
    var object = ObjectForm()
    object.set("by", rules.cut)
    object.set("idle", milliseconds: rules.idleMilliseconds, unless: SessionRules.defaultIdle)
    object.set("cap", milliseconds: rules.capMilliseconds, unless: SessionRules.defaultCap)
    object.set("split_midnight", rules.splitsAtMidnight, unless: false)
    return object.value
  }
}
