import Batches
import Calendar
package import Events
package import Platform
package import Query
import Sections
package import Store

/// Answers the first questions from a store: a snapshot for each, and nothing that intake waits for. A
/// section that turns out to be damaged is left out.
package struct StoreAnswers: EventAnswers {
  private let store: Store
  let sections: SectionAnswers

  package init(of store: Store, on threads: KernelThreads, clock: any Clock) {
    self.store = store
    sections = SectionAnswers(threads, clock: clock, onDamage: .leaveOut)
  }

  package func answer(
    _ question: EventStatistics, of project: ProjectID
  ) async throws(QueryError) -> EventStatistics.Answer {
    guard let snapshot = try await snapshot(of: project) else {
      return EventStatistics.Answer(total: 0, byName: [], byDay: [])
    }
    return try await sections.answer(question, from: snapshot).answer
  }

  package func answer(
    _ question: EventSeries, of project: ProjectID
  ) async throws(QueryError) -> EventSeries.Answer {
    guard let snapshot = try await snapshot(of: project) else {
      return try EventSeries.Answer(empty: question)
    }
    return try await sections.answer(question, from: snapshot).answer
  }

  package func answer(
    _ question: PersonEvents, of project: ProjectID
  ) async throws(QueryError) -> EventPage {
    try await page(
      of: project, question.range, limit: question.limit, .oldestFirst(after: question.after),
      name: nil, profile: question.profileID)
  }

  package func answer(
    _ question: RecentEvents, of project: ProjectID
  ) async throws(QueryError) -> EventPage {
    try await page(
      of: project, question.range, limit: question.limit, .newestFirst(before: question.before),
      name: question.name, profile: question.profileID)
  }

  private func page(
    of project: ProjectID, _ range: Range<Instant>, limit: Int, _ order: EventList.Order,
    name: String?, profile: String?
  ) async throws(QueryError) -> EventPage {
    guard let snapshot = try await snapshot(of: project) else {
      return EventPage(events: [], next: nil)
    }
    return try await sections.seeing(snapshot, .standard) { attempt throws(KernelFailure) in
      let snapshot = attempt.snapshot
      let selector = name.map { EventSelector($0) } ?? .everything
      let filter = try KernelFailure.asking { () throws(QueryError) in
        try EventFilter(Scope(range), selector)
      }
      let people = profile.map { snapshot.ids(of: snapshot.hash(of: .profile($0))) }
      let list = EventList(of: snapshot, filter, limit: limit, order)
      return try await list.page(by: people, on: attempt.threads, within: attempt.budget)
    }.answer
  }

  package func event(
    _ id: EventID, of project: ProjectID
  ) async throws(QueryError) -> StoredEvent? {
    guard let events = store.hot.existing(project) else { return nil }
    for place in events.places(of: id) {
      let entry: BatchShelf.Entry
      do { entry = try await store.shelf.batch(place.batch) } catch {
        // Sealed since it was looked up: then a pack has it.
        if case .damaged = error, !events.places(of: id).contains(place) { break }
        throw .unreadable("\(error)")
      }
      guard entry.columns.ids[place.row] == id else { continue }
      if events.isErased(entry.columns.record(at: place.row)) { return nil }
      return StoredEvent(
        record: entry.columns.record(at: place.row), source: entry.source,
        clockShift: entry.clockShift)
    }
    guard let found = SealedIDs.event(id, of: events), !events.isErased(found.record) else {
      return nil
    }
    return StoredEvent(record: found.record, source: found.source)
  }

  package func missing(of project: ProjectID) -> [String] { store.missing(of: project) }

  func snapshot(of project: ProjectID) async throws(QueryError) -> Snapshot? {
    do { return try await store.snapshot(of: project) } catch { throw .unreadable("\(error)") }
  }
}

extension EventSeries.Answer {
  /// The answer where there are no events.
  fileprivate init(empty question: EventSeries) throws(QueryError) {
    guard
      let starts = question.bucket.starts(
        in: question.range, of: question.zone, limit: EventSeries.maximumBuckets)
    else { throw .tooManyBuckets(limit: EventSeries.maximumBuckets) }
    self.init(total: 0, buckets: starts.map { Bucket(start: $0, count: 0) })
  }
}
