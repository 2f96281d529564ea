import Batches
import Calendar
import Compression
package import Events
import Platform
package import Query
import Sections
package import Store

/// Answers the first questions from a store: a snapshot for each, and nothing that intake waits for.
package struct StoreAnswers: EventAnswers {
  private let store: Store

  package init(of store: Store) { self.store = store }

  package func answer(
    _ question: EventStatistics, of project: ProjectID
  ) async throws(QueryError) -> EventStatistics.Answer {
    guard let snapshot = try await snapshot(of: project) else {
      return EventStatistics.Answer(total: 0, byName: [], byDay: [])
    }
    return try reading { () throws(SectionProblem) in
      try DayCounts(of: snapshot, question).answer
    }
  }

  package func answer(
    _ question: EventSeries, of project: ProjectID
  ) async throws(QueryError) -> EventSeries.Answer {
    guard
      let starts = question.bucket.starts(
        in: question.range, of: question.zone, limit: EventSeries.maximumBuckets)
    else { throw .tooManyBuckets(limit: EventSeries.maximumBuckets) }
    var counts = Array(repeating: 0, count: starts.count)
    if let snapshot = try await snapshot(of: project), !starts.isEmpty {
      let counted = try reading { () throws(SectionProblem) in
        try BucketCounts(of: snapshot, starts, until: question.range, name: question.name)
      }
      for (name, perBucket) in counted.byName where question.name == nil || question.name == name {
        for (bucket, count) in perBucket { counts[bucket] += count }
      }
    }
    let buckets = zip(starts, counts).map { EventSeries.Answer.Bucket(start: $0, count: $1) }
    return EventSeries.Answer(total: counts.reduce(0, +), buckets: buckets)
  }

  package func answer(
    _ question: PersonEvents, of project: ProjectID
  ) async throws(QueryError) -> EventPage {
    guard let snapshot = try await snapshot(of: project) else {
      return EventPage(events: [], next: nil)
    }
    return try reading { () throws(SectionProblem) in
      var list = EventList(
        of: snapshot, question.range, limit: question.limit,
        .oldestFirst(after: question.after))
      return try list.page(name: nil, profile: question.profileID)
    }
  }

  package func answer(
    _ question: RecentEvents, of project: ProjectID
  ) async throws(QueryError) -> EventPage {
    guard let snapshot = try await snapshot(of: project) else {
      return EventPage(events: [], next: nil)
    }
    return try reading { () throws(SectionProblem) in
      var list = EventList(
        of: snapshot, question.range, limit: question.limit,
        .newestFirst(before: question.before))
      return try list.page(name: question.name, profile: question.profileID)
    }
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
      return StoredEvent(
        record: entry.columns.record(at: place.row), source: entry.source,
        clockShift: entry.clockShift)
    }
    return SealedIDs.event(id, of: events)
      .map { StoredEvent(record: $0.record, source: $0.source) }
  }

  private func snapshot(of project: ProjectID) async throws(QueryError) -> Snapshot? {
    do { return try await store.snapshot(of: project) } catch { throw .unreadable("\(error)") }
  }

  private func reading<R>(_ body: () throws(SectionProblem) -> R) throws(QueryError) -> R {
    do { return try body() } catch { throw .unreadable("\(error)") }
  }
}
