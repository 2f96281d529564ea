import JSON
import Query

/// `{"question": "events", "of": "signup", "person": {"profile": "ada"}, "limit": 50}`, and
/// `{"question": "people", "of": "signup"}`.
enum ListForm {
  static let standardLimit = 100

  static func readEvents(
    _ node: QuestionNode, _ context: QuestionContext
  ) throws(QuestionFault) -> EventListQuestion {
    let fields = try node.fields(
      ScopeForm.keys + ["of", "person", "direction", "limit", "after"])
    return EventListQuestion(
      try ScopeForm.read(fields, context), of: try SelectorForm.read("of", of: fields),
      by: try fields["person"].map(PersonForm.read),
      try fields["direction"]?.choice(DirectionWord.self).direction ?? .newestFirst,
      limit: try fields.whole("limit", in: EventListQuestion.limits, or: standardLimit),
      after: try fields["after"].map(position))
  }

  static func readPeople(
    _ node: QuestionNode, _ context: QuestionContext
  ) throws(QuestionFault) -> PeopleQuestion {
    let fields = try node.fields(ScopeForm.keys + ["of", "limit", "after"])
    return PeopleQuestion(
      try ScopeForm.read(fields, context), of: try SelectorForm.read("of", of: fields),
      limit: try fields.whole("limit", in: PeopleQuestion.limits, or: standardLimit),
      after: try fields["after"].map(PersonForm.read))
  }

  private static func position(_ node: QuestionNode) throws(QuestionFault) -> EventPosition {
    guard let position = EventPosition(try node.text()) else {
      throw node.fault(.unknownValue, "is none that an answer has given")
    }
    return position
  }

  static func write(_ question: EventListQuestion, to object: inout ObjectForm) {
    object = ObjectForm(question: .events, question.scope)
    SelectorForm.write(question.selector, as: "of", to: &object)
    object["person"] = question.person.map(PersonForm.value)
    object.set("direction", DirectionWord(question.direction), unless: .newest)
    object.set("limit", question.limit)
    object["after"] = question.after.map { .string($0.description) }
  }

  static func write(_ question: PeopleQuestion, to object: inout ObjectForm) {
    object = ObjectForm(question: .people, question.scope)
    SelectorForm.write(question.selector, as: "of", to: &object)
    object.set("limit", question.limit)
    object["after"] = question.after.map(PersonForm.value)
  }
}

private enum DirectionWord: String, CaseIterable {
  case newest, oldest

  init(_ direction: EventListQuestion.Direction) {
    self = direction == .newestFirst ? .newest : .oldest
  }

  var direction: EventListQuestion.Direction { self == .newest ? .newestFirst : .oldestFirst }
}

/// One of a person's ids: `{"profile": "ada"}`, `{"device": …}` or `{"visitor": …}`.
enum PersonForm {
  private static let keys = PersonID.Kind.allCases.map { "\($0)" }

  static func read(_ node: QuestionNode) throws(QuestionFault) -> PersonID {
    let fields = try node.fields(keys)
    var found: PersonID?
    for kind in PersonID.Kind.allCases {
      guard let id = fields["\(kind)"] else { continue }
      guard found == nil else { throw node.fault(.invalidQuestion, "has more than one id") }
      found = PersonID(kind, try id.text())
    }
    guard let found else {
      throw node.fault(.missingKey, "has one of \(keys.joined(separator: ", "))")
    }
    return found
  }

  static func value(of person: PersonID) -> JSONValue {
    .object([JSONMember("\(person.kind)", .string(person.text))])
  }
}
