import Calendar
import Events
import Query
import TestSupport

@testable import QueryJSON

/// Questions of every sort with every option, as they may be asked: each passes its own check.
struct RandomQuestion {
  var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func next() -> AnyQuestion {
    while true {
      let question = any()
      if (try? question.check()) != nil { return question }
    }
  }

  private mutating func any() -> AnyQuestion {
    switch number(0...10) {
    case 0: .series(series())
    case 1: .funnel(funnel())
    case 2: .retention(retention())
    case 3: .sessions(sessions())
    case 4: .visitors(visitors())
    case 5: .paths(paths())
    case 6: .lifecycle(LifecycleQuestion(scope(), of: selector(), by: pick(Interval.allCases)))
    case 7: .stickiness(StickinessQuestion(scope(), of: selector(), by: pick(Interval.allCases)))
    case 8:
      .events(
        EventListQuestion(
          scope(), of: selector(), by: maybe { $0.person() },
          flip() ? .newestFirst : .oldestFirst, limit: number(1...10_000),
          after: maybe { $0.position() }))
    case 9:
      .people(
        PeopleQuestion(
          scope(), of: selector(), limit: number(1...10_000), after: maybe { $0.person() }))
    default:
      .propertyNames(
        PropertyNamesQuestion(
          scope(), of: selector(), in: flip() ? .props : .ctx, prefix: text(),
          limit: number(1...1_000)))
    }
  }

  // MARK: Sorts

  private mutating func series() -> SeriesQuestion {
    let formulas = ["A / 2", "previous(A) - A", "-(A * 1.5)"].filter { _ in flip(0.2) }
    return SeriesQuestion(
      scope(), (0..<number(1...4)).map { _ in Series(measure(), of: selector()) },
      formulas: formulas.map(Self.formula), by: pick(Interval.allCases),
      breakdown: maybe { $0.breakdown() },
      comparedWith: maybe { $0.pick([.periodBefore, .monthBefore, .yearBefore]) })
  }

  private static func formula(_ text: String) -> Formula { made(try Formula(text)) }

  private mutating func funnel() -> FunnelQuestion {
    let count = number(1...6)
    let steps = (0..<count).map { step in
      FunnelQuestion.Step(selector(), isOptional: step > 0 && flip(0.2))
    }
    var question = FunnelQuestion(scope(), steps: steps)
    question.order = pick(FunnelQuestion.StepOrder.allCases)
    question.windowMilliseconds = milliseconds()
    question.exclusions = (0..<number(0...2)).map { _ in
      let first = number(1...max(1, count - 1))
      return FunnelQuestion.Exclusion(
        selector(), between: flip() && count > 1 ? first...number(first + 1...count) : nil)
    }
    question.exclusionEffect = pick(FunnelQuestion.ExclusionEffect.allCases)
    question.reentry = pick(FunnelQuestion.Reentry.allCases)
    if flip() { question.subject = .session(rules()) }
    question.held = maybe { $0.path() }
    question.breakdown = maybe {
      AttributedBreakdown(
        $0.breakdown(),
        by: $0.pick([.firstTouch, .lastTouch, .allSteps, .eachValue, .step($0.number(1...count))]))
    }
    question.interval = pick(Interval.allCases)
    question.bins = number(1...100)
    return question
  }

  private mutating func retention() -> RetentionQuestion {
    var question = RetentionQuestion(scope(), by: pick(Interval.allCases))
    question.start = selector()
    question.comeback = selector()
    question.cohorts = pick(RetentionQuestion.Cohorts.allCases)
    question.returns = pick(RetentionQuestion.Return.allCases)
    question.alignment = pick(RetentionQuestion.Alignment.allCases)
    question.minimumOccurrences = number(1...1_000)
    question.isWhole = flip()
    question.breakdown = maybe { $0.breakdown() }
    return question
  }

  private mutating func sessions() -> SessionsQuestion {
    var question = SessionsQuestion(scope(), by: pick(Interval.allCases), rules: rules())
    question.bounce = pick([.oneView, .singleEvent, .ga4(keyEvents: maybe { $0.selector() })])
    question.isClipped = flip()
    question.breakdown = maybe { $0.breakdown() }
    question.page = maybe { $0.path() }
    question.pages = number(1...1_000)
    return question
  }

  private mutating func visitors() -> VisitorsQuestion {
    var question = VisitorsQuestion(scope(), by: pick(Interval.allCases))
    question.breakdown = maybe { $0.breakdown() }
    return question
  }

  private mutating func paths() -> PathsQuestion {
    var question = PathsQuestion(scope())
    question.stations = selector()
    question.label = path()
    question.anchor = pick([.sessionStart, .from(selector()), .to(selector())])
    question.depth = number(2...20)
    question.limit = number(1...1_000)
    question.session = rules()
    return question
  }

  // MARK: Parts

