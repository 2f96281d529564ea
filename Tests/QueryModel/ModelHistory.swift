import Calendar
import Events
package import JSON
package import Query

/// All that there is to ask about: a project's events as a plain array, and who is whom. Its answers
/// are meant to be read as definitions, and are as slow as that.
package struct ModelHistory: Equatable, Sendable {
  /// In order of arrival; of several with one id the first counts.
  package var arrived: [ModelEvent]
  /// Who has become whom; a target may have become someone else in turn.
  package var joins: [PersonID: PersonID]
  /// What profiles say of people, by the person that an id has become.
  package var profiles: [PersonID: [ModelProfile]]

  package init(
    _ arrived: [ModelEvent] = [], joins: [PersonID: PersonID] = [:],
    profiles: [PersonID: [ModelProfile]] = [:]
  ) {
    self.arrived = arrived
    self.joins = joins
    self.profiles = profiles
  }

  /// Each event once, in the order of time and then of ids.
  package var events: [ModelEvent] {
    var known: Set<EventID> = []
    let first = arrived.filter { known.insert($0.id).inserted }
    return first.sorted { $0.position < $1.position }
  }

  package func canonical(_ person: PersonID) -> PersonID {
    var person = person
    while let next = joins[person] { person = next }
    return person
  }

  /// How the people of these events were told apart, if people were counted over so many days.
  package func uniqueMethod(of events: [ModelEvent], days: Int) -> UniqueMethod {
    let isByDay = events.contains { person(of: $0)?.kind == .visitor }
    return isByDay && days > 1 ? .sumOfDaily : .exact
  }

  /// Nil where the event says nothing of who it is by.
  package func person(of event: ModelEvent) -> PersonID? { event.ownPerson.map(canonical) }
}

/// The attributes of a profile from a time on.
package struct ModelProfile: Equatable, Sendable {
  package var from: Int64
  package var attributes: JSONValue

  package init(from: Int64 = .min, _ attributes: JSONValue) {
    self.from = from
    self.attributes = attributes
  }
}

extension ModelHistory {
  /// The events in the scope's range, of its kinds and through its filter, in order.
  package func events(in scope: Scope) -> [ModelEvent] {
    events.filter { event in
      scope.range.contains(event.time) && passes(event, in: scope)
    }
  }

  /// The same whenever they happened: for questions that look at what was before the range.
  package func eventsOfAllTime(in scope: Scope) -> [ModelEvent] {
    events.filter { passes($0, in: scope) }
  }

  private func passes(_ event: ModelEvent, in scope: Scope) -> Bool {
    scope.kinds.holds(event.kind) && holds(scope.filter, for: event, scope.profiles)
  }

  package func matches(
    _ selector: EventSelector, _ event: ModelEvent, _ profiles: ProfileTime = .current
  ) -> Bool {
    let isNamed =
      selector.names.isEmpty
      || selector.names.contains { $0.utf8.elementsEqual(event.name.utf8) }
    return isNamed && holds(selector.filter, for: event, profiles)
  }
}
