import Events
package import JSON
package import Query

extension ModelHistory {
  package func holds(_ filter: Filter, for event: ModelEvent, _ profiles: ProfileTime) -> Bool {
    truth(of: filter.condition, for: event, profiles) == .yes
  }

  package func truth(
    of condition: Condition, for event: ModelEvent, _ profiles: ProfileTime = .current
  ) -> Truth {
    switch condition {
    case .all(let parts):
      return parts.reduce(.yes) { $0 && truth(of: $1, for: event, profiles) }
    case .any(let parts):
      return parts.reduce(.no) { $0 || truth(of: $1, for: event, profiles) }
    case .not(let part):
      return !truth(of: part, for: event, profiles)
    case .exists(let path):
      return Truth(value(at: path, of: event, profiles) != nil)
    case .search(let test):
      return Truth(texts(in: event.props).contains { passes(test, $0) })
    case .compare(let path, let comparator, let operand):
      guard let value = value(at: path, of: event, profiles) else { return .unknown }
      return compare(value, comparator, operand)
    case .isIn(let path, let operands):
      guard let value = value(at: path, of: event, profiles) else { return .unknown }
      return Truth(operands.contains { Value(value) == $0 })
    case .text(let path, let test):
      guard case .string(let text) = value(at: path, of: event, profiles) else { return .unknown }
      return Truth(passes(test, text))
    }
  }

  private func compare(_ value: JSONValue, _ comparator: Comparator, _ operand: Value) -> Truth {
    let scalar = Value(value)
    if comparator == .equal { return Truth(scalar == operand) }
    if comparator == .unequal { return Truth(scalar != operand) }
    guard let order = scalar?.order(against: operand) else { return .unknown }
    return Truth(comparator.holds(order))
  }

  private func passes(_ test: TextTest, _ text: String) -> Bool {
    let bytes = Array(text.utf8)
    switch test {
    case .contains(let part):
      let part = Array(part.utf8)
      return (0...bytes.count).contains { bytes.dropFirst($0).starts(with: part) }
    case .hasPrefix(let part): return bytes.starts(with: part.utf8)
    case .hasSuffix(let part): return bytes.reversed().starts(with: part.utf8.reversed())
    case .matches(let pattern): return ModelPattern(pattern).matches(text)
    }
  }

  /// The texts among a property's values, however deep.
  private func texts(in value: JSONValue) -> [String] {
    switch value {
    case .string(let text): [text]
    case .array(let elements): elements.flatMap(texts)
    case .object(let members): members.flatMap { texts(in: $0.value) }
    case .null, .bool, .integer, .double: []
    }
  }
}

// What a path finds.
extension ModelHistory {
  /// Nil where there is nothing or null.
  package func value(
    at path: PropertyPath, of event: ModelEvent, _ profiles: ProfileTime = .current
  ) -> JSONValue? {
    let found: JSONValue? =
      switch path.place {
      case .field(let field): value(of: field, of: event)
      case .key(.props, let keys): event.props[keys]
      case .key(.ctx, let keys): event.ctx[keys]
      case .key(.profile, let keys): attributes(for: event, profiles)?[keys]
      case .key(.any, let keys): any(keys, event)
      case .visit(let part): any([part.rawValue], event) ?? derived(part, event)
      }
    return found == .null ? nil : found
  }

  private func any(_ keys: [String], _ event: ModelEvent) -> JSONValue? {
    if let filled = event.ctx[keys], filled != .null { return filled }
    return event.props[keys] == .null ? nil : event.props[keys]
  }

  private func derived(_ part: VisitPart, _ event: ModelEvent) -> JSONValue? {
    let source =
      switch part.source {
      case .userAgent: event.ctx["user_agent"]
      case .referrer: any(["referrer"], event)
      }
    guard case .string(let text) = source else { return nil }
    let bytes = Array(text.utf8)
    return part.text(from: bytes.span).map(JSONValue.string)
  }

  /// The scalar there, as breakdowns take it: null where there is none.
  package func scalar(
    at path: PropertyPath, of event: ModelEvent, _ profiles: ProfileTime = .current
  ) -> Value {
    value(at: path, of: event, profiles).flatMap(Value.init) ?? .null
  }

  private func value(of field: EventField, of event: ModelEvent) -> JSONValue? {
    switch field {
    case .id: .string(event.id.description)
    case .name: .string(event.name)
    case .kind: .string(String(describing: event.kind))
    case .interactive: .bool(event.isInteractive)
    case .cts: .integer(event.cts)
    case .sts: .integer(event.sts)
    case .profile: event.profile.map(JSONValue.string)
    case .device: event.device.map(JSONValue.string)
    case .session: event.session.map(JSONValue.string)
    case .visitor: event.visitor.map(JSONValue.string)
    case .source: .string(event.source)
    case .person: person(of: event).map { .string($0.text) }
    }
  }

  private func attributes(for event: ModelEvent, _ time: ProfileTime) -> JSONValue? {
    guard let person = person(of: event) else { return nil }
    let versions = (profiles[person] ?? []).sorted { $0.from < $1.from }
    switch time {
    case .current: return versions.last?.attributes
    case .event: return versions.last { $0.from <= event.cts }?.attributes
    }
  }
}

extension JSONValue {
  /// What is under these keys, each in the object that the one before it found.
  fileprivate subscript(keys: [String]) -> JSONValue? {
    keys.reduce(self as JSONValue?) { value, key in value?[key] }
  }
}
