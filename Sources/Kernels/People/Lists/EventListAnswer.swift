package import Calendar
package import Query
package import Sections

extension EventListQuestion: SectionQuestion {
  package func answer(
    by answers: SectionAnswers, from snapshot: Snapshot, asOf: Instant, within limits: Limits
  ) async throws(QueryError) -> Sighted<Answer<Content>> {
    try check()
    return try await answers.seeing(snapshot, limits) { attempt throws(KernelFailure) in
      let profiles = try await attempt.profiles(for: self.scope, [self.selector])
      let filter = try KernelFailure.asking { () throws(QueryError) in
        try EventFilter(self.scope, self.selector, profiles: profiles)
      }
      let people = self.person.map { person in
        let snapshot = attempt.snapshot
        return snapshot.ids(of: snapshot.hash(of: person))
      }
      let list = EventList(of: attempt.snapshot, filter, limit: self.limit, self.order)
      let page = try await list.page(by: people, on: attempt.threads, within: attempt.budget)
      return Answer(page, by: Definition(of: self, asOf: asOf))
    }
  }

  private var order: EventList.Order {
    switch direction {
    case .newestFirst: .newestFirst(before: after)
    case .oldestFirst: .oldestFirst(after: after)
    }
  }
}

extension Snapshot {
  /// What sections call a person with this id.
  func hash(of person: PersonID) -> PersonHash {
    let kind: PersonKind =
      switch person.kind {
      case .profile: .profile
      case .device: .device
      case .visitor: .visitor
      }
    let bytes = Array(person.text.utf8)
    return secret.people.hash(kind, bytes.span)
  }
}
