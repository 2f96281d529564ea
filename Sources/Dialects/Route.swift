/// An intake route of the seed systems. Both programs serve them all, with the same code.
package enum Route: Sendable, CaseIterable {
  /// One event of an Event Tracking Service, or one item of Event Lens and OpenPanel, by its shape.
  case track
  /// Items of Event Lens.
  case trackBatch
  /// Events of Prism or of an Event Tracking System, by their shape, one or many.
  case events
  /// Events of an Event Analytics Service.
  case eventsTrack
  case profiles

  /// Nil where the path is no intake route.
  package init?(path: String) {
    switch path {
    case "/track": self = .track
    case "/track/batch": self = .trackBatch
    case "/api/v1/events", "/api/events", "/api/v1/events/batch", "/api/events/batch":
      self = .events
    case "/api/v1/events/track", "/api/events/track": self = .eventsTrack
    case "/api/v1/profiles", "/api/profiles": self = .profiles
    default: return nil
    }
  }

  /// All paths, for a router's table.
  package static let paths = [
    "/track", "/track/batch", "/api/v1/events", "/api/events", "/api/v1/events/batch",
    "/api/events/batch", "/api/v1/events/track", "/api/events/track", "/api/v1/profiles",
    "/api/profiles",
  ]
}

/// The vocabulary in which a request was written; the reply is in the same.
package enum Dialect: Sendable, CaseIterable {
  /// `event_type`, `fields`, `timestamp`, `session_id`.
  case track
  /// `event_type`, `user_id`, `timestamp`, `metadata`.
  case eventTracking
  /// `user_id`, `event_type`, `page_url`, `metadata`.
  case eventAnalytics
  /// `type` and `payload`, one item.
  case eventLens
  /// The same, many items.
  case eventLensBatch
  /// `event_id`, `event_name`, `cts`, `profile_id`, `props`, `ctx`.
  case prism
  /// `profile_id`, `props`.
  case profiles
}
