import JSON
import Query

/// `{"question": "funnel", "steps": ["signup", {"event": "pay", "optional": true}], "window": "7d"}`
enum FunnelForm {
  private static let keys =
    ScopeForm.keys + [
      "steps", "order", "window", "exclusions", "exclusion", "reentry", "subject", "held",
      "breakdown", "interval", "bins",
    ]

  static func read(
    _ node: QuestionNode, _ context: QuestionContext
  ) throws(QuestionFault) -> FunnelQuestion {
    let fields = try node.fields(keys)
    var steps: [FunnelQuestion.Step] = []
    for element in try fields.required("steps").elements(atMost: FunnelQuestion.maximumSteps) {
      steps.append(try step(element))
    }
    var question = FunnelQuestion(try ScopeForm.read(fields, context), steps: steps)
    question.order = try fields.choice("order", or: .ordered)
    question.windowMilliseconds = try fields.milliseconds(
      "window", or: FunnelQuestion.defaultWindow)
    for element in try fields["exclusions"]?.elements(atMost: FunnelQuestion.maximumExclusions)
      ?? []
    {
      question.exclusions.append(try exclusion(element))
    }
    question.exclusionEffect = try fields.choice("exclusion", or: .remove)
    question.reentry = try fields.choice("reentry", or: .latest)
    if let subject = fields["subject"] { question.subject = try self.subject(subject) }
    question.held = try fields["held"]?.propertyPath()
    question.breakdown = try fields["breakdown"].map(BreakdownForm.readAttributed)
    question.interval = try fields.choice("interval", or: .total)
    question.bins = try fields.whole("bins", in: 1...FunnelQuestion.maximumBins, or: 20)
    if question.windowMilliseconds <= 0, let window = fields["window"] {
      throw window.fault(.outOfBounds, "has to be longer than nothing")
    }
    return question
  }

  private static func step(_ node: QuestionNode) throws(QuestionFault) -> FunnelQuestion.Step {
    guard case .object = node.value else {
      return FunnelQuestion.Step(try SelectorForm.read(node))
    }
    let fields = try node.fields(SelectorForm.keys + ["optional"])
    return FunnelQuestion.Step(
      try SelectorForm.read(fields), isOptional: try fields.flag("optional", or: false))
  }

  private static func exclusion(
    _ node: QuestionNode
  ) throws(QuestionFault) -> FunnelQuestion.Exclusion {
    guard case .object = node.value else {
      return FunnelQuestion.Exclusion(try SelectorForm.read(node))
    }
    let fields = try node.fields(SelectorForm.keys + ["between"])
    let selector = try SelectorForm.read(fields)
    guard let between = fields["between"] else { return FunnelQuestion.Exclusion(selector) }
    let ends = try between.elements(atMost: 2)
    guard ends.count == 2 else {
      throw between.fault(.wrongType, "has to be two steps, such as [1, 2]")
    }
    let first = try ends[0].whole(in: 1...FunnelQuestion.maximumSteps)
    let last = try ends[1].whole(in: 1...FunnelQuestion.maximumSteps)
    guard first < last else {
      throw between.fault(.outOfBounds, "has to end behind the step that it begins with")
    }
    return FunnelQuestion.Exclusion(selector, between: first...last)
  }

  private enum SubjectWord: String, CaseIterable { case person, session }

  private static func subject(
    _ node: QuestionNode
  ) throws(QuestionFault) -> FunnelQuestion.Subject {
    guard case .object = node.value else {
      return switch try node.choice(SubjectWord.self) {
      case .person: .person
      case .session: .session(SessionRules())
      }
    }
    let fields = try node.fields([SubjectWord.session.rawValue])
    return .session(try SessionRulesForm.read(try fields.required("session")))
  }

  static func write(_ question: FunnelQuestion, to object: inout ObjectForm) {
    object = ObjectForm(question: .funnel, question.scope)
    object["steps"] = .array(question.steps.map(value))
    object.set("order", question.order, unless: .ordered)
    object.set(
      "window", milliseconds: question.windowMilliseconds, unless: FunnelQuestion.defaultWindow)
    if !question.exclusions.isEmpty {
      object["exclusions"] = .array(question.exclusions.map(value))
    }
    object.set("exclusion", question.exclusionEffect, unless: .remove)
    object.set("reentry", question.reentry, unless: .latest)
    if case .session(let rules) = question.subject {
      object["subject"] = ["session": SessionRulesForm.value(of: rules)]
    }
    object["held"] = question.held.map { .string($0.description) }
    object["breakdown"] = question.breakdown.map(BreakdownForm.value)
    object.set("interval", question.interval, unless: .total)
    object.set("bins", question.bins, unless: 20)
  }

  private static func value(of step: FunnelQuestion.Step) -> JSONValue {
    guard step.isOptional else { return SelectorForm.value(of: step.selector) }
    var object = ObjectForm()
    SelectorForm.write(step.selector, to: &object)
    object["optional"] = true
    return object.value
  }

  private static func value(of exclusion: FunnelQuestion.Exclusion) -> JSONValue {
    guard let between = exclusion.steps else { return SelectorForm.value(of: exclusion.selector) }
    var object = ObjectForm()
    SelectorForm.write(exclusion.selector, to: &object)
    object["between"] = [
      .integer(Int64(between.lowerBound)), .integer(Int64(between.upperBound)),
    ]
    return object.value
  }
}