  private mutating func scope() -> Scope {
    let start = Int64.random(in: 0...1_800_000_000_000, using: &random)
    let length = Int64.random(in: 1...40 * 86_400_000, using: &random)
    var scope = Scope(
      Instant(milliseconds: start)..<Instant(milliseconds: start + length),
      weekStart: pick(Weekday.allCases), filter: flip() ? .everything : filter())
    scope.profiles = pick(ProfileTime.allCases)
    if flip(0.3) { scope.kinds = EventKinds(rawValue: UInt8(number(1...127))) }
    return scope
  }

  private mutating func selector() -> EventSelector {
    let names = (0..<pick([0, 1, 1, 2, 5])).map { _ in text() }
    let filter = flip() ? filter() : .everything
    return made(try EventSelector(names, where: filter))
  }

  mutating func filter() -> Filter { made(try Filter(condition(depth: number(1...4)))) }

  private mutating func condition(depth: Int) -> Condition {
    guard depth > 1 else { return leaf() }
    switch number(0...4) {
    case 0: return .all((0..<number(0...3)).map { _ in condition(depth: depth - 1) })
    case 1: return .any((0..<number(0...3)).map { _ in condition(depth: depth - 1) })
    case 2: return .not(condition(depth: depth - 1))
    default: return leaf()
    }
  }

  private mutating func leaf() -> Condition {
    switch number(0...5) {
    case 0:
      let comparator = pick(Comparator.allCases)
      return .compare(path(), comparator, comparator.needsOrder ? ordered() : value())
    case 1: return .isIn(path(), (0..<number(0...4)).map { _ in value() })
    case 2, 3: return .text(path(), test())
    case 4: return .search(test())
    default: return .exists(path())
    }
  }

  private mutating func test() -> TextTest {
    switch number(0...4) {
    case 0: .contains(text())
    case 1: .hasPrefix(text())
    case 2: .hasSuffix(text())
    case 3: .matches(made(try Pattern(.glob, pick(["*", "/a?", "x*"]), ignoringCase: flip())))
    default:
      .matches(
        made(try Pattern(.regularExpression, pick(["^a+$", "b|c", "."]), ignoringCase: flip())))
    }
  }

  private mutating func ordered() -> Value {
    pick([.integer(Int64(number(-9...9))), .double(0.5), .string(text()), .integer(.max)])
  }

  private mutating func value() -> Value { flip(0.3) ? .bool(flip()) : ordered() }

  private mutating func path() -> PropertyPath {
    if flip(0.3) { return PropertyPath(pick(EventField.allCases)) }
    if flip(0.1) { return PropertyPath(visit: pick(VisitPart.allCases)) }
    let root = pick(PropertyPath.Root.allCases)
    return made(try PropertyPath(root, (0..<number(1...3)).map { _ in text() }))
  }

  private mutating func measure() -> Measure {
    pick([
      .events, .people, .eventsPerPerson, .rollingPeople(days: number(1...366)), .sum(path()),
      .average(path()), .minimum(path()), .maximum(path()),
      .percentile(path(), made(try Quantile(Double(number(0...100)) / 100))),
    ])
  }

  private mutating func breakdown() -> Breakdown {
    made(
      try Breakdown(
        by: (0..<number(1...4)).map { _ in path() }, limit: pick([25, number(1...10_000)]),
        assignedBy: pick(Breakdown.Assignment.allCases)))
  }

  private mutating func rules() -> SessionRules {
    var rules = SessionRules()
    guard flip() else { return rules }
    rules.cut = pick(SessionRules.Cut.allCases)
    rules.idleMilliseconds = milliseconds()
    rules.capMilliseconds = milliseconds()
    rules.splitsAtMidnight = flip()
    return rules
  }

  private mutating func milliseconds() -> Int64 {
    pick([1, 1_000, 60_000, 90_000, 3_600_000, 86_400_000, 604_800_000, .max])
  }

  private mutating func person() -> PersonID { PersonID(pick(PersonID.Kind.allCases), text()) }

  private mutating func position() -> EventPosition {
    EventPosition(
      cts: Int64(number(0...1_000_000)),
      id: EventID(milliseconds: Int64(number(0...1_000)), chance: (random.next(), random.next())))
  }

  private mutating func text() -> String {
    pick([
      "a", "plan", "", "x.y", "back\\slash", "é", "e\u{301}", "\"quoted\"", "line\nbreak", "\u{1}",
      "💧", "events",
    ])
  }

  // MARK: Chance

  private mutating func flip(_ chance: Double = 0.5) -> Bool {
    Double.random(in: 0..<1, using: &random) < chance
  }
  private mutating func number(_ bounds: ClosedRange<Int>) -> Int {
    Int.random(in: bounds, using: &random)
  }
  private mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[number(0...elements.count - 1)]
  }
  private mutating func maybe<Made>(_ make: (inout Self) -> Made) -> Made? {
    flip() ? make(&self) : nil
  }
}

/// What a generator makes is within the limits.
private func made<Made>(_ make: @autoclosure () throws -> Made) -> Made {
  do { return try make() } catch { fatalError("\(error)") }
}
