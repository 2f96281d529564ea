package import Calendar
package import Events
package import JSON
package import Query

/// An event as the model knows it.
package struct ModelEvent: Equatable, Sendable {
  package var id: EventID
  package var name: String
  package var kind: EventKind
  package var isInteractive: Bool
  package var cts: Int64
  package var sts: Int64
  package var profile: String?
  package var device: String?
  package var session: String?
  package var visitor: String?
  /// Both are objects.
  package var props: JSONValue
  package var ctx: JSONValue
  package var source: String

  package init(
    id: EventID, name: String, kind: EventKind = .custom, isInteractive: Bool? = nil, cts: Int64,
    sts: Int64? = nil, profile: String? = nil, device: String? = nil, session: String? = nil,
    visitor: String? = nil, props: JSONValue = .object([]), ctx: JSONValue = .object([]),
    source: String = "direct"
  ) {
    self.id = id
    self.name = name
    self.kind = kind
    self.isInteractive = isInteractive ?? kind.isInteractiveByDefault
    self.cts = cts
    self.sts = sts ?? cts
    self.profile = profile
    self.device = device
    self.session = session
    self.visitor = visitor
    self.props = props
    self.ctx = ctx
    self.source = source
  }

  package init(_ event: Event, source: String) {
    self.init(
      id: event.id, name: event.name, kind: event.kind,
      isInteractive: event.flags.contains(.interactive), cts: event.cts, sts: event.sts,
      profile: event.profile, device: event.device, session: event.session,
      visitor: event.visitor, props: event.props, ctx: event.ctx, source: source)
  }

  package var time: Instant { Instant(milliseconds: cts) }
  package var position: EventPosition { EventPosition(cts: cts, id: id) }

  /// The id that says whose event it is, before any join.
  package var ownPerson: PersonID? {
    if let profile { return .profile(profile) }
    if let device { return .device(device) }
    return visitor.map(PersonID.visitor)
  }
}
