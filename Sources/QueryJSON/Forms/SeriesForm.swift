import Calendar
import JSON
import Query

/// `{"question": "series", "series": [{"measure": "people", "event": "signup"}], "interval": "day"}`
enum SeriesForm {
  private static let keys =
    ScopeForm.keys + ["series", "formulas", "interval", "breakdown", "compare"]

  static func read(
    _ node: QuestionNode, _ context: QuestionContext
  ) throws(QuestionFault) -> SeriesQuestion {
    let fields = try node.fields(keys)
    var series: [Series] = []
    for element in try fields.required("series").elements(atMost: SeriesQuestion.maximumSeries) {
      series.append(try one(element))
    }
    var formulas: [Formula] = []
    for element in try fields["formulas"]?.elements(atMost: SeriesQuestion.maximumFormulas) ?? [] {
      let text = try element.text()
      formulas.append(try element.checked { () throws(QuestionProblem) in try Formula(text) })
    }
    return SeriesQuestion(
      try ScopeForm.read(fields, context), series, formulas: formulas,
      by: try fields.choice("interval", or: Interval.total),
      breakdown: try fields["breakdown"].map(BreakdownForm.read),
      comparedWith: try fields["compare"]?.choice(ComparisonWord.self).comparison)
  }

  /// A text is short for a measure of every event.
  private static func one(_ node: QuestionNode) throws(QuestionFault) -> Series {
    guard case .object = node.value else { return Series(try MeasureForm.read(node)) }
    let fields = try node.fields(["measure"] + SelectorForm.keys)
    return Series(
      try MeasureForm.read(try fields.required("measure")), of: try SelectorForm.read(fields))
  }

  static func write(_ question: SeriesQuestion, to object: inout ObjectForm) {
    object = ObjectForm(question: .series, question.scope)
    object["series"] = .array(
      question.series.map { series in
        var object = ObjectForm()
        object["measure"] = MeasureForm.value(of: series.measure)
        SelectorForm.write(series.selector, to: &object)
        return object.value
      })
    if !question.formulas.isEmpty {
      object["formulas"] = .array(question.formulas.map { .string($0.text) })
    }
    object.set("interval", question.interval, unless: .total)
    object["breakdown"] = question.breakdown.map(BreakdownForm.value)
    object["compare"] = question.comparison.map { .string(ComparisonWord($0).rawValue) }
  }
}

/// How the range to compare with is written.
enum ComparisonWord: String, CaseIterable {
  case periodBefore = "period_before"
  case monthBefore = "month_before"
  case yearBefore = "year_before"

  init(_ comparison: Comparison) {
    self =
      switch comparison {
      case .periodBefore: .periodBefore
      case .monthBefore: .monthBefore
      case .yearBefore: .yearBefore
      }
  }

  var comparison: Comparison {
    switch self {
    case .periodBefore: .periodBefore
    case .monthBefore: .monthBefore
    case .yearBefore: .yearBefore
    }
  }
}
