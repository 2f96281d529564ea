import Calendar
package import JSON
package import Query

/// A question of any sort, as whoever asks in JSON may ask all of them.
package enum AnyQuestion: Equatable, Sendable {
  case series(SeriesQuestion)
  case funnel(FunnelQuestion)
  case retention(RetentionQuestion)
  case sessions(SessionsQuestion)
  case visitors(VisitorsQuestion)
  case paths(PathsQuestion)
  case lifecycle(LifecycleQuestion)
  case stickiness(StickinessQuestion)
  case events(EventListQuestion)
  case people(PeopleQuestion)
  case propertyNames(PropertyNamesQuestion)
}

/// The words under `question`. Two are short for questions of another sort: who is there now are
/// visitors, and a property's values are the groups of a series.
enum QuestionWord: String, CaseIterable {
  case series, funnel, retention, sessions, visitors, live, paths, lifecycle, stickiness, events
  case people
  case propertyNames = "property_names"
  case propertyValues = "property_values"
}

extension AnyQuestion {
  /// What a question's text has at most: a filter's 64 KiB of text, however it is escaped, and room
  /// for the rest.
  package static let maximumBytes = 1 << 20
  /// A filter of 16 levels, each an object and a list, inside of steps and series.
  static let maximumDepth = 64

  package init(
    parsing bytes: Span<UInt8>, in context: QuestionContext
  ) throws(QuestionFault) {
    guard bytes.count <= Self.maximumBytes else {
      throw QuestionFault(
        .tooMany, at: "", "a question has at most \(Self.maximumBytes) bytes")
    }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: bytes, maximumDepth: Self.maximumDepth)
    } catch { throw QuestionFault(.invalidJSON, at: "", error.message) }
    try self.init(value, in: context)
  }

  /// Every key is known, every number within its limits, and the question makes sense as a whole.
  package init(_ value: JSONValue, in context: QuestionContext) throws(QuestionFault) {
    let node = QuestionNode(value, at: "", context.segments)
    self = try Self.read(node, context)
    do throws(QueryError) {
      try check()
    } catch {
      switch error {
      case .invalid(let problem):
        try node.checked { () throws(QuestionProblem) in throw problem }
      case .tooManyBuckets(let limit):
        throw QuestionFault(
          .tooMany, at: "interval", "the range has more than \(limit) of these pieces")
      case .overBudget, .deadlineExceeded, .cancelled, .unreadable:
        throw QuestionFault(.invalidQuestion, at: "", "the question cannot be checked")
      }
    }
  }

  private static func read(
    _ node: QuestionNode, _ context: QuestionContext
  ) throws(QuestionFault) -> AnyQuestion {
    guard case .object = node.value else {
      throw node.fault(.wrongType, "a question has to be an object")
    }
    guard let word = node.value["question"] else {
      throw QuestionFault(
        .missingKey, at: "question",
        "is missing; it is one of "
          + QuestionWord.allCases.map(\.rawValue).joined(separator: ", "))
    }
    switch try QuestionNode(word, at: "question", .none).choice(QuestionWord.self) {
    case .series: return .series(try SeriesForm.read(node, context))
    case .funnel: return .funnel(try FunnelForm.read(node, context))
    case .retention: return .retention(try RetentionForm.read(node, context))
    case .sessions: return .sessions(try SessionsForm.read(node, context))
    case .visitors: return .visitors(try VisitorsForm.read(node, context))
    case .live: return .visitors(try VisitorsForm.readLive(node, context))
    case .paths: return .paths(try PathsForm.read(node, context))
    case .lifecycle: return .lifecycle(try ActivityForm.readLifecycle(node, context))
    case .stickiness: return .stickiness(try ActivityForm.readStickiness(node, context))
    case .events: return .events(try ListForm.readEvents(node, context))
    case .people: return .people(try ListForm.readPeople(node, context))
    case .propertyNames: return .propertyNames(try NamesForm.readNames(node, context))
    case .propertyValues: return .series(try NamesForm.readValues(node, context))
    }
  }

  /// Finds what no answer could make sense of.
  package func check() throws(QueryError) {
    switch self {
    case .series(let question): try question.check()
    case .funnel(let question): try question.check()
    case .retention(let question): try question.check()
    case .sessions(let question): try question.check()
    case .visitors(let question): try question.check()
    case .paths(let question): try question.check()
    case .lifecycle(let question): try question.check()
    case .stickiness(let question): try question.check()
    case .events(let question): try question.check()
    case .people(let question): try question.check()
    case .propertyNames(let question): try question.check()
    }
  }

  package var scope: Scope {
    switch self {
    case .series(let question): question.scope
    case .funnel(let question): question.scope
    case .retention(let question): question.scope
    case .sessions(let question): question.scope
    case .visitors(let question): question.scope
    case .paths(let question): question.scope
    case .lifecycle(let question): question.scope
    case .stickiness(let question): question.scope
    case .events(let question): question.scope
    case .people(let question): question.scope
    case .propertyNames(let question): question.scope
    }
  }

  /// The text that reads back as this question, in any surroundings: its range, zone and calendar
  /// are written out.
  package var json: JSONValue {
    var object = ObjectForm()
    switch self {
    case .series(let question): SeriesForm.write(question, to: &object)
    case .funnel(let question): FunnelForm.write(question, to: &object)
    case .retention(let question): RetentionForm.write(question, to: &object)
    case .sessions(let question): SessionsForm.write(question, to: &object)
    case .visitors(let question): VisitorsForm.write(question, to: &object)
    case .paths(let question): PathsForm.write(question, to: &object)
    case .lifecycle(let question): ActivityForm.write(question, to: &object)
    case .stickiness(let question): ActivityForm.write(question, to: &object)
    case .events(let question): ListForm.write(question, to: &object)
    case .people(let question): ListForm.write(question, to: &object)
    case .propertyNames(let question): NamesForm.write(question, to: &object)
    }
    return object.value
  }
}
