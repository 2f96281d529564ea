import Events
import JSON

/// M-D1, Event Lens and OpenPanel: `{"type": …, "payload": {…}}`.
///
/// A `track` is an event; the other types are operations on profiles and groups, which travel as
/// events of their own kinds (`Docs/formats/profile-operations.md`). Reserved properties, which begin
/// with two underscores, say what other dialects have fields for.
enum EventLens {
  static let name: StaticString = "event-lens"

  enum ItemType {
    case track, identify, increment, decrement, alias, group, assignGroup

    init(_ text: JSONText, _ bytes: Span<UInt8>) throws(EventProblem) {
      if text.equals("track", in: bytes) {
        self = .track
      } else if text.equals("identify", in: bytes) {
        self = .identify
      } else if text.equals("increment", in: bytes) {
        self = .increment
      } else if text.equals("decrement", in: bytes) {
        self = .decrement
      } else if text.equals("alias", in: bytes) {
        self = .alias
      } else if text.equals("group", in: bytes) {
        self = .group
      } else if text.equals("assign_group", in: bytes) {
        self = .assignGroup
      } else {
        throw .unknownType(text.string(in: bytes))
      }
    }
  }

  /// Reads the item that is due. The answer is where an `__identify` of it stands, which is an
  /// operation beside the event.
  static func read(
    _ draft: inout EventDraft, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(EventProblem) -> JSONCursor? {
    guard try cursor.kind(bytes) == .object else { throw .notAnObject }
    try cursor.openObject(bytes)
    var type: ItemType?
    var payload: JSONCursor?
    while let key = try cursor.key(bytes) {
      if key.equals("type", in: bytes) {
        guard type == nil else { throw .duplicateKey("type") }
        guard try cursor.kind(bytes) == .string else {
          throw .wrongType(field: "type", expected: "a string")
        }
        type = try ItemType(try cursor.textValue(bytes), bytes)
      } else if key.equals("payload", in: bytes) {
        guard payload == nil else { throw .duplicateKey("payload") }
        guard try cursor.kind(bytes) == .object else {
          throw .wrongType(field: "payload", expected: "an object")
        }
        payload = cursor
        try cursor.step(over: bytes)
      } else {
        // Old SDKs put the client's id beside the item; nothing else is known to stand here.
        try cursor.step(over: bytes)
      }
    }
    guard let type else { throw .missing(field: "type") }
    guard var payload else { throw .missing(field: "payload") }
    switch type {
    case .track: return try readTrack(&draft, &payload, bytes)
    case .identify: try readIdentify(&draft, &payload, bytes)
    case .increment: try readIncrement(&draft, &payload, bytes, isNegative: false)
    case .decrement: try readIncrement(&draft, &payload, bytes, isNegative: true)
    case .alias: try readAlias(&draft, &payload, bytes)
    case .group: try readGroup(&draft, &payload, bytes)
    case .assignGroup: try readAssignment(&draft, &payload, bytes)
    }
    return nil
  }
}
