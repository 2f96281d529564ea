import JSON
import Query

/// By whose values an answer is cut: `"props.plan"`, `["props.plan", "ctx.country"]`, or
/// `{"by": …, "limit": 25, "assign": "event"}`.
enum BreakdownForm {
  private static let keys = ["by", "limit", "assign"]

  static func read(_ node: QuestionNode) throws(QuestionFault) -> Breakdown {
    guard case .object = node.value else {
      return try breakdown(node, node, Breakdown.defaultLimit, .event)
    }
    return try read(try node.fields(keys))
  }

  private static func read(_ fields: QuestionFields) throws(QuestionFault) -> Breakdown {
    try breakdown(
      try fields.required("by"), fields.node,
      try fields.whole("limit", in: Breakdown.limits, or: Breakdown.defaultLimit),
      try fields.choice("assign", or: Breakdown.Assignment.event))
  }

  private static func breakdown(
    _ by: QuestionNode, _ place: QuestionNode, _ limit: Int, _ assignment: Breakdown.Assignment
  ) throws(QuestionFault) -> Breakdown {
    var paths: [PropertyPath] = []
    if by.value.array != nil {
      for element in try by.elements(atMost: Breakdown.maximumPaths) {
        paths.append(try element.propertyPath())
      }
    } else {
      paths.append(try by.propertyPath())
    }
    return try by.checked { () throws(QuestionProblem) in
      try Breakdown(by: paths, limit: limit, assignedBy: assignment)
    }
  }

  static func value(of breakdown: Breakdown) -> JSONValue {
    let by = paths(of: breakdown)
    if breakdown.limit == Breakdown.defaultLimit, breakdown.assignment == .event { return by }
    return object(of: breakdown).value
  }

  private static func object(of breakdown: Breakdown) -> ObjectForm {
    var object = ObjectForm()
    object["by"] = paths(of: breakdown)
    object.set("limit", breakdown.limit, unless: Breakdown.defaultLimit)
    object.set("assign", breakdown.assignment, unless: .event)
    return object
  }

  private static func paths(of breakdown: Breakdown) -> JSONValue {
    breakdown.paths.count == 1
      ? .string(breakdown.paths[0].description)
      : .array(breakdown.paths.map { .string($0.description) })
  }

  // MARK: Of subjects with many events

  /// The words of attributions; `{"step": 2}` is the other.
  private enum Word: String, CaseIterable {
    case firstTouch = "first_touch"
    case lastTouch = "last_touch"
    case allSteps = "all_steps"
    case eachValue = "each_value"
  }

  static func readAttributed(
    _ node: QuestionNode
  ) throws(QuestionFault) -> AttributedBreakdown {
    guard case .object = node.value else { return AttributedBreakdown(try read(node)) }
    let fields = try node.fields(["by", "limit", "assign", "attribution"])
    return AttributedBreakdown(
      try read(fields), by: try fields["attribution"].map(attribution) ?? .firstTouch)
  }

  private static func attribution(
    _ node: QuestionNode
  ) throws(QuestionFault) -> AttributedBreakdown.Attribution {
    if case .object = node.value {
      let fields = try node.fields(["step"])
      return .step(try fields.required("step").whole(in: 1...FunnelQuestion.maximumSteps))
    }
    return switch try node.choice(Word.self) {
    case .firstTouch: .firstTouch
    case .lastTouch: .lastTouch
    case .allSteps: .allSteps
    case .eachValue: .eachValue
    }
  }

  static func value(of attributed: AttributedBreakdown) -> JSONValue {
    let attribution: JSONValue
    switch attributed.attribution {
    case .firstTouch: return value(of: attributed.breakdown)
    case .lastTouch: attribution = .string(Word.lastTouch.rawValue)
    case .allSteps: attribution = .string(Word.allSteps.rawValue)
    case .eachValue: attribution = .string(Word.eachValue.rawValue)
    case .step(let step): attribution = ["step": .integer(Int64(step))]
    }
    var object = object(of: attributed.breakdown)
    object["attribution"] = attribution
    return object.value
  }
}
