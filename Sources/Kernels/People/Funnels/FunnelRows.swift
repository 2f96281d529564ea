import Query
import Sections

/// Takes rows to subjects and counts how these fare.
struct FunnelRows<Matcher: FunnelMatching & ~Copyable>: FlowSink {
  typealias Subject = FunnelSubject<Matcher>

  private let asked: FunnelAsked
  private let shape: FunnelShape
  private let stepBits: UInt64
  /// Where a row's number of the held value is; -1: nowhere.
  private let held: Int
  private let isByID: Bool
  private var cutter: SessionCutter?
  /// The person, or the session that is going on.
  private let subject: Subject
  private let room = FunnelRoom()
  /// Sessions by their ids.
  private var named: [UInt64: Subject] = [:]
  private var spare: [Subject] = []
  private(set) var parts: FunnelParts
  private var best = FunnelOutcome()
  /// Of the event before, where it was the same subject's: neighbours mostly share their values.
  private var lastValues = Values()
  private let skips: Bool
  private let cutsGaps: Bool

  private struct Values: Equatable {
    var group: UInt32 = .max
    var held: UInt32 = .max
    var session: UInt64 = .max
  }

  // Stored, for whoever asks a computed one may copy all of it first.
  let isSatisfied = false

  init(_ asked: FunnelAsked) {
    self.asked = asked
    let funnel = asked.funnel
    shape = FunnelShape(plan: asked.plan, isSplit: asked.isSplit, isHeld: funnel.held != nil)
    stepBits = 1 << UInt64(funnel.steps.count) &- 1
    let place = funnel.breakdown?.breakdown.paths.count ?? 0
    held = funnel.held == nil ? -1 : place * Section.blockRows
    var isByID = false
    if case .session(let rules) = funnel.subject {
      isByID = rules.cut == .sessionID
      var byGaps = rules
      byGaps.cut = .gaps
      cutter = SessionCutter(byGaps, zone: funnel.scope.zone)
    }
    self.isByID = isByID
    // Events without a step or an exclusion say nothing but that there are such values.
    cutsGaps = cutter != nil
    skips = asked.plan.order != .strict && cutter == nil
    subject = Subject(shape, in: room)
    parts = FunnelParts(whole: FunnelTally(stepCount: funnel.steps.count))
    parts.entered = Array(repeating: 0, count: asked.pieces?.count ?? 0)
    parts.converted = parts.entered
  }

  /// The values that rows are read with.
  static func paths(of funnel: FunnelQuestion) -> [PropertyPath] {
    (funnel.breakdown?.breakdown.paths ?? []) + (funnel.held.map { [$0] } ?? [])
  }

  var byteCount: Int {
    parts.groups.values.reduce(parts.whole.byteCount) { $0 + $1.byteCount } + heldBytes
      + 12 * parts.people.count
  }
  var heldBytes: Int { room.bytes + 64 * named.count }
  /// So many subjects are kept for the sessions of the next person.
  private static var mostSpare: Int { 1_024 }

  mutating func take(_ stretch: borrowing Stretch) {
    let (asked, main) = (asked, self.subject)
    let groups = asked.groups
    let selected: UInt64 = 1 << UInt64(asked.steps.count + asked.ways.count) &- 1
    var row = 0
    while row < (unsafe stretch.count) {
      // SAFETY: the stretch has so many rows, and a number for each value.
      let mark = unsafe stretch.marks[row]
      if mark != 0 {
        let time = unsafe stretch.times[row]
        let steps = UInt32(truncatingIfNeeded: mark & stepBits)
        let group = unsafe groups?.code(stretch.numbers + row) ?? 0
        let holds = unsafe held < 0 ? 0 : stretch.numbers[held &+ row]
        let session = unsafe isByID ? stretch.sessions[row] : 0
        let values = Values(group: group, held: holds, session: session)
        if skips && mark & selected == 0 && values == lastValues {
          row &+= 1
          continue
        }
        lastValues = values
        let subject = session == 0 ? main : self.named(session)
        if session == 0 && cutsGaps { cut(at: time) }
        subject.add(
          time: time, steps: steps, exclusions: asked.exclusions(of: mark), group: group,
          held: holds)
      }
      row &+= 1
    }
  }

  private mutating func cut(at time: Int64) {
    let event = SessionEvent(time: time, ordinal: 0, isView: false, isAct: false)
    if cutter?.add(event) != nil { count(subject) }
  }

  private mutating func named(_ session: UInt64) -> Subject {
    if let known = named[session] { return known }
    let subject = spare.popLast() ?? Subject(shape, in: room)
    named[session] = subject
    return subject
  }

