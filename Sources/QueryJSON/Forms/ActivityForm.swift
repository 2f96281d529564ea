import Query

/// `{"question": "lifecycle", "of": "login", "interval": "week"}`, and the same for stickiness.
enum ActivityForm {
  private static let keys = ScopeForm.keys + ["of", "interval"]

  static func readLifecycle(
    _ node: QuestionNode, _ context: QuestionContext
  ) throws(QuestionFault) -> LifecycleQuestion {
    let fields = try node.fields(keys)
    return LifecycleQuestion(
      try ScopeForm.read(fields, context), of: try SelectorForm.read("of", of: fields),
      by: try fields.choice("interval", or: .day))
  }

  static func readStickiness(
    _ node: QuestionNode, _ context: QuestionContext
  ) throws(QuestionFault) -> StickinessQuestion {
    let fields = try node.fields(keys)
    return StickinessQuestion(
      try ScopeForm.read(fields, context), of: try SelectorForm.read("of", of: fields),
      by: try fields.choice("interval", or: .day))
  }

  static func write(_ question: LifecycleQuestion, to object: inout ObjectForm) {
    object = ObjectForm(question: .lifecycle, question.scope)
    SelectorForm.write(question.selector, as: "of", to: &object)
    object.set("interval", question.interval)
  }

  static func write(_ question: StickinessQuestion, to object: inout ObjectForm) {
    object = ObjectForm(question: .stickiness, question.scope)
    SelectorForm.write(question.selector, as: "of", to: &object)
    object.set("interval", question.interval)
  }
}
