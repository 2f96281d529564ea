/// What sort of thing happened, as the dialect that received the event decided. Page views, sessions
/// and bounces look at the kind; the name stays as the client sent it.
package enum EventKind: UInt8, Sendable, CaseIterable {
  case custom = 0
  case page = 1
  case screen = 2
  /// Something that lasted (a scroll, a heartbeat), not something that somebody did.
  case engagement = 3
  /// An operation that says who a device belongs to, with attributes of the profile.
  case identify = 4
  /// An operation on the attributes of a profile, or on a group.
  case profile = 5
  /// An operation that joins two ids of one person.
  case alias = 6

  /// Operations travel and deduplicate as events, and questions about events leave them out.
  package var isOperation: Bool { rawValue >= EventKind.identify.rawValue }

  /// Whether an event of this kind counts as an act of the person where nobody says otherwise.
  package var isInteractiveByDefault: Bool { rawValue <= EventKind.screen.rawValue }

  /// The kind that a client means by this event name, where its dialect has no other way to say it.
  package static func named(_ name: Span<UInt8>) -> EventKind {
    switch name.count {
    case 4 where name.equals("page"): .page
    case 6 where name.equals("screen"): .screen
    case 7 where name.equals("$screen"): .screen
    case 8 where name.equals("pageview"): .page
    case 9 where name.equals("page_view") || name.equals("$pageview"): .page
    case 10 where name.equals("engagement"): .engagement
    case 11 where name.equals("screen_view"): .page
    default: .custom
    }
  }
}
