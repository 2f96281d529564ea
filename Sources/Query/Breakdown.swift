/// Cuts a question by the values of properties: the largest groups each with a row of its own, and one
/// row for all others together.
///
/// *None* is the group of events without a value; null is none, and so are objects and arrays. An
/// empty text is a value. None has a row of its own whatever its size and takes no place from the
/// largest; with several paths it is the group where all are without a value.
package struct Breakdown: Equatable, Sendable {
  /// Whose value it is that an event is counted under.
  package enum Assignment: String, CaseIterable, Sendable {
    /// The event's own: a person with events under two values is in both groups.
    case event
    /// The person's first in the range: of the earliest event of the scope, selected or not, that has
    /// one; at the same millisecond the least. Each path for itself. All events of a person are under
    /// it, and events without a person under None.
    case firstOfPerson = "first"
    /// The same with the latest event, and the greatest value.
    case lastOfPerson = "last"

    package var rule: Rule {
      switch self {
      case .event: Rule("group", "by the event's own value")
      case .firstOfPerson: Rule("group", "by the person's first value in the range")
      case .lastOfPerson: Rule("group", "by the person's last value in the range")
      }
    }
  }

  package static let maximumPaths = 4
  package static let limits = 1...10_000
  package static let defaultLimit = 25

  package let paths: [PropertyPath]
  /// How many groups have rows of their own. They are the largest by the question's first measure over
  /// the whole range, and equal ones come in the order of their values.
  package let limit: Int
  package let assignment: Assignment

  package init(
    by paths: [PropertyPath], limit: Int = defaultLimit, assignedBy assignment: Assignment = .event
  ) throws(QuestionProblem) {
    guard (1...Self.maximumPaths).contains(paths.count) else {
      throw .outOfBounds("paths of a breakdown", 1...Self.maximumPaths)
    }
    guard Self.limits.contains(limit) else { throw .outOfBounds("groups", Self.limits) }
    self.paths = paths
    self.limit = limit
    self.assignment = assignment
  }
}

/// Whose row it is.
package enum Group: Hashable, Sendable {
  /// Everything: the row of a question without a breakdown.
  case whole
  /// One value for each path, as `Value.grouped` has them.
  case values([Value])
  /// All groups that are not among the largest, counted as one: a person who is in two of them is one
  /// person.
  case other

  package static let none = Group.values([.null])

  package var isNone: Bool {
    if case .values(let values) = self { values.allSatisfy(\.isNull) } else { false }
  }
}
