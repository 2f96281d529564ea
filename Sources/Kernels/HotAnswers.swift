import Batches
import Calendar
package import Events
package import Query
package import Store

/// Answers questions from a store: a snapshot for each, and nothing that intake waits for.
package struct HotAnswers: EventAnswers {
  private let store: Store

  package init(of store: Store) { self.store = store }

  package func answer(
    _ question: EventStatistics, of project: ProjectID
  ) async throws(QueryError) -> EventStatistics.Answer {
    guard let hot = store.hot.existing(project) else {
      return EventStatistics.Answer(total: 0, byName: [], byDay: [])
    }
    let snapshot = hot.snapshot()
    guard let filter = RowFilter(snapshot, name: question.name) else {
      return EventStatistics.Answer(total: 0, byName: [], byDay: [])
    }
    return DayCounts(of: snapshot, question, filter).answer
  }

  package func answer(
    _ question: EventSeries, of project: ProjectID
  ) async throws(QueryError) -> EventSeries.Answer {
    guard
      let starts = question.bucket.starts(
        in: question.range, of: question.zone, limit: EventSeries.maximumBuckets)
    else { throw .tooManyBuckets(limit: EventSeries.maximumBuckets) }
    var counts = Array(repeating: 0, count: starts.count)
    if let snapshot = store.hot.existing(project)?.snapshot(),
      let filter = RowFilter(snapshot, name: question.name)
    {
      for run in snapshot.runs {
        filter.count(run, question.range, cutAt: starts, into: &counts)
      }
    }
    let buckets = zip(starts, counts).map { EventSeries.Answer.Bucket(start: $0, count: $1) }
    return EventSeries.Answer(total: counts.reduce(0, +), buckets: buckets)
  }

  package func answer(
    _ question: PersonEvents, of project: ProjectID
  ) async throws(QueryError) -> EventPage {
    guard let snapshot = store.hot.existing(project)?.snapshot(),
      let filter = RowFilter(snapshot, profileID: question.profileID)
    else { return EventPage(events: [], next: nil) }
    let rows = RowMerge(snapshot, question.range, filter, .oldestFirst(after: question.after))
    return try await page(rows, limit: question.limit)
  }

  package func answer(
    _ question: RecentEvents, of project: ProjectID
  ) async throws(QueryError) -> EventPage {
    guard let snapshot = store.hot.existing(project)?.snapshot(),
      let filter = RowFilter(snapshot, name: question.name, profileID: question.profileID)
    else { return EventPage(events: [], next: nil) }
    let rows = RowMerge(snapshot, question.range, filter, .newestFirst(before: question.before))
    return try await page(rows, limit: question.limit)
  }

  package func event(
    _ id: EventID, of project: ProjectID
  ) async throws(QueryError) -> StoredEvent? {
    guard let hot = store.hot.existing(project) else { return nil }
    for place in hot.places(of: id) {
      let entry = try await batch(place.batch)
      if entry.columns.ids[place.row] == id { return Self.event(entry, place.row) }
    }
    return nil
  }

  // MARK: Whole events

  private func page(_ rows: consuming RowMerge, limit: Int) async throws(QueryError) -> EventPage {
    var found: [(position: EventPosition, place: HotPlace)] = []
    // One more than asked for tells whether there is a next page.
    while found.count <= limit, let row = rows.next() { found.append(row) }
    let hasMore = found.count > limit
    if hasMore { found.removeLast() }
    var events: [StoredEvent] = []
    events.reserveCapacity(found.count)
    for row in found {
      events.append(Self.event(try await batch(row.place.batch), row.place.row))
    }
    return EventPage(events: events, next: hasMore ? found.last?.position : nil)
  }

  private func batch(_ number: Int64) async throws(QueryError) -> BatchShelf.Entry {
    do { return try await store.shelf.batch(number) } catch { throw .unreadable("\(error)") }
  }

  /// The event of a row, with the collector's clock put right where that was off.
  private static func event(_ entry: BatchShelf.Entry, _ row: Int) -> StoredEvent {
    StoredEvent(
      record: entry.columns.record(at: row), source: entry.source, clockShift: entry.clockShift)
  }
}
