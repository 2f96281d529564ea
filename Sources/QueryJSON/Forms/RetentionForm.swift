import JSON
import Query

/// `{"question": "retention", "start": "signup", "return": "login", "interval": "week"}`
enum RetentionForm {
  private static let keys =
    ScopeForm.keys + [
      "start", "return", "interval", "cohorts", "returns", "alignment", "minimum_occurrences",
      "whole", "breakdown",
    ]

  static func read(
    _ node: QuestionNode, _ context: QuestionContext
  ) throws(QuestionFault) -> RetentionQuestion {
    let fields = try node.fields(keys)
    var question = RetentionQuestion(
      try ScopeForm.read(fields, context), by: try fields.choice("interval", or: .day))
    question.start = try SelectorForm.read("start", of: fields)
    question.comeback = try SelectorForm.read("return", of: fields)
    question.cohorts = try fields.choice("cohorts", or: .firstTime)
    question.returns = try fields.choice("returns", or: .on)
    question.alignment = try fields.choice("alignment", or: .calendar)
    question.minimumOccurrences = try fields.whole(
      "minimum_occurrences", in: 1...RetentionQuestion.maximumOccurrences, or: 1)
    question.isWhole = try fields.flag("whole", or: true)
    question.breakdown = try fields["breakdown"].map(BreakdownForm.read)
    return question
  }

  static func write(_ question: RetentionQuestion, to object: inout ObjectForm) {
    object = ObjectForm(question: .retention, question.scope)
    SelectorForm.write(question.start, as: "start", to: &object)
    SelectorForm.write(question.comeback, as: "return", to: &object)
    object.set("interval", question.interval)
    object.set("cohorts", question.cohorts, unless: .firstTime)
    object.set("returns", question.returns, unless: .on)
    object.set("alignment", question.alignment, unless: .calendar)
    object.set("minimum_occurrences", question.minimumOccurrences, unless: 1)
    object.set("whole", question.isWhole, unless: true)
    object["breakdown"] = question.breakdown.map(BreakdownForm.value)
  }
}
