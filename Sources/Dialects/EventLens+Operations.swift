import Events
import JSON

// The types that change profiles and groups.

extension EventLens {
  private enum Key: UInt8 {
    case profile, device, session, timestamp, properties, property, value, alias, id, type, groups
    case attribute

    init(_ key: JSONText, _ bytes: Span<UInt8>) {
      if key.equals("profileId", in: bytes) {
        self = .profile
      } else if key.equals("deviceId", in: bytes) {
        self = .device
      } else if key.equals("sessionId", in: bytes) {
        self = .session
      } else if key.equals("timestamp", in: bytes) {
        self = .timestamp
      } else if key.equals("properties", in: bytes) {
        self = .properties
      } else if key.equals("property", in: bytes) {
        self = .property
      } else if key.equals("value", in: bytes) {
        self = .value
      } else if key.equals("alias", in: bytes) {
        self = .alias
      } else if key.equals("id", in: bytes) {
        self = .id
      } else if key.equals("type", in: bytes) {
        self = .type
      } else {
        self = key.equals("groupIds", in: bytes) ? .groups : .attribute
      }
    }
  }

  /// Walks a payload: reads what is the same for all types, and lends the rest to `read`, which
  /// answers whether it took the value.
  private static func walk(
    _ draft: inout EventDraft, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>,
    _ read: (Key, JSONText, inout EventDraft, inout JSONCursor) throws(EventProblem) -> Bool
  ) throws(EventProblem) {
    guard try cursor.kind(bytes) == .object else {
      throw .wrongType(field: "payload", expected: "an object")
    }
    try cursor.openObject(bytes)
    var seen = SeenFields()
    while let text = try cursor.key(bytes) {
      let key = Key(text, bytes)
      if key != .attribute { try seen.insert(key.rawValue, text, bytes) }
      do {
        switch key {
        case .profile: try draft.setID(.profile, of: &cursor, bytes)
        case .device: try draft.setID(.device, of: &cursor, bytes)
        case .session: try draft.setID(.session, of: &cursor, bytes)
        case .timestamp: try draft.setTime(of: &cursor, bytes, .guessed)
        default:
          if try !read(key, text, &draft, &cursor) { try cursor.step(over: bytes) }
        }
      } catch { throw error.named(text.string(in: bytes)) }
    }
  }

  /// `{profileId, firstName, lastName, email, avatar, properties}`: every attribute keeps its name,
  /// and one of the payload itself comes before one of `properties`.
  static func readIdentify(
    _ draft: inout EventDraft, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(EventProblem) {
    try draft.begin(.identify, "$identify", op: "set")
    try draft.props.beginObject("values")
    try walk(&draft, &cursor, bytes) { key, text, draft, cursor throws(EventProblem) in
      if key == .properties {
        try draft.props.addMembers(of: &cursor, bytes, .fallback)
      } else {
        try draft.props.addMember(text, of: &cursor, bytes)
      }
      return true
    }
    try draft.props.endObject()
    guard draft.has(.profile) else { throw .missing(field: "profileId") }
  }

  /// `{profileId, property, value}`, the value 1 where it is absent. A decrement adds the negative.
  static func readIncrement(
    _ draft: inout EventDraft, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>, isNegative: Bool
  ) throws(EventProblem) {
    try draft.begin(.profile, "$profile_increment", op: "increment")
    var property: JSONText?
    var value = JSONNumber.integer(1)
    try walk(&draft, &cursor, bytes) { key, _, _, cursor throws(EventProblem) in
      switch key {
      case .property:
        guard try cursor.kind(bytes) == .string else {
          throw .wrongType(field: "", expected: "a string")
        }
        property = try cursor.textValue(bytes)
      case .value:
        guard try cursor.kind(bytes) == .number else {
          throw .wrongType(field: "", expected: "a number")
        }
        value = try cursor.numberValue(bytes)
      default: return false
      }
      return true
    }
    guard draft.has(.profile) else { throw .missing(field: "profileId") }
    guard let property, !property.isEmpty else { throw .missing(field: "property") }
    try draft.props.beginObject("values")
    try draft.props.addMember(property, bytes, number: isNegative ? negated(value) : value)
    try draft.props.endObject()
  }

  private static func negated(_ number: JSONNumber) -> JSONNumber {
    switch number {
    case .integer(.min): .double(-Double(Int64.min))
    case .integer(let value): .integer(-value)
    case .double(let value): .double(-value)
    }
  }

  /// `{profileId, alias}`: the alias is one more id of the profile's person.
  static func readAlias(
    _ draft: inout EventDraft, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(EventProblem) {
    try draft.begin(.alias, "$alias", op: "alias")
    var hasAlias = false
    try walk(&draft, &cursor, bytes) { key, _, draft, cursor throws(EventProblem) in
      guard key == .alias else { return false }
      try draft.addID("alias", of: &cursor, bytes)
      hasAlias = true
      return true
    }
    guard draft.has(.profile) else { throw .missing(field: "profileId") }
    guard hasAlias else { throw .missing(field: "alias") }
  }

  /// `{id, type, name, properties}`: a group's own attributes.
  static func readGroup(
    _ draft: inout EventDraft, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(EventProblem) {
    try draft.begin(.profile, "$group_set", op: "group")
    var id: JSONCursor?
    var type: JSONCursor?
    try draft.props.beginObject("values")
    try walk(&draft, &cursor, bytes) { key, text, draft, cursor throws(EventProblem) in
      switch key {
      case .id: id = cursor
      case .type: type = cursor
      case .properties:
        try draft.props.addMembers(of: &cursor, bytes, .fallback)
        return true
      default:
        try draft.props.addMember(text, of: &cursor, bytes)
        return true
      }
      return false
    }
    try draft.props.endObject()
    guard var id else { throw .missing(field: "id") }
    do { try draft.addID("group", of: &id, bytes) } catch { throw error.named("id") }
    if var type { try draft.props.addMember("type", of: &type, bytes) }
  }

  /// `{groupIds, profileId}`: the person belongs to these groups.
  static func readAssignment(
    _ draft: inout EventDraft, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(EventProblem) {
    try draft.begin(.profile, "$group_assign", op: "assign_group")
    var hasGroups = false
    try walk(&draft, &cursor, bytes) { key, _, draft, cursor throws(EventProblem) in
      guard key == .groups else { return false }
      guard try cursor.kind(bytes) == .array else {
        throw .wrongType(field: "", expected: "an array of strings")
      }
      var elements = cursor
      try elements.openArray(bytes)
      while try elements.hasElement(bytes) {
        guard try elements.kind(bytes) == .string else {
          throw .wrongType(field: "", expected: "an array of strings")
        }
        let count = try elements.textValue(bytes).utf8Count(in: bytes)
        guard (1...EventLimits.idBytes).contains(count) else {
          throw .id(field: "", utf8Count: count)
        }
      }
      try draft.props.addMember("groups", of: &cursor, bytes)
      hasGroups = true
      return true
    }
    guard draft.has(.profile) || draft.has(.device) else { throw .missing(field: "profileId") }
    guard hasGroups else { throw .missing(field: "groupIds") }
  }
}

extension EventDraft {
  /// Adds an id that is a property of an operation.
  fileprivate mutating func addID(
    _ name: StaticString, of cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(EventProblem) {
    guard try cursor.kind(bytes) == .string else {
      throw .wrongType(field: "", expected: "a string")
    }
    let id = try cursor.textValue(bytes).bytes(in: bytes)
    guard (1...EventLimits.idBytes).contains(id.count) else {
      throw .id(field: "", utf8Count: id.count)
    }
    try props.addMember(name, text: id.span)
  }
}
