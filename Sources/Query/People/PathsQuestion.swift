/// Which ways people take, event by event, from something or to something.
///
/// Each session is at most one *walk*: what its events are called, in their order, with repetitions
/// of the same name in a row as one. With an anchor a walk begins at the first event of the session
/// that fits it, or ends there; without one it begins with the session.
package struct PathsQuestion: Question {
  package static let depths = 2...20
  package static let limits = 1...1_000

  package enum Anchor: Equatable, Sendable {
    case sessionStart
    case from(EventSelector)
    case to(EventSelector)
  }

  package var scope: Scope
  /// Which events are stations at all.
  package var stations = EventSelector.everything
  /// What a station is called; events without a value are called by their names.
  package var label = PropertyPath(.name)
  package var anchor: Anchor = .sessionStart
  /// The stations of a walk, the anchor's included; what is further away is left out.
  package var depth = 5
  package var limit = 20
  package var session = SessionRules()

  package init(_ scope: Scope) { self.scope = scope }

  package func check() throws(QueryError) {
    if let problem = session.problem { throw .invalid(problem) }
    guard Self.depths.contains(depth) else {
      throw .invalid(.outOfBounds("stations of a path", Self.depths))
    }
    guard Self.limits.contains(limit) else {
      throw .invalid(.outOfBounds("paths", Self.limits))
    }
  }

  package var rules: [Rule] {
    let anchor =
      switch anchor {
      case .sessionStart: "the session's start"
      case .from: "from the first such event of a session"
      case .to: "to the first such event of a session"
      }
    return [
      .person, Rule("anchor", anchor), Rule("repetitions", "in a row count once"),
      Rule("depth", "\(depth) stations"), Rule("session", session.text),
    ]
  }

  package struct Content: Equatable, Sendable {
    package struct Walk: Equatable, Sendable {
      package var stations: [Value]
      package var sessions: Int

      package init(_ stations: [Value], sessions: Int) {
        self.stations = stations
        self.sessions = sessions
      }
    }
    package struct Link: Equatable, Sendable {
      /// The place of its first station: from 0 where walks begin at their anchor, up to -1 where they
      /// end at it.
      package var place: Int
      package var source: Value
      package var target: Value
      package var sessions: Int
      /// From the one event to the other, the mean over these sessions.
      package var meanMilliseconds: Double

      package init(
        place: Int, source: Value, target: Value, sessions: Int, meanMilliseconds: Double
      ) {
        self.place = place
        self.source = source
        self.target = target
        self.sessions = sessions
        self.meanMilliseconds = meanMilliseconds
      }
    }

    /// All walks, whether listed or not.
    package var sessions: Int
    /// The most frequent whole walks; equal ones in the order of their stations.
    package var walks: [Walk]
    /// The most frequent steps from one station to the next, over all walks.
    package var links: [Link]

    package init(sessions: Int, walks: [Walk], links: [Link]) {
      self.sessions = sessions
      self.walks = walks
      self.links = links
    }
  }
}
