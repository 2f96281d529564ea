package import Calendar
package import Query
package import Sections

extension FunnelExplanationQuestion: PeopleKernelQuestion {
  package func content(
    by kernels: FlowKernels, asOf: Instant
  ) async throws(KernelFailure) -> Content {
    let person = kernels.snapshot.hash(of: self.person)
    return Content(subjects: try await kernels.explain(funnel, for: person))
  }
}

extension FlowKernels {
  /// What one person did in a funnel and what kept them from going on, subject by subject. A breakdown
  /// is left aside.
  package func explain(
    _ funnel: FunnelQuestion, for person: PersonHash
  ) async throws(KernelFailure) -> [FunnelExplanationQuestion.Subject] {
    try KernelFailure.asking { () throws(QueryError) in try funnel.check() }
    var plain = funnel
    plain.breakdown = nil
    let source = try await source(of: plain, everything: true)
    guard let place = source.person(person) else { return [] }
    let asked = try KernelFailure.asking { [plain] () throws(QueryError) in
      try FunnelAsked(plain, nil)
    }
    let budget = budget
    let found = try await threads.run(steps: 1, within: budget) { steps throws(KernelFailure) in
      guard try steps.next() != nil else { return [FunnelExplanationQuestion.Subject]() }
      var rows = ExplainedRows(asked, budget)
      try source.lend(steps) { reader throws(KernelFailure) in try reader.walk(place, &rows) }
      let bytes = rows.byteCount
      try KernelFailure.asking { () throws(QueryError) in try budget.check(bytes: bytes) }
      return rows.subjects.sorted { $0[0].time < $1[0].time }.map {
        Self.explain(asked, $0, source.numbers)
      }
    }
    return found.flatMap { $0 }
  }

  /// The best of the ways that one subject may take, one for each value that a chain may hold.
  private static func explain(
    _ asked: FunnelAsked, _ rows: [ExplainedRows.Row], _ numbers: ValueNumbers
  ) -> FunnelExplanationQuestion.Subject {
    var values: [UInt32?] = [nil]
    if asked.funnel.held != nil {
      var known: Set<UInt32> = [ValueNumbers.none]
      values = rows.map(\.held).filter { known.insert($0).inserted }
    }
    var best: (held: UInt32?, events: [FunnelExplainer.Event], FunnelExplanation, FunnelOutcome)?
    for held in values {
      let events = Self.events(asked, rows, holding: held)
      let (explanation, outcome) = FunnelExplainer.explained(asked.plan, events)
      if best.map({ outcome.isBetter(than: $0.3) }) ?? true {
        best = (held, events, explanation, outcome)
      }
    }
    return FunnelExplanationQuestion.Subject(
      first: rows[0].time, last: rows[rows.count - 1].time,
      held: best?.held.map { numbers.value(of: $0) },
      events: (best?.events ?? []).map { event in
        FunnelExplanationQuestion.Event(
          time: event.time,
          steps: (1...asked.steps.count).filter { event.steps & (1 << UInt32($0 - 1)) != 0 },
          isExclusion: event.exclusions != 0)
      },
      explanation: best?.2 ?? FunnelExplanation(matches: [], end: .neverStarted))
  }

  private static func events(
    _ asked: FunnelAsked, _ rows: [ExplainedRows.Row], holding held: UInt32?
  ) -> [FunnelExplainer.Event] {
    let bits: UInt64 = 1 << UInt64(asked.steps.count) &- 1
    var events: [FunnelExplainer.Event] = []
    for row in rows {
      let fits = held == nil || row.held == held
      // An exclusion that holds nothing is in everybody's way.
      let excludes = fits || row.held == ValueNumbers.none
      let steps = fits ? UInt32(truncatingIfNeeded: row.mark & bits) : 0
      let ways = excludes ? asked.exclusions(of: row.mark) : 0
      if steps != 0 || ways != 0 || asked.plan.order == .strict {
        events.append(FunnelExplainer.Event(time: row.time, steps: steps, exclusions: ways))
      }
    }
    return events
  }
}

/// The events of one person, subject by subject.
private struct ExplainedRows: FlowSink, Sendable {
  struct Row: Sendable {
    var time: Int64
    var mark: UInt64
    var held: UInt32
  }

  private let held: Int
  private let isByID: Bool
  private var cutter: SessionCutter?
  private let limit: Int
  private var count = 0
  private(set) var subjects: [[Row]] = []
  /// Which of them is the person, or the session that is going on; and those by ids.
  private var open: Int?
  private var named: [UInt64: Int] = [:]
  // More than there may be is refused, so nothing behind that is looked at.
  private(set) var isSatisfied = false

  init(_ asked: FunnelAsked, _ budget: Budget) {
    held = asked.funnel.held == nil ? -1 : 0
    limit = budget.memoryBytes / MemoryLayout<Row>.stride
    var isByID = false
    if case .session(var rules) = asked.funnel.subject {
      isByID = rules.cut == .sessionID
      rules.cut = .gaps
      cutter = SessionCutter(rules, zone: asked.funnel.scope.zone)
    }
    self.isByID = isByID
  }

  var byteCount: Int { count * MemoryLayout<Row>.stride }

  mutating func take(_ stretch: borrowing Stretch) {
    for row in 0..<(unsafe stretch.count) {
      // SAFETY: the stretch has so many rows, and a number for each value.
      let (mark, time) = unsafe (stretch.marks[row], stretch.times[row])
      if mark == 0 { continue }
      let holds = unsafe held < 0 ? 0 : stretch.numbers[row]
      let session = unsafe isByID ? stretch.sessions[row] : 0
      subjects[place(of: session, at: time)].append(Row(time: time, mark: mark, held: holds))
      count += 1
    }
    isSatisfied = count > limit
  }

  private mutating func place(of session: UInt64, at time: Int64) -> Int {
    if session != 0 {
      if let known = named[session] { return known }
      named[session] = subjects.count
      subjects.append([])
      return subjects.count - 1
    }
    let event = SessionEvent(time: time, ordinal: 0, isView: false, isAct: false)
    if cutter?.add(event) != nil { open = nil }
    if let open { return open }
    open = subjects.count
    subjects.append([])
    return subjects.count - 1
  }
}
