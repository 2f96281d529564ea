package import Calendar
import JSON
package import Query

extension ModelHistory {
  package func answer(
    _ question: PropertyNamesQuestion, asOf: Instant = .epoch
  ) throws(QueryError) -> Answer<PropertyNamesQuestion.Content> {
    try question.check()
    var names: [PropertyPath: PropertyNamesQuestion.Name] = [:]
    for event in selected(question.selector, question.scope) {
      let object = question.root == .props ? event.props : event.ctx
      for (keys, kind) in leaves(of: object) {
        // A path that nobody can write completes nothing.
        guard let path = try? PropertyPath(question.root.pathRoot, keys) else { continue }
        names[path, default: PropertyNamesQuestion.Name(path: path, kinds: [], events: 0)].add(kind)
      }
    }
    let start = Array((question.root.rawValue + "." + question.prefix).utf8)
    let found = names.values.filter { $0.path.description.utf8.starts(with: start) }
    let sorted = found.sorted { left, right in
      left.events == right.events
        ? left.path.description.utf8.lexicographicallyPrecedes(right.path.description.utf8)
        : left.events > right.events
    }
    return Answer(
      PropertyNamesQuestion.Content(
        names: Array(sorted.prefix(question.limit)), hasMore: sorted.count > question.limit),
      by: Definition(of: question, asOf: asOf))
  }

  /// The paths to all values that are neither objects nor null, with their kinds.
  private func leaves(of value: JSONValue) -> [(keys: [String], kind: ValueKinds)] {
    switch value {
    case .null: []
    case .bool: [([], .bool)]
    case .integer, .double: [([], .number)]
    case .string: [([], .text)]
    case .array: [([], .list)]
    case .object(let members):
      members.flatMap { member in
        leaves(of: member.value).map { ([member.key] + $0.keys, $0.kind) }
      }
    }
  }
}

extension PropertyNamesQuestion.Name {
  /// Counts an event with a value of this kind.
  fileprivate mutating func add(_ kind: ValueKinds) {
    kinds.insert(kind)
    events += 1
  }
}

extension PropertyNamesQuestion.Root {
  package var pathRoot: PropertyPath.Root {
    switch self {
    case .props: .props
    case .ctx: .ctx
    }
  }
}
