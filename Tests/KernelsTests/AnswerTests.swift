import Calendar
import Events
import JSON
import Platform
import Query
import Store
import Testing

@testable import Kernels

@Suite("Answers") struct AnswerTests {
  private static let threads = KernelThreads(count: 2)

  /// Forty small histories of each seed, in one store.
  @Test("every answer is the slow one's", arguments: UInt64(0)..<50)
  func equalsModel(seed: UInt64) async throws {
    let ground = try await Ground()
    let answers = StoreAnswers(of: ground.store, on: Self.threads, clock: StillClock())
    for number in 0..<40 as Range<UInt64> {
      let project = try ProjectID("history-\(number)")
      var events = RandomEvents(seed: seed * 1_000 + number)
      var history = History()
      for _ in 0..<events.number(0..<3) { try await ask(answers, &events, project, history) }
      // Some histories are of many small batches, so that runs are merged.
      for _ in 0..<(number % 10 == 0 ? 40 : events.number(0..<6)) {
        let shift = events.number(0..<4) == 0 ? Int64(events.number(-600_000..<600_000)) : 0
        let new = (0..<events.number(1..<(number % 10 == 0 ? 3 : 20))).map { _ in events.event() }
        try await ground.commit(new, shift: shift, to: project)
        history.add(new, shift: shift)
        // Now and then everything goes into a pack: no answer may tell.
        if events.number(0..<12) == 0 { try await ground.store.seal() }
      }
      for _ in 0..<6 { try await ask(answers, &events, project, history) }
    }
  }

