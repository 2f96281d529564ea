package import Events
package import JSON

/// What an operation does to the attributes of a person's profile.
package struct ProfileOperation: Equatable, Sendable {
  package enum Action: String, CaseIterable, Sendable {
    /// Null is a value like others.
    case set
    /// Only attributes that are not there.
    case setOnce = "set_once"
    /// An attribute that is absent or no number counts as 0.
    case increment
    /// To the end of a list, or before its start. What is no list becomes one of it alone first, and
    /// the elements of a list are added one by one.
    case append, prepend
    /// The same as `append` of those that the list has not.
    case insert
    /// Every element of the list that is equal to one of these.
    case remove
    /// The attributes with these names, whatever stands beside them.
    case unset
    /// All attributes.
    case clear
  }

  package let action: Action
  package let values: [JSONMember]

  package init(_ action: Action, _ values: [JSONMember] = []) {
    self.action = action
    self.values = values
  }

  /// Nil for operations on groups and on who is whom, and for those that nobody knows.
  package init?(_ kind: EventKind, props: JSONValue) {
    guard kind == .profile || kind == .identify, let name = props["op"]?.string,
      let action = Action(rawValue: name)
    else { return nil }
    switch props["values"] {
    case .object(let members): self.init(action, members)
    case nil where action == .clear: self.init(action)
    default: return nil
    }
  }
}

/// The attributes of a profile: keys ascend by their bytes.
package struct ProfileAttributes: Equatable, Sendable {
  /// What a profile may have: beyond it an operation leaves the attribute as it is.
  package static let maximumAttributes = 1_000
  package static let maximumElements = 1_000

  package private(set) var members: [JSONMember] = []
  /// Changes that were too large.
  package private(set) var refused = 0

  package init() {}

  package var value: JSONValue { .object(members) }

  package subscript(key: String) -> JSONValue? {
    get {
      let place = place(of: key)
      // No ternary: a `nil` in one would be JSON's null, which is a value.
      guard has(key, at: place) else { return nil }
      return members[place].value
    }
    set {
      let place = place(of: key)
      switch (has(key, at: place), newValue) {
      case (true, let value?): members[place].value = value
      case (true, nil): members.remove(at: place)
      case (false, let value?):
        guard members.count < Self.maximumAttributes else {
          refused += 1
          return
        }
        members.insert(JSONMember(key, value), at: place)
      case (false, nil): return
      }
    }
  }

  package mutating func apply(_ operation: ProfileOperation) {
    if operation.action == .clear { members = [] }
    for member in operation.values {
      let known = self[member.key]
      switch operation.action {
      case .set: self[member.key] = member.value
      case .setOnce: if known == nil { self[member.key] = member.value }
      case .increment:
        if let sum = Self.sum(known, member.value) { self[member.key] = sum }
      case .append: change(member.key, to: Self.list(known) + Self.list(member.value))
      case .prepend: change(member.key, to: Self.list(member.value) + Self.list(known))
      case .insert:
        var list = Self.list(known)
        for element in Self.list(member.value) where !list.contains(element) {
          list.append(element)
        }
        change(member.key, to: list)
      case .remove:
        guard case .array(let list)? = known else { continue }
        let gone = Self.list(member.value)
        self[member.key] = .array(list.filter { !gone.contains($0) })
      case .unset: self[member.key] = .none
      case .clear: return
      }
    }
  }

  private mutating func change(_ key: String, to list: [JSONValue]) {
    guard list.count <= Self.maximumElements else {
      refused += 1
      return
    }
    self[key] = .array(list)
  }

  private static func list(_ value: JSONValue?) -> [JSONValue] {
    switch value {
    case nil: []
    case .array(let elements): elements
    case let value?: [value]
    }
  }

  /// Nil where that is no number, or one beyond all doubles.
  private static func sum(_ known: JSONValue?, _ step: JSONValue) -> JSONValue? {
    switch (known, step) {
    case (.integer(let left), .integer(let right)):
      let (sum, isTooLarge) = left.addingReportingOverflow(right)
      return isTooLarge ? .double(Double(left) + Double(right)) : .integer(sum)
    case (.double(let left), .integer(let right)): return finite(left + Double(right))
    case (.integer(let left), .double(let right)): return finite(Double(left) + right)
    case (.double(let left), .double(let right)): return finite(left + right)
    case (_, .integer), (_, .double): return step
    default: return nil
    }
  }

  private static func finite(_ sum: Double) -> JSONValue? {
    guard sum.isFinite else { return nil }
    return .double(sum)
  }

  // MARK: Places

  private func place(of key: String) -> Int {
    var low = 0
    var high = members.count
    while low < high {
      let middle = (low + high) / 2
      if members[middle].key.utf8.lexicographicallyPrecedes(key.utf8) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }

  private func has(_ key: String, at place: Int) -> Bool {
    place < members.count && members[place].key.utf8.elementsEqual(key.utf8)
  }
}
