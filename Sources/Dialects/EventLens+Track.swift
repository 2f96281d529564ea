import Events
import JSON

extension EventLens {
  /// What both the payload and, with two underscores, its properties may say.
  private enum Key: UInt8 {
    case name, profile, device, session, path, title, referrer, timestamp, address, groups
    case properties, revenue, identify, property

    init(payload key: JSONText, _ bytes: Span<UInt8>) {
      if key.hasEscapes {
        let resolved = key.bytes(in: bytes)
        self.init(payload: resolved.span)
      } else {
        self.init(payload: bytes.extracting(key.range))
      }
    }

    init(reserved key: JSONText, _ bytes: Span<UInt8>) {
      if key.hasEscapes {
        let resolved = key.bytes(in: bytes)
        self.init(reserved: resolved.span)
      } else {
        self.init(reserved: bytes.extracting(key.range))
      }
    }

    private init(payload name: Span<UInt8>) {
      switch name.count {
      case 4 where name.equals("name"): self = .name
      case 6 where name.equals("groups"): self = .groups
      case 8 where name.equals("deviceId"): self = .device
      case 9 where name.equals("profileId"): self = .profile
      case 9 where name.equals("sessionId"): self = .session
      case 10 where name.equals("properties"): self = .properties
      default: self.init(shared: name)
      }
    }

    private init(reserved name: Span<UInt8>) {
      guard name.count > 2, name[0] == UInt8(ascii: "_"), name[1] == UInt8(ascii: "_") else {
        self = .property
        return
      }
      switch name.count {
      case 4 where name.equals("__ip"): self = .address
      case 9 where name.equals("__revenue"): self = .revenue
      case 10 where name.equals("__deviceId"): self = .device
      case 10 where name.equals("__identify"): self = .identify
      default: self.init(shared: name.extracting(2..<name.count))
      }
    }

    private init(shared name: Span<UInt8>) {
      switch name.count {
      case 4 where name.equals("path"): self = .path
      case 5 where name.equals("title"): self = .title
      case 8 where name.equals("referrer"): self = .referrer
      case 9 where name.equals("timestamp"): self = .timestamp
      default: self = .property
      }
    }
  }

  static func readTrack(
    _ draft: inout EventDraft, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(EventProblem) -> JSONCursor? {
    try cursor.openObject(bytes)
    var seen = SeenFields()
    var properties: JSONCursor?
    while let text = try cursor.key(bytes) {
      let key = Key(payload: text, bytes)
      if key != .property { try seen.insert(key.rawValue, text, bytes) }
      do {
        switch key {
        case .name: try draft.set(.name, of: &cursor, bytes)
        case .properties:
          // Read last: what the payload says itself comes before what a reserved property says.
          properties = cursor
          try cursor.step(over: bytes)
        case .property, .revenue, .identify:
          try draft.props.addMember(text, of: &cursor, bytes, .fallback)
        default: try set(key, in: &draft, &cursor, bytes, .given)
        }
      } catch { throw error.named(text.string(in: bytes)) }
    }
    guard draft.has(.name) else { throw .missing(field: "name") }
    guard var properties else { return nil }
    return try readProperties(&draft, &properties, bytes)
  }

  private static func readProperties(
    _ draft: inout EventDraft, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(EventProblem) -> JSONCursor? {
    switch try cursor.kind(bytes) {
    case .object: break
    case .null: return nil
    default: throw .wrongType(field: "properties", expected: "an object")
    }
    try cursor.openObject(bytes)
    var seen = SeenFields()
    var identify: JSONCursor?
    while let text = try cursor.key(bytes) {
      let key = Key(reserved: text, bytes)
      if key != .property { try seen.insert(key.rawValue, text, bytes) }
      do {
        switch key {
        case .property: try draft.props.addMember(text, of: &cursor, bytes)
        case .revenue: try draft.props.addMember("revenue", of: &cursor, bytes, .fallback)
        case .identify:
          identify = try cursor.kind(bytes) == .object ? cursor : nil
          try cursor.step(over: bytes)
        default: try set(key, in: &draft, &cursor, bytes, .fallback)
        }
      } catch { throw error.named(text.string(in: bytes)) }
    }
    return identify
  }

  /// Sets what has a place outside `props`. A fallback leaves alone what was given.
  private static func set(
    _ key: Key, in draft: inout EventDraft, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>,
    _ origin: PropertiesBuilder.Origin
  ) throws(EventProblem) {
    switch key {
    case .profile: try draft.setID(.profile, of: &cursor, bytes)
    case .device where origin == .fallback && draft.has(.device): try cursor.step(over: bytes)
    case .device: try draft.setID(.device, of: &cursor, bytes)
    case .session: try draft.setID(.session, of: &cursor, bytes)
    case .path: try draft.setPage(of: &cursor, bytes, origin)
    case .title: try draft.ctx.addMember("title", of: &cursor, bytes, origin)
    case .referrer: try draft.ctx.addMember("referrer", of: &cursor, bytes, origin)
    case .address: try draft.ctx.addMember("ip", of: &cursor, bytes)
    case .groups: try draft.ctx.addMember("groups", of: &cursor, bytes)
    case .timestamp where origin == .fallback && draft.clientTime != nil:
      try cursor.step(over: bytes)
    case .timestamp: try draft.setTime(of: &cursor, bytes, .guessed)
    case .name, .properties, .revenue, .identify, .property: try cursor.step(over: bytes)
    }
  }
}

extension EventDraft {
  /// Sets an id; an empty one, which these SDKs send for none, is none.
  mutating func setID(
    _ slot: Slot, of cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(EventProblem) {
    guard try cursor.kind(bytes) == .string else { return try set(slot, of: &cursor, bytes) }
    let text = try cursor.textValue(bytes)
    if !text.isEmpty { try set(slot, to: text, bytes) }
  }
}
