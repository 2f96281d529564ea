import Events
import JSON

/// M-E3, `POST /api/v1/profiles`: a profile as its model has it. It becomes one operation that sets
/// attributes (`Docs/formats/profile-operations.md`).
enum Profiles {
  static let name: StaticString = "profiles"

  private enum Key: UInt8 {
    case profile, project, event, updatedAt, createdAt, props, attribute

    init(_ key: JSONText, _ bytes: Span<UInt8>) {
      if key.equals("profile_id", in: bytes) {
        self = .profile
      } else if key.equals("project_id", in: bytes) {
        self = .project
      } else if key.equals("event_id", in: bytes) {
        self = .event
      } else if key.equals("updated_at", in: bytes) {
        self = .updatedAt
      } else if key.equals("created_at", in: bytes) {
        self = .createdAt
      } else {
        self = key.equals("props", in: bytes) ? .props : .attribute
      }
    }
  }

  /// Reads the profile that is due.
  static func read(
    _ draft: inout EventDraft, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>,
    _ reception: Reception
  ) throws(EventProblem) {
    guard try cursor.kind(bytes) == .object else { throw .notAnObject }
    try draft.begin(.profile, "$profile_set", op: "set")
    try draft.props.beginObject("values")
    try cursor.openObject(bytes)
    var seen = SeenFields()
    var createdAt: JSONCursor?
    while let text = try cursor.key(bytes) {
      let key = Key(text, bytes)
      if key != .attribute { try seen.insert(key.rawValue, text, bytes) }
      do {
        switch key {
        case .profile: try draft.set(.profile, of: &cursor, bytes)
        case .project: try draft.requireProject(&cursor, bytes, reception)
        case .event: try draft.set(.key, of: &cursor, bytes)
        // When these values were true: an older one must not win over what is known since.
        case .updatedAt: try draft.setTime(of: &cursor, bytes, .guessed)
        case .createdAt:
          createdAt = cursor
          try cursor.step(over: bytes)
        case .props: try draft.props.addMembers(of: &cursor, bytes)
        case .attribute: try draft.props.addMember(text, of: &cursor, bytes, .fallback)
        }
      } catch { throw error.named(text.string(in: bytes)) }
    }
    try draft.props.endObject()
    if var createdAt { try draft.props.addMember("created_at", of: &createdAt, bytes) }
    guard draft.has(.profile) else { throw .missing(field: "profile_id") }
  }
}

extension EventDraft {
  /// Makes the draft an operation: an event of its own kind, named for what it does.
  mutating func begin(
    _ kind: EventKind, _ name: StaticString, op: StaticString
  ) throws(EventProblem) {
    self.kind = kind
    try set(.name, to: name)
    try props.addMember("op", text: op)
  }
}
