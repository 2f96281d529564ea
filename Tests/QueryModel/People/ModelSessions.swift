package import Calendar
import Events
package import Query

extension ModelHistory {
  /// One person's events in sessions.
  func sessions(
    of events: [ModelEvent], _ rules: SessionRules, _ scope: Scope
  ) -> [[ModelEvent]] {
    guard rules.cut == .sessionID else { return cut(events, rules, scope) }
    let named = Dictionary(grouping: events.filter { $0.session != nil }) { $0.session! }.values
    return named + cut(events.filter { $0.session == nil }, rules, scope)
  }

  private func cut(
    _ events: [ModelEvent], _ rules: SessionRules, _ scope: Scope
  ) -> [[ModelEvent]] {
    var sessions: [[ModelEvent]] = []
    for event in events {
      if let session = sessions.last, let first = session.first, let last = session.last,
        event.cts - last.cts <= rules.idleMilliseconds,
        event.cts - first.cts <= rules.capMilliseconds,
        !rules.splitsAtMidnight
          || scope.zone.date(at: first.time) == scope.zone.date(at: event.time)
      {
        sessions[sessions.count - 1].append(event)
      } else {
        sessions.append([event])
      }
    }
    return sessions
  }

  package func answer(
    _ question: SessionsQuestion, asOf: Instant = .epoch
  ) throws(QueryError) -> Answer<SessionsQuestion.Content> {
    try question.check()
    let method = uniqueMethod(of: eventsOfAllTime(in: question.scope), days: question.scope.days)
    return Answer(
      try content(of: question), by: Definition(of: question, asOf: asOf, uniques: method))
  }

  private func content(of question: SessionsQuestion) throws(QueryError) -> SessionsQuestion.Content
  {
    let scope = question.scope
    let looked = question.isClipped ? events(in: scope) : eventsOfAllTime(in: scope)
    let sessions = byPerson(looked)
      .flatMap { self.sessions(of: $0, question.cutting, scope) }
      .filter { scope.range.contains($0[0].time) }
    let starts = try scope.starts(by: question.interval)
    let rows = modelRows(
      sessions, by: question.breakdown,
      group: { session in
        guard let breakdown = question.breakdown else { return [] }
        let values = session.map { self.values(of: breakdown, $0, scope) }
        return values.first { !$0.allSatisfy(\.isNull) } ?? breakdown.paths.map { _ in .null }
      },
      size: { $0.count },
      row: { group, members in
        SessionsQuestion.Content.Row(
          group, measures(members, question),
          pieces: starts.enumerated().map { index, start in
            let next = index + 1 < starts.count ? starts[index + 1] : Instant(milliseconds: .max)
            let inside = members.filter { $0[0].time >= start && $0[0].time < next }
            return SessionsQuestion.Content.Piece(start, measures(inside, question))
          })
      })
    return SessionsQuestion.Content(
      rows: rows, entryPages: pages(sessions.map { $0.first(where: isView) }, question),
      exitPages: pages(sessions.map { $0.last(where: isView) }, question))
  }

  private func isView(_ event: ModelEvent) -> Bool { event.kind == .page || event.kind == .screen }

  private func measures(_ sessions: [[ModelEvent]], _ question: SessionsQuestion)
    -> SessionsQuestion.Measures
  {
    var measures = SessionsQuestion.Measures()
    measures.sessions = sessions.count
    measures.events = sessions.reduce(0) { $0 + $1.count }
    measures.views = sessions.reduce(0) { $0 + $1.count(where: isView) }
    measures.duration = sessions.reduce(0) { $0 + $1.last!.cts - $1.first!.cts }
    let states = sessions.map { state(of: $0, question) }
    measures.bounceable = states.count { $0 != .notCounted }
    measures.bounces = states.count { $0 == .bounced }
    return measures
  }

  private func state(of session: [ModelEvent], _ question: SessionsQuestion) -> BounceState {
    let views = session.count(where: isView)
    switch question.bounce {
    case .singleEvent: return session.count == 1 ? .bounced : .stayed
    case .oneView:
      if views == 0 { return .notCounted }
      let didMore = session.contains { !isView($0) && $0.kind == .custom && $0.isInteractive }
      return views == 1 && !didMore ? .bounced : .stayed
    case .ga4(let keyEvents):
      let didKey = session.contains { event in
        keyEvents.map { matches($0, event, question.scope.profiles) } ?? false
      }
      let lasted = session.last!.cts - session.first!.cts >= 10_000
      return views >= 2 || didKey || lasted ? .stayed : .bounced
    }
  }

  private func pages(_ events: [ModelEvent?], _ question: SessionsQuestion) -> [SessionsQuestion
    .Content.Page]
  {
    guard let path = question.page else { return [] }
    let names = events.compactMap { $0 }.map { scalar(at: path, of: $0, question.scope.profiles) }
    return Dictionary(grouping: names) { $0 }
      .map { SessionsQuestion.Content.Page($0.key, sessions: $0.value.count) }
      .sorted { $0.sessions == $1.sessions ? $0.page < $1.page : $0.sessions > $1.sessions }
      .prefix(question.pages).map { $0 }
  }

  package func answer(
    _ question: VisitorsQuestion, asOf: Instant = .epoch
  ) throws(QueryError) -> Answer<VisitorsQuestion.Content> {
    try question.check()
    let method = uniqueMethod(of: eventsOfAllTime(in: question.scope), days: question.scope.days)
    return Answer(
      try content(of: question), by: Definition(of: question, asOf: asOf, uniques: method))
  }

  private func content(of question: VisitorsQuestion) throws(QueryError) -> VisitorsQuestion.Content
  {
    let scope = question.scope
    let starts = try scope.starts(by: question.interval)
    let seen = events(in: scope)
    let grouping = ModelGrouping(self, question.breakdown, scope)
    func people(_ events: [ModelEvent]) -> Int { Set(events.compactMap(person)).count }
    return VisitorsQuestion.Content(
      rows: modelRows(
        seen, by: question.breakdown,
        group: { event in
          guard case .values(let values) = grouping.group(of: event) else { return [] }
          return values
        },
        size: people,
        row: { group, members in
          VisitorsQuestion.Content.Row(
            group, people: people(members), views: members.count(where: isView),
            pieces: starts.enumerated().map { index, start in
              let next = index + 1 < starts.count ? starts[index + 1] : Instant(milliseconds: .max)
              let inside = members.filter { $0.time >= start && $0.time < next }
              return VisitorsQuestion.Content.Piece(
                start, people: people(inside), views: inside.count(where: isView))
            })
        }))
  }
}
