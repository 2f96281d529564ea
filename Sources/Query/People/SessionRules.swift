/// What makes one visit of a row of events.
package struct SessionRules: Equatable, Sendable {
  package static let defaultIdle: Int64 = 30 * 60_000
  package static let defaultCap: Int64 = 24 * 3_600_000

  package enum Cut: String, CaseIterable, Sendable {
    /// Where nothing happens for longer than `idleMilliseconds`.
    case gaps
    /// Events of one `session_id` are one session; those without one are cut by gaps among
    /// themselves.
    case sessionID = "session_id"
  }

  package var cut: Cut = .gaps
  /// A gap as long as this still belongs to the session.
  package var idleMilliseconds: Int64 = defaultIdle
  /// No event is later than this after the session's first.
  package var capMilliseconds: Int64 = defaultCap
  /// Whether a day of the scope's zone ends its sessions.
  package var splitsAtMidnight = false

  package init() {}

  package static func by(_ cut: Cut) -> SessionRules {
    var rules = SessionRules()
    rules.cut = cut
    return rules
  }

  package var text: String {
    switch cut {
    case .gaps:
      "idle \(idleMilliseconds) ms inclusive, at most \(capMilliseconds) ms"
        + (splitsAtMidnight ? ", split at midnight" : "")
    case .sessionID: "by session_id"
    }
  }

  var problem: QuestionProblem? {
    guard idleMilliseconds > 0, capMilliseconds > 0 else {
      return .contradiction("a session's idle time and cap have to be longer than nothing")
    }
    return nil
  }
}

/// When a session counts as a bounce.
package enum BounceRule: Equatable, Sendable {
  /// One view, and no other event by which somebody did something. Sessions without a view are
  /// neither bounces nor among those that they are a share of.
  case oneView
  /// Not engaged: under 10 seconds, fewer than two views, and none of these events.
  case ga4(keyEvents: EventSelector?)
  /// Exactly one event.
  case singleEvent

  package static let engagedMilliseconds: Int64 = 10_000

  /// What is asked of a session, where its key events have been counted.
  package enum Test: Sendable { case oneView, ga4, singleEvent }

  package var test: Test {
    switch self {
    case .oneView: .oneView
    case .ga4: .ga4
    case .singleEvent: .singleEvent
    }
  }

  package var text: String {
    switch self {
    case .oneView: "one view and nothing interactive beside it"
    case .ga4: "ga4: under 10 s, fewer than two views, no key event"
    case .singleEvent: "exactly one event"
    }
  }
}

/// What a session is in the rate of bounces.
package enum BounceState: Equatable, Sendable { case bounced, stayed, notCounted }
