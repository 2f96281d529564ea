package import Calendar
package import Query

extension ModelHistory {
  package func answer(
    _ question: PathsQuestion, asOf: Instant = .epoch
  ) throws(QueryError) -> Answer<PathsQuestion.Content> {
    try question.check()
    let method = uniqueMethod(of: eventsOfAllTime(in: question.scope), days: question.scope.days)
    return Answer(
      try content(of: question), by: Definition(of: question, asOf: asOf, uniques: method))
  }

  private func content(of question: PathsQuestion) throws(QueryError) -> PathsQuestion.Content {
    let sessions = byPerson(events(in: question.scope)).flatMap {
      self.sessions(of: $0, question.session, question.scope)
    }
    let walks = sessions.map { walk(of: $0, question) }.filter { !$0.isEmpty }
    var whole: [[Value]: Int] = [:]
    var links: [LinkKey: [Int64]] = [:]
    for walk in walks {
      whole[walk.map(\.name), default: 0] += 1
      for place in walk.indices.dropLast() {
        let (source, target) = (walk[place], walk[place + 1])
        let number = isBackwards(question) ? place + 1 - walk.count : place
        links[LinkKey(place: number, source: source.name, target: target.name), default: []]
          .append(target.time - source.time)
      }
    }
    return PathsQuestion.Content(
      sessions: walks.count,
      walks: whole.map { PathsQuestion.Content.Walk($0.key, sessions: $0.value) }
        .sorted { left, right in
          left.sessions == right.sessions
            ? left.stations.lexicographicallyPrecedes(right.stations)
            : left.sessions > right.sessions
        }
        .prefix(question.limit).map { $0 },
      links: links.map { key, times in
        PathsQuestion.Content.Link(
          place: key.place, source: key.source, target: key.target, sessions: times.count,
          meanMilliseconds: Double(times.reduce(0, +)) / Double(times.count))
      }
      .sorted { left, right in
        if left.sessions != right.sessions { return left.sessions > right.sessions }
        if left.place != right.place { return left.place < right.place }
        return left.source == right.source ? left.target < right.target : left.source < right.source
      }
      .prefix(question.limit).map { $0 })
  }

  private struct LinkKey: Hashable {
    var place: Int
    var source: Value
    var target: Value
  }

  private struct Station {
    var name: Value
    var time: Int64
  }

  private func isBackwards(_ question: PathsQuestion) -> Bool {
    if case .to = question.anchor { true } else { false }
  }

  private func walk(of session: [ModelEvent], _ question: PathsQuestion) -> [Station] {
    let profiles = question.scope.profiles
    var stations = session.filter { matches(question.stations, $0, profiles) }
    switch question.anchor {
    case .sessionStart: break
    case .from(let selector):
      guard let first = stations.firstIndex(where: { matches(selector, $0, profiles) }) else {
        return []
      }
      stations = Array(stations[first...])
    case .to(let selector):
      guard let first = stations.firstIndex(where: { matches(selector, $0, profiles) }) else {
        return []
      }
      stations = Array(stations[...first])
    }
    var walk: [Station] = []
    for event in stations {
      let label = scalar(at: question.label, of: event, profiles)
      let name = label.isNull ? Value.string(event.name) : label
      if walk.last?.name != name { walk.append(Station(name: name, time: event.cts)) }
    }
    return Array(isBackwards(question) ? walk.suffix(question.depth) : walk.prefix(question.depth))
  }
}
