/// Which events a question means: those with one of these names, or any, that pass the filter.
package struct EventSelector: Equatable, Sendable {
  package static let maximumNames = 100
  /// Every event of the scope.
  package static let everything = EventSelector(checked: [], .everything)

  /// None: events of every name.
  package let names: [String]
  package let filter: Filter

  private init(checked names: [String], _ filter: Filter) {
    self.names = names
    self.filter = filter
  }

  package init(
    _ names: [String] = [], where filter: Filter = .everything
  ) throws(QuestionProblem) {
    guard names.count <= Self.maximumNames else {
      throw .tooMany("names of events", limit: Self.maximumNames)
    }
    self.init(checked: names, filter)
  }

  package init(_ name: String, where filter: Filter = .everything) {
    self.init(checked: [name], filter)
  }
}

extension EventSelector {
  /// Names are the same when their bytes are: é and e with an accent behind it are two.
  package static func == (left: Self, right: Self) -> Bool {
    left.filter == right.filter
      && left.names.elementsEqual(right.names) { $0.utf8.elementsEqual($1.utf8) }
  }
}
