import Events
import JSON

/// How reading one event ended.
enum Reading {
  case read
  /// It has the key of another vocabulary: what was set so far is not to be used.
  case foreign
}

/// When a key of another vocabulary makes the event that one's.
enum Yielding { case never, unlessNamed, always }

/// Refuses the second appearance of a key.
struct SeenFields {
  private var bits: UInt32 = 0

  @inline(__always)
  mutating func insert(
    _ field: UInt8, _ key: JSONText, _ bytes: Span<UInt8>
  ) throws(EventProblem) {
    let bit: UInt32 = 1 << UInt32(field)
    guard bits & bit == 0 else { throw .duplicateKey(key.string(in: bytes)) }
    bits |= bit
  }
}

extension EventDraft {
  /// Reads the object that is due in the words of `Words`.
  mutating func readFlat<Words: Vocabulary>(
    _ words: Words.Type, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>,
    _ reception: Reception, yields: Yielding = .never
  ) throws(EventProblem) -> Reading {
    guard try cursor.kind(bytes) == .object else { throw .notAnObject }
    try cursor.openObject(bytes)
    var seen = SeenFields()
    while let key = try cursor.key(bytes) {
      let field = Self.field(words, of: key, bytes)
      // What goes to `props` is looked at there.
      if field != .unknown { try seen.insert(field.rawValue, key, bytes) }
      if field == .foreign, yields == .always || yields == .unlessNamed && !has(.name) {
        return .foreign
      }
      do {
        try read(field, key, &cursor, bytes, reception)
      } catch { throw error.named(key.string(in: bytes)) }
    }
    return .read
  }

  @inline(__always)
  private static func field<Words: Vocabulary>(
    _ words: Words.Type, of key: JSONText, _ bytes: Span<UInt8>
  ) -> Field {
    guard key.hasEscapes else { return Words.field(bytes.extracting(key.range)) }
    let resolved = key.bytes(in: bytes)
    return Words.field(resolved.span)
  }

  private mutating func read(
    _ field: Field, _ key: JSONText, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>,
    _ reception: Reception
  ) throws(EventProblem) {
    switch field {
    case .id: try set(.key, of: &cursor, bytes)
    case .project: try requireProject(&cursor, bytes, reception)
    case .name: try set(.name, of: &cursor, bytes)
    case .clientMilliseconds: try setTime(of: &cursor, bytes, .milliseconds)
    case .timestamp: try setTime(of: &cursor, bytes, .guessed)
    case .receiptTime: try cursor.step(over: bytes)
    case .profile: try set(.profile, of: &cursor, bytes)
    case .device: try set(.device, of: &cursor, bytes)
    case .session: try set(.session, of: &cursor, bytes)
    case .props: try props.addMembers(of: &cursor, bytes)
    case .ctx: try ctx.addMembers(of: &cursor, bytes)
    case .address: try ctx.addMember("ip", of: &cursor, bytes, .fallback)
    case .userAgent: try ctx.addMember("user_agent", of: &cursor, bytes, .fallback)
    case .page: try setPage(of: &cursor, bytes, .fallback)
    case .unknown, .foreign: try props.addMember(key, of: &cursor, bytes, .fallback)
    }
  }

  /// Refuses an event that names another project than the one its request may write to.
  mutating func requireProject(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ reception: Reception
  ) throws(EventProblem) {
    switch try cursor.kind(bytes) {
    case .null: try cursor.nullValue(bytes)
    case .string:
      let text = try cursor.textValue(bytes)
      if !text.hasEscapes, bytes.extracting(text.range).equals(reception.projectBytes) { return }
      let named = text.string(in: bytes)
      guard named == reception.project.text else { throw .wrongProject(named: named) }
    default: throw .wrongType(field: "", expected: "a string")
    }
  }
}
