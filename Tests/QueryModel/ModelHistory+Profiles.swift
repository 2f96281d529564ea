import Events
package import JSON
package import Query

// What operations say of people, from all events at once.
extension ModelHistory {
  /// The profiles that the operations among the events make, each from its first change on.
  package var foldedProfiles: [PersonID: [ModelProfile]] {
    var folded: [PersonID: [ModelProfile]] = [:]
    let operations = events.filter { $0.kind == .profile || $0.kind == .identify }
    for (person, own) in Dictionary(grouping: operations, by: { person(of: $0) }) {
      guard let person else { continue }
      var attributes: [JSONMember] = []
      for event in own.sorted(by: { $0.position < $1.position }) {
        for change in Self.changes(event.props) { Self.change(&attributes, change) }
        let sorted = attributes.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        folded[person, default: []].append(ModelProfile(from: event.cts, .object(sorted)))
      }
    }
    return folded
  }

  /// What a person's attributes are at a time; now where none is said.
  package func attributes(of person: PersonID, at time: Int64? = nil) -> JSONValue {
    let versions = foldedProfiles[person] ?? []
    let last = versions.last { time == nil || $0.from <= time ?? 0 }
    return last?.attributes ?? .object([])
  }

  private static func changes(_ props: JSONValue) -> [(op: String, key: String, value: JSONValue)] {
    guard let op = props["op"]?.string else { return [] }
    if op == "clear" { return [(op, "", .null)] }
    guard case .object(let members)? = props["values"] else { return [] }
    return members.map { (op, $0.key, $0.value) }
  }

  private static func change(
    _ attributes: inout [JSONMember], _ change: (op: String, key: String, value: JSONValue)
  ) {
    let place = attributes.firstIndex { $0.key.utf8.elementsEqual(change.key.utf8) }
    let old = place.map { attributes[$0].value }
    func list(_ value: JSONValue?) -> [JSONValue] {
      guard let value else { return [] }
      if case .array(let elements) = value { return elements }
      return [value]
    }
    var new = old
    switch change.op {
    case "clear":
      attributes = []
      return
    case "set": new = change.value
    case "set_once": new = old ?? change.value
    case "unset": new = nil
    case "append": new = .array(list(old) + list(change.value))
    case "prepend": new = .array(list(change.value) + list(old))
    case "insert":
      new = .array(
        list(change.value).reduce(list(old)) { $0.contains($1) ? $0 : $0 + [$1] })
    case "remove":
      if case .array(let elements)? = old {
        new = .array(elements.filter { !list(change.value).contains($0) })
      }
    case "increment": new = sum(old, change.value) ?? old
    default: return
    }
    if let place { attributes.remove(at: place) }
    if let new { attributes.append(JSONMember(change.key, new)) }
  }

  private static func sum(_ old: JSONValue?, _ step: JSONValue) -> JSONValue? {
    if case .integer(let left)? = old, case .integer(let right) = step,
      !left.addingReportingOverflow(right).overflow
    {
      return .integer(left + right)
    }
    func number(_ value: JSONValue?) -> Double? {
      switch value {
      case .integer(let number): Double(number)
      case .double(let number): number
      default: nil
      }
    }
    guard let right = number(step) else { return nil }
    guard let left = number(old) else { return step }
    guard (left + right).isFinite else { return nil }
    return .double(left + right)
  }
}
