import JSON
import Kernels
import Platform
import Query
import QueryModel
import Testing

@Suite("Paths") struct PathTests {
  private func walks(_ paths: PathsQuestion, _ story: FlowStory) throws -> [[Value]: Int] {
    let content = try story.history.answer(paths).content
    let walks = Dictionary(uniqueKeysWithValues: content.walks.map { ($0.stations, $0.sessions) })
    #expect(matchedWalks(paths, story.history) == walks)
    #expect(content.sessions == walks.values.reduce(0, +))
    return walks
  }

  private var story: FlowStory {
    var story = FlowStory()
    story.add("a a b c d", by: "p", every: 1_000)
    story.add("a b e", by: "p", from: flowHour, every: 1_000)
    story.add("x b c", by: "q", every: 1_000)
    return story
  }

  @Test("a session is one walk, repetitions count once")
  func whole() throws {
    var paths = PathsQuestion(Scope(flowAlways))
    #expect(
      try walks(paths, story) == [
        ["a", "b", "c", "d"]: 1, ["a", "b", "e"]: 1, ["x", "b", "c"]: 1,
      ])
    paths.depth = 2
    #expect(try walks(paths, story) == [["a", "b"]: 2, ["x", "b"]: 1])
  }

  @Test("a walk begins at the first event that fits, or ends there")
  func anchored() throws {
    var paths = PathsQuestion(Scope(flowAlways))
    paths.anchor = .from(EventSelector("b"))
    #expect(try walks(paths, story) == [["b", "c", "d"]: 1, ["b", "e"]: 1, ["b", "c"]: 1])
    paths.anchor = .to(EventSelector("c"))
    #expect(try walks(paths, story) == [["a", "b", "c"]: 1, ["x", "b", "c"]: 1])
    paths.depth = 2
    #expect(try walks(paths, story) == [["b", "c"]: 2])
  }

  @Test("links have their place, their sessions and the time that they took")
  func links() throws {
    var paths = PathsQuestion(Scope(flowAlways))
    let links = try story.history.answer(paths).content.links
    #expect(
      links.prefix(2) == [
        .init(place: 0, source: "a", target: "b", sessions: 2, meanMilliseconds: 1_500),
        .init(place: 1, source: "b", target: "c", sessions: 2, meanMilliseconds: 1_000),
      ])
    paths.anchor = .to(EventSelector("c"))
    let backwards = try story.history.answer(paths).content.links
    #expect(
      backwards[0]
        == .init(place: -1, source: "b", target: "c", sessions: 2, meanMilliseconds: 1_000))
  }

  @Test("walker and model agree about random histories", arguments: 0..<30)
  func agrees(seed: Int) throws {
    var random = flowGenerator(UInt64(seed))
    for _ in 0..<25 {
      var mix = ModelMix()
      mix.days = 1
      mix.people = 3
      var story = FlowStory()
      story.history = ModelHistory.random(mix, using: &random)
      var paths = PathsQuestion(Scope(flowAlways))
      paths.depth = Int.random(in: 2...6, using: &random)
      paths.limit = 1_000
      paths.session.idleMilliseconds = 3 * flowHour
      paths.anchor = [
        .sessionStart, .from(EventSelector("view")), .to(EventSelector("buy")),
      ].randomElement(using: &random)!
      if Bool.random(using: &random) { paths.label = try PropertyPath("props.path") }
      _ = try walks(paths, story)
    }
  }
}

/// What cutter and walker make of a history.
func matchedWalks(_ paths: PathsQuestion, _ history: ModelHistory) -> [[Value]: Int] {
  let profiles = paths.scope.profiles
  let (anchor, selector): (PathWalker.Anchor, EventSelector?) =
    switch paths.anchor {
    case .sessionStart: (.sessionStart, nil)
    case .from(let selector): (.from, selector)
    case .to(let selector): (.to, selector)
    }
  var walks: [[Value]: Int] = [:]
  var cutter = SessionCutter(paths.session, zone: paths.scope.zone)
  var walker = PathWalker(anchor, depth: paths.depth)
  var codes: [Value: UInt32] = [:]
  var names: [Value] = []
  func end() {
    walker.endSession { stations in
      let walk = stations.indices.map { names[Int(stations[$0].code)] }
      walks[walk, default: 0] += 1
    }
  }
  let people = Dictionary(grouping: history.events(in: paths.scope)) { history.person(of: $0) }
  for (person, events) in people where person != nil {
    for event in events {
      let seen = SessionEvent(time: event.cts, ordinal: 0, isView: false, isAct: false)
      if cutter.add(seen) != nil { end() }
      guard history.matches(paths.stations, event, profiles) else { continue }
      let label = history.scalar(at: paths.label, of: event, profiles)
      let name = label.isNull ? Value.string(event.name) : label
      let code = codes[name] ?? UInt32(names.count)
      if codes[name] == nil {
        codes[name] = code
        names.append(name)
      }
      walker.add(
        .init(code: code, time: event.cts),
        isAnchor: selector.map { history.matches($0, event, profiles) } ?? false)
    }
    if cutter.finish() != nil { end() }
  }
  return walks
}
