import JSON
import Query

/// What a series says: `"events"`, `"people"`, `"events_per_person"`, `{"rolling_people": 7}`, or a
/// property's numbers, `{"sum": "props.amount"}` and `{"percentile": "props.ms", "q": 0.95}`.
enum MeasureForm {
  private enum Word: String, CaseIterable {
    case events, people
    case eventsPerPerson = "events_per_person"
  }

  private enum Key: String, CaseIterable {
    case rollingPeople = "rolling_people"
    case sum, average, minimum, maximum, percentile
  }

  static func read(_ node: QuestionNode) throws(QuestionFault) -> Measure {
    guard case .object = node.value else {
      return switch try node.choice(Word.self) {
      case .events: .events
      case .people: .people
      case .eventsPerPerson: .eventsPerPerson
      }
    }
    let fields = try node.fields(Key.allCases.map(\.rawValue) + ["q"])
    let keys = Key.allCases.filter { fields[$0.rawValue] != nil }
    guard keys.count == 1, let inner = fields[keys[0].rawValue] else {
      throw node.fault(
        .missingKey, "has one of " + Key.allCases.map(\.rawValue).joined(separator: ", "))
    }
    if keys[0] != .percentile, let q = fields["q"] {
      throw q.fault(.unknownKey, "goes with percentile only")
    }
    switch keys[0] {
    case .rollingPeople: return .rollingPeople(days: try inner.whole(in: Measure.rollingDays))
    case .sum: return .sum(try inner.propertyPath())
    case .average: return .average(try inner.propertyPath())
    case .minimum: return .minimum(try inner.propertyPath())
    case .maximum: return .maximum(try inner.propertyPath())
    case .percentile:
      let q = try fields.required("q")
      let part = try q.number()
      return .percentile(
        try inner.propertyPath(),
        try q.checked { () throws(QuestionProblem) in try Quantile(part) })
    }
  }

  static func value(of measure: Measure) -> JSONValue {
    func object(_ key: Key, _ path: PropertyPath) -> JSONValue {
      .object([JSONMember(key.rawValue, .string(path.description))])
    }
    return switch measure {
    case .events: .string(Word.events.rawValue)
    case .people: .string(Word.people.rawValue)
    case .eventsPerPerson: .string(Word.eventsPerPerson.rawValue)
    case .rollingPeople(let days): ["rolling_people": .integer(Int64(days))]
    case .sum(let path): object(.sum, path)
    case .average(let path): object(.average, path)
    case .minimum(let path): object(.minimum, path)
    case .maximum(let path): object(.maximum, path)
    case .percentile(let path, let q):
      ["percentile": .string(path.description), "q": .double(q.part)]
    }
  }
}
