import JSON
import Query

/// `{"question": "paths", "label": "any.path", "anchor": {"from": "signup"}, "depth": 5}`
enum PathsForm {
  private static let keys =
    ScopeForm.keys + ["stations", "label", "anchor", "depth", "limit", "session"]
  private static let sessionStart = "session_start"

  static func read(
    _ node: QuestionNode, _ context: QuestionContext
  ) throws(QuestionFault) -> PathsQuestion {
    let fields = try node.fields(keys)
    var question = PathsQuestion(try ScopeForm.read(fields, context))
    question.stations = try SelectorForm.read("stations", of: fields)
    if let label = fields["label"] { question.label = try label.propertyPath() }
    if let anchor = fields["anchor"] { question.anchor = try self.anchor(anchor) }
    question.depth = try fields.whole("depth", in: PathsQuestion.depths, or: 5)
    question.limit = try fields.whole("limit", in: PathsQuestion.limits, or: 20)
    if let session = fields["session"] {
      question.session = try SessionRulesForm.read(session)
    }
    return question
  }

  private static func anchor(
    _ node: QuestionNode
  ) throws(QuestionFault) -> PathsQuestion.Anchor {
    if let word = node.value.string {
      guard word == sessionStart else { throw node.unknown(word, among: [sessionStart]) }
      return .sessionStart
    }
    let fields = try node.fields(["from", "to"])
    switch (fields["from"], fields["to"]) {
    case (let from?, nil): return .from(try SelectorForm.read(from))
    case (nil, let to?): return .to(try SelectorForm.read(to))
    default: throw node.fault(.missingKey, "has one of from, to")
    }
  }

  static func write(_ question: PathsQuestion, to object: inout ObjectForm) {
    object = ObjectForm(question: .paths, question.scope)
    SelectorForm.write(question.stations, as: "stations", to: &object)
    if question.label != PropertyPath(.name) {
      object["label"] = .string(question.label.description)
    }
    switch question.anchor {
    case .sessionStart: break
    case .from(let selector): object["anchor"] = ["from": SelectorForm.value(of: selector)]
    case .to(let selector): object["anchor"] = ["to": SelectorForm.value(of: selector)]
    }
    object.set("depth", question.depth, unless: 5)
    object.set("limit", question.limit, unless: 20)
    if question.session != SessionRules() {
      object["session"] = SessionRulesForm.value(of: question.session)
    }
  }
}