  private func ask(
    _ answers: StoreAnswers, _ events: inout RandomEvents, _ project: ProjectID, _ history: History
  ) async throws {
    let name = [nil, events.name(), "nobody's"][events.number(0..<3)]
    let statistics = EventStatistics(range: events.range(), name: name)
    #expect(try await answers.answer(statistics, of: project) == history.statistics(statistics))

    let bucket: Bucket = [.hour, .day, .week(startingOn: .monday), .month][events.number(0..<4)]
    let series = EventSeries(range: events.range(), name: name, bucket: bucket)
    if let starts = bucket.starts(in: series.range, limit: EventSeries.maximumBuckets) {
      #expect(try await answers.answer(series, of: project) == history.series(series, starts))
    } else {
      await #expect(throws: QueryError.tooManyBuckets(limit: EventSeries.maximumBuckets)) {
        try await answers.answer(series, of: project)
      }
    }
    let profile = "p\(events.number(0..<5))"
    let person = PersonEvents(profileID: profile, range: events.range(), limit: 10_000)
    let page = try await answers.answer(person, of: project)
    #expect(try page.rows == history.matching(person.range, profile: profile).map(\.position))
    #expect(page.next == nil)
    for row in history.rows.values.prefix(5) {
      let found = try #require(try await answers.event(row.event.id, of: project))
      let record = try EventRecordView(
        found.record.span, range: found.record.indices, checking: true)
      #expect(record.time(clockShift: found.clockShift) == row.cts)
      var expected = row.event
      // A pack has the time as it was put right.
      if found.clockShift == 0 { expected.cts = row.cts }
      #expect(try Event(record: found.record.span) == expected)
      #expect(found.source == "test")
    }
    let other = EventID(milliseconds: 1, chance: (1, 1))
    #expect(try await answers.event(other, of: project) == nil)
  }

  @Test("pages show each event once, in order, while events come", arguments: UInt64(0)..<60)
  func pages(seed: UInt64) async throws {
    let ground = try await Ground()
    let answers = StoreAnswers(of: ground.store, on: Self.threads, clock: StillClock())
    for number in 0..<10 as Range<UInt64> {
      let project = try ProjectID("history-\(number)")
      var events = RandomEvents(seed: seed * 777 + number)
      var history = History()
      func add(_ batches: Int) async throws {
        for _ in 0..<batches {
          let shift = events.number(0..<4) == 0 ? Int64(events.number(-60_000..<60_000)) : 0
          let new = (0..<events.number(1..<12)).map { _ in events.event() }
          try await ground.commit(new, shift: shift, to: project)
          history.add(new, shift: shift)
        }
      }
      try await add(events.number(1..<8))
      if number % 2 == 0 { try await ground.store.seal() }
      let profile = events.number(0..<2) == 0 ? "p1" : nil
      let name = events.number(0..<2) == 0 ? "click" : nil
      let range = number % 2 == 0 ? events.range() : Self.always
      let limit = events.number(1..<7)
      let before = history
      var seen: [EventPosition] = []
      var cursor: EventPosition?
      let isAscending = number % 3 != 0 && profile != nil
      repeat {
        let page =
          isAscending
          ? try await answers.answer(
            PersonEvents(profileID: "p1", range: range, limit: limit, after: cursor), of: project)
          : try await answers.answer(
            RecentEvents(
              range: range, name: name, profileID: profile, limit: limit, before: cursor),
            of: project)
        seen += try page.rows
        #expect(page.events.count <= limit && (page.next == nil || page.events.count == limit))
        // A cursor goes over the wire as text.
        cursor = page.next.flatMap { EventPosition($0.description) }
        if events.number(0..<3) == 0, seen.count < 200 { try await add(1) }
      } while cursor != nil
      #expect(zip(seen, seen.dropFirst()).allSatisfy { isAscending ? $0 < $1 : $1 < $0 })
      let name2 = isAscending ? nil : name
      let expected = before.matching(range, name: name2, profile: profile).map(\.position)
      let allowed = history.matching(range, name: name2, profile: profile).map(\.position)
      #expect(Set(seen).isSuperset(of: expected) && Set(allowed).isSuperset(of: seen))
    }
  }

  @Test("a person's events are those under any id that has become theirs")
  func joinedIDs() async throws {
    let ground = try await Ground()
    let answers = StoreAnswers(of: ground.store, on: Self.threads, clock: StillClock())
    let acme = try ProjectID("acme")
    func event(
      _ number: UInt64, _ kind: EventKind = .page, profile: String? = nil, device: String? = nil
    ) -> Event {
      let cts = 1_800_000_000_000 + Int64(number)
      return Event(
        id: EventID(milliseconds: cts, chance: (0, number)), kind: kind, name: "view", cts: cts,
        sts: cts, profile: profile, device: device, props: ["op": "set", "values": [:]])
    }
    try await ground.commit(
      [
        event(1, device: "d"), event(2, .identify, profile: "p", device: "d"),
        event(3, profile: "p"), event(4, profile: "q"),
      ], to: acme)
    for isSealed in [false, true] {
      if isSealed { try await ground.store.seal() }
      let oldest = try await answers.answer(
        PersonEvents(profileID: "p", range: Self.always, limit: 10), of: acme)
      #expect(try oldest.rows.map(\.cts) == [1_800_000_000_001, 1_800_000_000_003])
      let newest = try await answers.answer(
        RecentEvents(range: Self.always, profileID: "p", limit: 1), of: acme)
      #expect(try newest.rows.map(\.cts) == [1_800_000_000_003])
    }
  }

  private static let always = Instant(milliseconds: .min)..<Instant(milliseconds: .max)

  @Test("a page of none, and pages of exactly all")
  func pageSizes() async throws {
    let ground = try await Ground()
    let answers = StoreAnswers(of: ground.store, on: Self.threads, clock: StillClock())
    var events = RandomEvents(seed: 1)
    var history = History()
    let new = (0..<20).map { _ in events.event() }
    try await ground.commit(new, to: ProjectID("acme"))
    history.add(new, shift: 0)
    let all = history.matching(Self.always).count
    for limit in [0, 1, all - 1, all, all + 1, .max - 1] {
      let page = try await answers.answer(
        RecentEvents(range: Self.always, limit: limit), of: ProjectID("acme"))
      #expect(page.events.count == min(limit, all))
      #expect((page.next != nil) == (limit > 0 && limit < all))
    }
  }

  @Test("many names on many days cost what was found, not their product")
  func manyNamesAndDays() async throws {
    let ground = try await Ground()
    let project = try ProjectID("acme")
    for start in stride(from: 0, to: 60_000, by: 10_000) {
      let events = (start..<start + 10_000).map { number in
        let cts = Int64(number) * 86_400_000
        return Event(
          id: EventID(milliseconds: cts, chance: (0, 1)), name: "name \(number)", cts: cts, sts: cts
        )
      }
      try await ground.commit(events, to: project)
    }
    // As a table of names and days this would be 28 GB.
    let answer = try await StoreAnswers(of: ground.store, on: Self.threads, clock: StillClock())
      .answer(
        EventStatistics(range: Self.always), of: project)
    #expect(answer.total == 60_000 && answer.byDay.count == 60_000 && answer.byName.count == 60_000)
    #expect(answer.byDay[59_999].name == "name 59999")
  }

  @Test("whatever time a stranger wrote, questions have answers")
  func hostileTimes() async throws {
    let ground = try await Ground()
    let answers = StoreAnswers(of: ground.store, on: Self.threads, clock: StillClock())
    let project = try ProjectID("acme")
    let times: [Int64] = [.min, .min + 1, -1, 0, 281_474_976_710_655, .max - 1, .max]
    let events = times.enumerated().map { index, time in
      Event(
        id: EventID(milliseconds: 5, chance: (0, UInt64(index))),
        flags: index % 2 == 0 ? .ctsIsReceipt : [], name: "x", cts: time, sts: 0)
    }
    try await ground.commit(events, shift: 700_000, to: project)
    try await ground.commit(
      events.map { event in
        var event = event
        event.id = EventID(milliseconds: 6, chance: (0, event.id.low))
        return event
      }, shift: 0, to: project)
    let statistics = try await answers.answer(EventStatistics(range: Self.always), of: project)
    // The last instant is in no range, and only unshifted times stand there.
    #expect(statistics.total == 13)
    let page = try await answers.answer(RecentEvents(range: Self.always, limit: 99), of: project)
    #expect(page.events.count == 13)
    let month = try await answers.answer(
      EventSeries(
        range: Instant(milliseconds: 0)..<Instant(milliseconds: 100), bucket: .month),
      of: project)
    // 0, what was moved to 0, and 0 again.
    #expect(month.total == 3)
  }

  @Test("a cursor's text comes back as it was, and other text is none")
  func cursors() {
    for cts in [Int64.min, -1, 0, 1, .max] {
      let position = EventPosition(cts: cts, id: EventID(milliseconds: 9, chance: (7, 8)))
      let text = position.description
      #expect(EventPosition(text) == position)
      for cut in text.indices { #expect(EventPosition(String(text[..<cut])) == nil) }
      #expect(EventPosition(text + "0") == nil)
      #expect(EventPosition("+" + text.dropFirst()) == nil)
      #expect(EventPosition("-" + text.dropFirst()) == nil)
    }
  }
}

extension EventPage {
  /// Where its events stand, with their clocks put right.
  fileprivate var rows: [EventPosition] {
    get throws {
      try events.map { stored in
        let view = try EventRecordView(
          stored.record.span, range: stored.record.indices, checking: false)
        return EventPosition(cts: view.time(clockShift: stored.clockShift), id: view.id)
      }
    }
  }
}
