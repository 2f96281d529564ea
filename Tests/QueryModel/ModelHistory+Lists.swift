package import Calendar
package import Query

/// A page of the model's events.
package struct ModelPage: Equatable, Sendable {
  package var events: [ModelEvent]
  package var next: EventPosition?
}

extension ModelHistory {
  package func answer(
    _ question: EventListQuestion, asOf: Instant = .epoch
  ) throws(QueryError) -> Answer<ModelPage> {
    try question.check()
    var listed = selected(question.selector, question.scope)
    if let person = question.person {
      listed = listed.filter { self.person(of: $0) == canonical(person) }
    }
    if question.direction == .newestFirst { listed.reverse() }
    if let after = question.after {
      listed = listed.filter {
        question.direction == .newestFirst ? $0.position < after : $0.position > after
      }
    }
    let page = Array(listed.prefix(question.limit))
    return Answer(
      ModelPage(events: page, next: page.count < listed.count ? page.last?.position : nil),
      by: Definition(of: question, asOf: asOf))
  }

  package func answer(
    _ question: PeopleQuestion, asOf: Instant = .epoch
  ) throws(QueryError) -> Answer<PeopleQuestion.Content> {
    try question.check()
    let events = selected(question.selector, question.scope)
    let ids = Set(events.compactMap { person(of: $0) }).sorted().filter { id in
      question.after.map { $0 < id } ?? true
    }
    let people = ids.prefix(question.limit).map { id in
      let own = events.filter { person(of: $0) == id }
      let times = own.map(\.cts)
      return PeopleQuestion.Person(
        id: id, events: own.count, firstCts: times.min() ?? 0, lastCts: times.max() ?? 0)
    }
    let method = uniqueMethod(of: events, days: question.scope.days)
    return Answer(
      PeopleQuestion.Content(
        people: people, next: people.count < ids.count ? people.last?.id : nil),
      by: Definition(of: question, asOf: asOf, uniques: method))
  }

  /// The scope's events that a selector means, in order.
  package func selected(_ selector: EventSelector, _ scope: Scope) -> [ModelEvent] {
    events(in: scope).filter { matches(selector, $0, scope.profiles) }
  }
}
