import JSON
import Query

/// `{"question": "property_names", "root": "props", "prefix": "cam"}`, and
/// `{"question": "property_values", "property": "props.campaign", "prefix": "spring"}`.
enum NamesForm {
  static func readNames(
    _ node: QuestionNode, _ context: QuestionContext
  ) throws(QuestionFault) -> PropertyNamesQuestion {
    let fields = try node.fields(ScopeForm.keys + ["of", "root", "prefix", "limit"])
    return PropertyNamesQuestion(
      try ScopeForm.read(fields, context), of: try SelectorForm.read("of", of: fields),
      in: try fields.choice("root", or: .props), prefix: try fields["prefix"]?.text() ?? "",
      limit: try fields.whole("limit", in: PropertyNamesQuestion.limits, or: 100))
  }

  static func readValues(
    _ node: QuestionNode, _ context: QuestionContext
  ) throws(QuestionFault) -> SeriesQuestion {
    let fields = try node.fields(ScopeForm.keys + ["of", "property", "prefix", "limit"])
    let scope = try ScopeForm.read(fields, context)
    let selector = try SelectorForm.read("of", of: fields)
    let path = try fields.required("property").propertyPath()
    let prefix = try fields["prefix"]?.text() ?? ""
    let limit = try fields.whole("limit", in: Breakdown.limits, or: Breakdown.defaultLimit)
    return try node.checked { () throws(QuestionProblem) in
      try SeriesQuestion.values(
        of: path, startingWith: prefix, in: scope, of: selector, limit: limit)
    }
  }

  static func write(_ question: PropertyNamesQuestion, to object: inout ObjectForm) {
    object = ObjectForm(question: .propertyNames, question.scope)
    SelectorForm.write(question.selector, as: "of", to: &object)
    object.set("root", question.root, unless: .props)
    if !question.prefix.isEmpty { object["prefix"] = .string(question.prefix) }
    object.set("limit", question.limit, unless: 100)
  }
}
