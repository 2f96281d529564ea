import Calendar
import Events
import Platform
import Query
import SealedModel
import Store
import Testing

@testable import Kernels

@Suite("Every question of a store") struct QuestionAnswersTests {
  private static let threads = KernelThreads(count: 2)

  /// Asks every question there is, and hands back how many events and people each found.
  private func ask(
    _ answers: some QuestionAnswers, _ project: ProjectID, _ scope: Scope
  ) async throws -> (definitions: [Definition], numbers: [Int]) {
    var definitions: [Definition] = []
    var numbers: [Int] = []
    func take<Content>(_ answer: Answer<Content>, _ number: Int) {
      definitions.append(answer.definition)
      numbers.append(number)
      #expect(answer.missing.isEmpty)
    }
    let series = try await answers.answer(
      SeriesQuestion(scope, [Series(.people)]), of: project, within: .standard)
    take(series, series.content.current.rows[0].columns[0].total.number.map { Int($0) } ?? -1)
    let short = Scope(days(0, 3), zone: scope.zone, kinds: scope.kinds)
    let stickiness = try await answers.answer(
      StickinessQuestion(short), of: project, within: .standard)
    take(stickiness, stickiness.content.people.reduce(0, +))
    let lifecycle = try await answers.answer(
      LifecycleQuestion(short), of: project, within: .standard)
    take(lifecycle, lifecycle.content.pieces.reduce(0) { $0 + $1.new })
    for order in FunnelQuestion.StepOrder.allCases {
      var funnel = FunnelQuestion(scope, steps: [.init(.everything), .init(.everything)])
      funnel.order = order
      funnel.windowMilliseconds = .max
      let reached = try await answers.answer(funnel, of: project, within: .standard)
      take(reached, reached.content.rows[0].reached[0])
      funnel.subject = .session(.by(.sessionID))
      let sessions = try await answers.answer(funnel, of: project, within: .standard)
      take(sessions, sessions.content.rows[0].reached[0])
      let people = try await answers.answer(
        FunnelPeopleQuestion(funnel, step: 1, limit: 9), of: project, within: .standard)
      take(people, people.content.people.count)
      funnel.windowMilliseconds = 1
      let explained = try await answers.answer(
        FunnelExplanationQuestion(funnel, for: .profile("p")), of: project, within: .standard)
      take(explained, explained.content.subjects.count)
    }
    let retention = try await answers.answer(
      RetentionQuestion(short, by: .day), of: project, within: .standard)
    take(retention, retention.content.rows[0].cells.reduce(0) { $0 + $1[0] })
    for cut in SessionRules.Cut.allCases {
      let sessions = try await answers.answer(
        SessionsQuestion(scope, by: .total, rules: .by(cut)), of: project, within: .standard)
      take(sessions, sessions.content.rows[0].measures.events)
    }
    let visitors = try await answers.answer(
      VisitorsQuestion(scope, by: .total), of: project, within: .standard)
    take(visitors, visitors.content.rows[0].people)
    let paths = try await answers.answer(PathsQuestion(scope), of: project, within: .standard)
    take(paths, paths.content.sessions)
    let list = try await answers.answer(
      EventListQuestion(scope, by: .profile("p"), limit: 99), of: project, within: .standard)
    take(list, list.content.events.count)
    let people = try await answers.answer(
      PeopleQuestion(scope, limit: 99), of: project, within: .standard)
    take(people, people.content.people.count)
    let names = try await answers.answer(
      PropertyNamesQuestion(scope, in: .props), of: project, within: .standard)
    take(names, names.content.names.count)
    let now = try await answers.visitorsNow(in: scope, of: project)
    take(now, now.content.rows[0].people)
    return (definitions, numbers)
  }

  @Test("a project without events has an answer to each: nothing")
  func nothing() async throws {
    let ground = try await Ground()
    let answers = StoreAnswers(of: ground.store, on: Self.threads, clock: StillClock())
    let (definitions, numbers) = try await ask(
      answers, try ProjectID("nobody"), Scope(days(0, 3), weekStart: .sunday))
    #expect(numbers.allSatisfy { $0 == 0 })
    #expect(
      definitions.allSatisfy { $0.asOf.milliseconds == StillClock().wallMilliseconds })
  }

  @Test("whatever time a stranger wrote, each has an answer, sealed or not")
  func hostileTimes() async throws {
    let ground = try await Ground()
    let answers = StoreAnswers(of: ground.store, on: Self.threads, clock: StillClock())
    let project = try ProjectID("acme")
    let now = StillClock().wallMilliseconds
    let times: [Int64] = [
      .min, .min + 1, .min / 2, -1, 0, now - VisitorsQuestion.liveMilliseconds, now, .max / 2,
      .max - 1, .max,
    ]
    let events = times.enumerated().map { index, time in
      Event(
        id: EventID(milliseconds: 5, chance: (0, UInt64(index))), name: "x", cts: time, sts: 0,
        profile: "p", session: "s")
    }
    try await ground.commit(events, to: project)
    let always = Scope(Instant(milliseconds: .min)..<Instant(milliseconds: .max))
    let hot = try await ask(answers, project, always)
    // From behind: who is there now, names, people, and events; the last instant is in no range.
    #expect(hot.numbers.suffix(4) == [times.count - 1, 1, 0, 1])
    try await ground.store.seal()
    let sealed = try await ask(answers, project, always)
    #expect(sealed.numbers == hot.numbers)
    #expect(sealed.definitions == hot.definitions)
  }
}
