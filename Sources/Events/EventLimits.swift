/// What an event may be at most. Each limit is refused by a problem of its own (`EventProblem`).
package enum EventLimits {
  /// The JSON text of one event as its client sent it.
  package static let eventBytes = 64 * 1024
  /// Levels of objects and arrays: the event is the first, its `props` and `ctx` are the second.
  package static let depth = 16
  /// The same counted from `props` or `ctx` itself.
  package static let propertiesDepth = depth - 1
  /// Members of all objects in `props`, nested ones included; as many again in `ctx`.
  package static let properties = 1_000
  /// What a receiver may add to `ctx` beside them.
  package static let filledProperties = 8
  package static let nameBytes = EventName.maximumUTF8Count
  /// A profile's, device's, session's or visitor's id, and a client's own key of an event.
  package static let idBytes = 256
  /// The record of a legal event is smaller than this: the worst text, short doubles, grows to
  /// 9/4 of itself, and what the receiver adds to `ctx` is bounded by `filledBytes`.
  package static let recordBytes = 160 * 1024
  /// What of a request's own header (its user agent) enters an event.
  package static let filledBytes = 1_024
  /// A difference between the receiver's clock and the client's that is still taken for transit.
  package static let transitMilliseconds: Int64 = 60_000
  /// Events in one request.
  package static let eventsPerRequest = 1_000
}
