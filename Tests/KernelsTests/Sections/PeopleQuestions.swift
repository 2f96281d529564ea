import Calendar
import Events
import Glibc
import Platform
import Query
import QueryModel
import SealedModel
import Sections

@testable import Kernels

/// Random questions about people over random histories.
struct PeopleQuestions {
  var random: RandomGenerator
  let mix: ModelMix
  private(set) var history: ModelHistory
  let sealed: Sealed
  static let threads = KernelThreads(count: 2)

  var kernels: FlowKernels {
    FlowKernels(
      sealed.snapshot, on: Self.threads, within: Budget(.standard, clock: StillClock()))
  }

  /// `many`: several blocks of events of few people.
  init(seed: Int, many: Bool = false) throws {
    random = seeded(UInt64(seed))
    var mix = ModelMix.some(UInt64(seed))
    mix.people = [1, 3, 6, 12].randomElement(using: &random) ?? 6
    mix.days = [1, 3, 12].randomElement(using: &random) ?? 12
    if seed % 40 == 7 { mix.people = 100 }
    if many { (mix.events, mix.people) = (1_500...5_000, 1 + seed % 3) }
    self.mix = mix
    var history = ModelHistory.random(mix, using: &random)
    let parts = Int.random(in: 1...4, using: &random)
    sealed = try Sealed(erasingSomeOf: &history, parts: parts, using: &random)
    history.profiles = history.foldedProfiles
    self.history = history
  }

  /// The whole answer.
  func answer<Asked: SectionQuestion>(
    _ question: Asked, asOf: Instant = .epoch
  ) async throws -> Answer<Asked.Content> {
    try await SectionAnswers(Self.threads, clock: StillClock())
      .answer(question, from: sealed.snapshot, asOf: asOf).answer
  }

  mutating func chance(_ part: Double) -> Bool { Double.random(in: 0..<1, using: &random) < part }

  mutating func scope(filtered: Double = 0.3) throws -> Scope {
    let from = mix.start + Int64.random(in: -2...mix.days * 24, using: &random) * hour
    let length = Int64.random(in: 0...mix.days * 24 + 30, using: &random) * hour
    let all = Instant(milliseconds: monday - 40 * day)..<Instant(milliseconds: monday + 80 * day)
    var scope = Scope(
      chance(0.4) ? all : Instant(milliseconds: from)..<Instant(milliseconds: from + length))
    if chance(0.5) { scope.zone = try Self.zones.get().randomElement(using: &random) ?? .utc }
    if chance(0.2) { scope.weekStart = .sunday }
    if chance(filtered) { scope.filter = try filter() }
    if chance(0.1) { scope.kinds = [EventKinds(.custom), EventKinds(.page)] }
    if chance(0.1) { scope.kinds = chance(0.7) ? [.events, .operations] : .operations }
    if chance(0.5) { scope.profiles = .event }
    return scope
  }

  static let zones = Result { () throws -> [Zone] in
    try ["Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu"].map { try zone($0) }
  }

  mutating func filter() throws -> Filter {
    while true {
      let filter = try Filter(.random(depth: 2, using: &random))
      // Not everything is known to sections yet.
      if Self.isAnswered(Scope(days(0, 1), filter: filter)) { return filter }
    }
  }

  /// Whether sections know of everything that is asked of events.
  static func isAnswered(_ scope: Scope, _ selector: EventSelector = .everything) -> Bool {
    guard let people = try? Snapshot([], of: Sealed.secret).ordinals(everyone: true) else {
      return false
    }
    let profiles = ProfileSource(ProfileTable(), of: people, .current)
    return (try? EventFilter(scope, selector, profiles: profiles)) != nil
  }

  mutating func selector(filtered: Double = 0.2) throws -> EventSelector {
    let names = Array(mix.names.shuffled(using: &random).prefix(chance(0.8) ? 1 : 2))
    if chance(0.05) { return .everything }
    return try EventSelector(names, where: chance(filtered) ? filter() : .everything)
  }

  mutating func breakdown() throws -> Breakdown {
    let texts = [
      "props.a", "ctx.a", "any.path", "kind", "props.in.x", "session_id", "source", "profile.a",
      "profile.b", "profile.in.x",
    ]
    let paths = try texts.shuffled(using: &random).prefix(chance(0.8) ? 1 : 2).map {
      try PropertyPath($0)
    }
    return try Breakdown(by: paths, limit: chance(0.5) ? 25 : Int.random(in: 1...4, using: &random))
  }

  mutating func sessions() -> SessionRules {
    var rules = SessionRules()
    rules.idleMilliseconds = [1, 30, 30, 31, 300].randomElement(using: &random)! * 60_000
    rules.capMilliseconds = [1, 24, 24].randomElement(using: &random)! * hour
    rules.splitsAtMidnight = chance(0.2)
    if chance(0.25) { rules.cut = .sessionID }
    return rules
  }
}

private func zone(_ name: String) throws -> Zone {
  guard let file = unsafe fopen("/usr/share/zoneinfo/" + name, "rb") else {
    throw QueryError.unreadable(name)
  }
  defer { unsafe fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 16)
  let count = unsafe fread(&bytes, 1, bytes.count, file)
  let read = Array(bytes.prefix(count))
  return try Zone(name: name, file: read.span)
}
