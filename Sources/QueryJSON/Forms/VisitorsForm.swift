import Calendar
import Query

/// `{"question": "visitors", "interval": "day", "breakdown": "ctx.country"}`, and
/// `{"question": "live"}` for who is there now.
enum VisitorsForm {
  static func read(
    _ node: QuestionNode, _ context: QuestionContext
  ) throws(QuestionFault) -> VisitorsQuestion {
    let fields = try node.fields(ScopeForm.keys + ["interval", "breakdown"])
    var question = VisitorsQuestion(
      try ScopeForm.read(fields, context), by: try fields.choice("interval", or: .total))
    question.breakdown = try fields["breakdown"].map(BreakdownForm.read)
    return question
  }

  static func readLive(
    _ node: QuestionNode, _ context: QuestionContext
  ) throws(QuestionFault) -> VisitorsQuestion {
    let range = ["from", "to", "last"]
    let fields = try node.fields(ScopeForm.keys.filter { !range.contains($0) } + ["breakdown"])
    var question = VisitorsQuestion.live(
      at: context.now, in: try ScopeForm.read(fields, context))
    question.breakdown = try fields["breakdown"].map(BreakdownForm.read)
    return question
  }

  static func write(_ question: VisitorsQuestion, to object: inout ObjectForm) {
    object = ObjectForm(question: .visitors, question.scope)
    object.set("interval", question.interval, unless: .total)
    object["breakdown"] = question.breakdown.map(BreakdownForm.value)
  }
}
