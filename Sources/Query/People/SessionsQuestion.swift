package import Calendar

/// Visits: how many, how long, how many bounced, where they began and ended.
///
/// A session counts where it starts. Whole sessions that start in the range are counted, whatever of
/// them lies behind it; clipped, only what is in the range exists.
package struct SessionsQuestion: Question {
  package static let maximumPages = 1_000

  package var scope: Scope
  package var interval: Interval
  package var cutting: SessionRules
  package var bounce: BounceRule = .oneView
  package var isClipped = false
  /// By the first event of the session that has a value.
  package var breakdown: Breakdown?
  /// What a page is called, for entry and exit pages.
  package var page: PropertyPath?
  package var pages = 10

  package init(_ scope: Scope, by interval: Interval, rules: SessionRules = SessionRules()) {
    self.scope = scope
    self.interval = interval
    cutting = rules
  }

  package func check() throws(QueryError) {
    if let problem = cutting.problem { throw .invalid(problem) }
    guard (1...Self.maximumPages).contains(pages) else {
      throw .invalid(.outOfBounds("pages", 1...Self.maximumPages))
    }
    try breakdown?.checkIsOfEvents()
    _ = try scope.starts(by: interval)
  }

  package var rules: [Rule] {
    [
      .person, Rule("session", cutting.text), Rule("bounce", bounce.text),
      Rule("day", "sessions count where they start"),
      Rule("range", isClipped ? "sessions of the events in it" : "whole sessions that start in it"),
    ]
  }

  /// What a number of sessions have in common.
  package struct Measures: Equatable, Sendable {
    package var sessions = 0
    package var events = 0
    package var views = 0
    /// Of all, in milliseconds; a session lasts from its first event to its last.
    package var duration: Int64 = 0
    package var bounces = 0
    /// The sessions that bounces are a share of.
    package var bounceable = 0

    package init() {}

    package var meanMilliseconds: Double? {
      sessions == 0 ? nil : Double(duration) / Double(sessions)
    }
    package var bounceRate: Double? {
      bounceable == 0 ? nil : Double(bounces) / Double(bounceable)
    }
  }

  package struct Content: Equatable, Sendable {
    package struct Piece: Equatable, Sendable {
      package var start: Instant
      package var measures: Measures

      package init(_ start: Instant, _ measures: Measures) {
        self.start = start
        self.measures = measures
      }
    }
    package struct Row: Equatable, Sendable {
      package var group: Group
      package var measures: Measures
      package var pieces: [Piece]

      package init(_ group: Group, _ measures: Measures, pieces: [Piece]) {
        self.group = group
        self.measures = measures
        self.pieces = pieces
      }
    }
    package struct Page: Equatable, Sendable {
      package var page: Value
      package var sessions: Int

      package init(_ page: Value, sessions: Int) {
        self.page = page
        self.sessions = sessions
      }
    }

    /// The whole, then the groups of a breakdown.
    package var rows: [Row]
    /// Most frequent first, equal ones in the order of values. Empty without a path for pages.
    package var entryPages: [Page]
    package var exitPages: [Page]

    package init(rows: [Row], entryPages: [Page], exitPages: [Page]) {
      self.rows = rows
      self.entryPages = entryPages
      self.exitPages = exitPages
    }
  }
}
