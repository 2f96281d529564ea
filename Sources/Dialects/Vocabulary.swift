import Events

/// What a key of a flat event means. Keys that mean the same never stand in one vocabulary.
enum Field: UInt8 {
  case id, project, name, clientMilliseconds, timestamp, receiptTime
  case profile, device, session
  case props, ctx, address, userAgent, page
  /// A key that makes the event one of another vocabulary.
  case foreign
  /// Goes to `props`.
  case unknown
}

/// The words of a dialect whose events are single objects.
protocol Vocabulary {
  /// Whose keys the events' foreign ids are. It is part of the hash: a name once used stays.
  static var name: StaticString { get }
  static func field(_ key: Span<UInt8>) -> Field
}

/// M-E1.
enum Prism: Vocabulary {
  static let name: StaticString = "prism"

  @inline(__always)
  static func field(_ key: Span<UInt8>) -> Field {
    switch key.count {
    case 3:
      if key.equals("cts") { return .clientMilliseconds }
      if key.equals("ctx") { return .ctx }
      // The receiver's own reading stands instead of what the client thinks it is.
      if key.equals("sts") { return .receiptTime }
    case 5: if key.equals("props") { return .props }
    case 8: if key.equals("event_id") { return .id }
    case 9: if key.equals("device_id") { return .device }
    case 10:
      if key.equals("event_name") { return .name }
      if key.equals("project_id") { return .project }
      if key.equals("profile_id") { return .profile }
      if key.equals("session_id") { return .session }
      if key.equals("event_type") { return .foreign }
    default: break
    }
    return .unknown
  }
}

/// M-B1.
enum EventTracking: Vocabulary {
  static let name: StaticString = "event-tracking"

  static func field(_ key: Span<UInt8>) -> Field {
    if key.equals("metadata") { return .props }
    if key.equals("event_name") { return .foreign }
    return Common.field(key)
  }
}

/// M-C2.
enum EventAnalytics: Vocabulary {
  static let name: StaticString = "event-analytics"

  static func field(_ key: Span<UInt8>) -> Field {
    if key.equals("metadata") { return .props }
    if key.equals("page_url") { return .page }
    return Common.field(key)
  }
}

/// M-A1. Its queue also has the user, the address and the user agent beside the fields.
enum Track: Vocabulary {
  static let name: StaticString = "track"

  static func field(_ key: Span<UInt8>) -> Field {
    if key.equals("fields") { return .props }
    if key.equals("ip") { return .address }
    if key.equals("user_agent") { return .userAgent }
    return Common.field(key)
  }
}

/// What the three have in common; ids and the project are welcome in each.
private enum Common {
  static func field(_ key: Span<UInt8>) -> Field {
    switch key.count {
    case 3: if key.equals("ctx") { return .ctx }
    case 7: if key.equals("user_id") { return .profile }
    case 8: if key.equals("event_id") { return .id }
    case 9:
      if key.equals("timestamp") { return .timestamp }
      if key.equals("device_id") { return .device }
    case 10:
      if key.equals("event_type") { return .name }
      if key.equals("session_id") { return .session }
      if key.equals("project_id") { return .project }
    default: break
    }
    return .unknown
  }
}
