/// Which properties events have, for whoever is typing a path. A name is a path to something that is
/// no object; what holds only null is not there.
package struct PropertyNamesQuestion: Question {
  package enum Root: String, CaseIterable, Sendable { case props, ctx }

  package static let limits = 1...1_000

  package var scope: Scope
  package var selector: EventSelector
  package var root: Root
  /// What the path's text begins with, behind the root and its dot.
  package var prefix: String
  package var limit: Int

  package init(
    _ scope: Scope, of selector: EventSelector = .everything, in root: Root, prefix: String = "",
    limit: Int = 100
  ) {
    self.scope = scope
    self.selector = selector
    self.root = root
    self.prefix = prefix
    self.limit = limit
  }

  package struct Content: Equatable, Sendable {
    /// The most frequent first, equal ones by the bytes of their paths' texts.
    package var names: [Name]
    /// Whether the limit left some out.
    package var hasMore: Bool

    package init(names: [Name], hasMore: Bool) {
      self.names = names
      self.hasMore = hasMore
    }
  }

  package struct Name: Equatable, Sendable {
    package var path: PropertyPath
    package var kinds: ValueKinds
    /// How many events have it.
    package var events: Int

    package init(path: PropertyPath, kinds: ValueKinds, events: Int) {
      self.path = path
      self.kinds = kinds
      self.events = events
    }
  }

  package func check() throws(QueryError) {
    guard Self.limits.contains(limit) else { throw .invalid(.outOfBounds("limit", Self.limits)) }
    guard prefix.utf8.count <= PropertyPath.maximumBytes else {
      throw .invalid(.tooMany("bytes in a path", limit: PropertyPath.maximumBytes))
    }
  }

  package var rules: [Rule] { [] }
}

/// What sorts of values there are under a name.
package struct ValueKinds: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let bool = ValueKinds(rawValue: 1)
  package static let number = ValueKinds(rawValue: 2)
  package static let text = ValueKinds(rawValue: 4)
  package static let list = ValueKinds(rawValue: 8)
}
