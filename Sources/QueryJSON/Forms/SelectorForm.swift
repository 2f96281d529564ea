import JSON
import Query

/// Which events a part of a question means: `"signup"`, `["signup", "login"]`, or
/// `{"event": …, "filter": …}`, where either may be left out.
enum SelectorForm {
  static let keys = ["event", "filter"]

  static func read(_ node: QuestionNode) throws(QuestionFault) -> EventSelector {
    if case .object = node.value { return try read(try node.fields(keys)) }
    return try selector(node, node, .everything)
  }

  /// The keys of a selector among others of an object.
  static func read(_ fields: QuestionFields) throws(QuestionFault) -> EventSelector {
    let filter = try fields["filter"].map(FilterForm.read) ?? .everything
    return try selector(fields["event"], fields.node, filter)
  }

  /// A member that is a selector; left out, it means every event.
  static func read(
    _ key: String, of fields: QuestionFields
  ) throws(QuestionFault) -> EventSelector {
    try fields[key].map(read) ?? .everything
  }

  private static func selector(
    _ names: QuestionNode?, _ place: QuestionNode, _ filter: Filter
  ) throws(QuestionFault) -> EventSelector {
    let texts = try names?.texts(atMost: EventSelector.maximumNames) ?? []
    return try place.checked { () throws(QuestionProblem) in
      try EventSelector(texts, where: filter)
    }
  }

  static func value(of selector: EventSelector) -> JSONValue {
    if selector.filter == .everything, let names = names(of: selector) { return names }
    var object = ObjectForm()
    write(selector, to: &object)
    return object.value
  }

  static func write(_ selector: EventSelector, to object: inout ObjectForm) {
    object["event"] = names(of: selector)
    if selector.filter != .everything { object["filter"] = FilterForm.value(of: selector.filter) }
  }

  static func write(_ selector: EventSelector, as key: String, to object: inout ObjectForm) {
    if selector != .everything { object[key] = value(of: selector) }
  }

  private static func names(of selector: EventSelector) -> JSONValue? {
    switch selector.names.count {
    case 0: nil
    case 1: .string(selector.names[0])
    default: .array(selector.names.map { .string($0) })
    }
  }
}