  /// The person has no more events.
  mutating func end(_ person: Int) {
    if cutsGaps { _ = cutter?.finish() }
    lastValues = Values()
    count(subject)
    if !named.isEmpty {
      for (_, session) in named {
        count(session)
        if spare.count < Self.mostSpare { spare.append(session) }
      }
      // To clear a large table takes as long for everybody who comes after.
      named.removeAll(keepingCapacity: named.count <= Self.mostSpare)
    }
    if asked.tellsPeople, best.reached > 0 {
      parts.people.append(
        FunnelPerson(person: UInt32(person), reached: UInt8(best.reached), path: best.path))
    }
    best = FunnelOutcome()
  }

  private mutating func count(_ subject: Subject) {
    if subject.isEmpty { return }
    subject.finish()
    defer { subject.begin() }
    if !asked.others.isEmpty { return countOthers(subject) }
    if asked.attribution == .eachValue { return countEachValue(subject) }
    guard let attempt = best(of: subject, where: { _ in true }) else { return }
    var group = group(of: attempt, subject)
    if asked.attribution == .allSteps, subject.outcome(of: attempt).reached == 0 {
      // Nobody came anywhere: the least value has it.
      for other in subject.groups where asked.groups?.precedes(other, group) ?? false {
        group = other
      }
    }
    add(attempt, of: subject, to: group)
  }

  private mutating func countEachValue(_ subject: Subject) {
    guard subject.count > 0 else { return }
    var bests: [UInt32: Int] = [:]
    for attempt in 0..<subject.count {
      let group = subject.group(of: attempt)
      if let best = bests[group] {
        if isBetter(attempt, than: best, of: subject) { bests[group] = attempt }
      } else {
        bests[group] = attempt
      }
    }
    for group in subject.groups {
      if let attempt = bests[group] {
        add(attempt, of: subject, to: group)
      } else {
        // Never with a value that is held: it is there, and nowhere.
        makeTally(of: group)
      }
    }
  }

  private mutating func countOthers(_ subject: Subject) {
    let others = asked.others
    guard let attempt = best(of: subject, where: { others.contains($0) }) else { return }
    parts.whole.add(subject.outcome(of: attempt), asked.steps) {
      subject.time(of: attempt, step: $0)
    }
  }

  private func best(of subject: Subject, where isMeant: (UInt32) -> Bool) -> Int? {
    var best = -1
    for attempt in 0..<subject.count where isMeant(subject.group(of: attempt)) {
      if best < 0 || isBetter(attempt, than: best, of: subject) { best = attempt }
    }
    return best < 0 ? nil : best
  }

  private func isBetter(_ attempt: Int, than best: Int, of subject: Subject) -> Bool {
    let (new, old) = (subject.outcome(of: attempt), subject.outcome(of: best))
    if new.isBetter(than: old) { return true }
    return !old.isBetter(than: new)
      && asked.groups?.precedes(group(of: attempt, subject), group(of: best, subject)) ?? false
  }

  private func group(of attempt: Int, _ subject: Subject) -> UInt32 {
    switch asked.attribution {
    case nil: return 0
    case .firstTouch: return subject.firstTouch(of: attempt)
    case .lastTouch: return subject.lastTouch(of: attempt)
    case .allSteps, .eachValue: return subject.group(of: attempt)
    case .step(let step):
      guard subject.outcome(of: attempt).path & (1 << UInt32(step - 1)) != 0 else {
        return ValueNumbers.none
      }
      return UInt32(truncatingIfNeeded: subject.ordinal(of: attempt, step: step))
    }
  }

  private mutating func add(_ attempt: Int, of subject: Subject, to group: UInt32) {
    let outcome = subject.outcome(of: attempt)
    parts.whole.add(outcome, asked.steps) { subject.time(of: attempt, step: $0) }
    if asked.groups != nil {
      makeTally(of: group)
      parts.groups[group]?.add(outcome, asked.steps) {
        subject.time(of: attempt, step: $0)
      }
    }
    guard outcome.reached > 0, !outcome.isRemoved else { return }
    if asked.tellsPeople, outcome.isBetter(than: best) { best = outcome }
    if let pieces = asked.pieces {
      let piece = pieces.index(of: outcome.start)
      parts.entered[piece] += 1
      if outcome.reached == asked.steps.count { parts.converted[piece] += 1 }
    }
  }

  private mutating func makeTally(of group: UInt32) {
    if parts.groups[group] == nil {
      parts.groups[group] = FunnelTally(stepCount: asked.steps.count)
    }
  }
}
