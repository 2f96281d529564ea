import Events
import FaultDisk
import Glibc
import Platform
import Sections
import TestSupport
import Testing

@testable import Store

/// What a store was told, and what of that it has acknowledged.
private struct Told {
  /// By project: events that were acknowledged, and those of which nobody knows.
  var acknowledged: [ProjectID: Set<EventID>] = [:]
  var unsure: [ProjectID: Set<EventID>] = [:]
  /// Events that go now, or have gone: those that were to go, whether that was acknowledged, and
  /// whether they have gone from every answer at once.
  var leaving: [ProjectID: Set<EventID>] = [:]
  var hasLeft = false

  func must(_ project: ProjectID) -> Set<EventID> {
    acknowledged[project, default: []].subtracting(leaving[project, default: []])
  }

  func may(_ project: ProjectID) -> Set<EventID> {
    let all = acknowledged[project, default: []].union(unsure[project, default: []])
    return hasLeft ? all.subtracting(leaving[project, default: []]) : all
  }
}

/// A store on a disk that forgets, and what happens there when the power goes.
private struct ForgetfulStore {
  enum Phase: String, CaseIterable, Sendable { case seal, merge, retention, erasure }

  static let projects: [ProjectID] = ["acme", "beta"]
  static let now: Int64 = 1_800_000_000_000
  static let watermark = now - 20 * 86_400_000
  static let person = "p3"

  let phase: Phase
  var told = Told()
  private var next: UInt64 = 0

  init(_ phase: Phase) { self.phase = phase }

  static func open(_ disk: SimulatedDisk) async throws -> Store {
    var configuration = Store.Configuration(path: disk.path("store.db"))
    configuration.disk = disk
    configuration.mergeGrace = .zero
    configuration.mergeBytesPerSecond = 0
    return try await Store.open(
      configuration, clock: StillClock(), random: SystemRandom(), threads: Fixture.threads,
      onFailure: { _ in })
  }

  private mutating func commit(_ store: Store) async throws {
    for (project, count) in zip(Self.projects, [40, 8] as [UInt64]) {
      let events = eventsOfTwoMonths(next..<next + count)
      next += count
      let ids = Set(events.map(\.id))
      told.unsure[project] = ids
      _ = try await store.commit(try batch(events, project: project))
      told.unsure[project] = []
      told.acknowledged[project, default: []].formUnion(ids)
    }
  }

  /// Before the power may go.
  mutating func prepare(_ store: Store) async throws {
    for _ in 0..<(phase == .merge ? 8 : 3) {
      try await commit(store)
      _ = try await store.seal()
    }
    try await commit(store)
  }

  /// What it goes in.
  mutating func run(_ store: Store) async throws {
    switch phase {
    case .seal:
      for _ in 0..<2 {
        _ = try await store.seal()
        try await commit(store)
      }
    case .merge:
      _ = try await store.merge()
      _ = try await store.unlinkRetired()
      try await commit(store)
    case .retention:
      _ = try await store.seal()
      told.leaving = leaving { $0.cts < Self.watermark }
      try await store.tend(
        keepingSince: Dictionary(uniqueKeysWithValues: Self.projects.map { ($0, Self.watermark) }))
      // A watermark that an earlier life has raised has `tend` wait for its hour.
      _ = try await store.merger.expire()
      told.hasLeft = true
    case .erasure:
      told.leaving = leaving { $0.profile == Self.person }
      for project in Self.projects {
        _ = try await store.erase(.profile, Self.person, of: project)
      }
      told.hasLeft = true
      _ = try await store.carryOutErasures()
    }
  }

  private func leaving(_ goes: (Event) -> Bool) -> [ProjectID: Set<EventID>] {
    let ids = Set(eventsOfTwoMonths(0..<next).filter(goes).map(\.id))
    return told.acknowledged.mapValues { $0.intersection(ids) }
  }

  /// The ids in answers.
  static func seen(_ store: Store, _ project: ProjectID) async throws -> [EventID] {
    guard let snapshot = try await store.snapshot(of: project) else { return [] }
    var seen: [EventID] = []
    for section in snapshot.sections {
      for (row, id) in try section.ids(snapshot.secret.ids).all(section).enumerated()
      where !section.hidden.contains(row) {
        seen.append(id)
      }
    }
    return seen
  }

  private func judge(_ seen: [EventID], of project: ProjectID, _ comment: Comment) {
    let twice = seen.count - Set(seen).count
    let missing = told.must(project).subtracting(seen).count
    let strange = Set(seen).subtracting(told.may(project)).count
    #expect(twice == 0 && missing == 0 && strange == 0, comment)
  }

  /// Nothing that was acknowledged is missing or there twice, also once everything has come again, was
  /// sealed, merged and opened once more.
  func check(_ disk: SimulatedDisk, _ comment: Comment) async throws {
    let store = try await Self.open(disk)
    #expect(store.packTroubles == [] && store.unreadable == [], comment)
    for project in Self.projects {
      judge(try await Self.seen(store, project), of: project, comment)
      let again = eventsOfTwoMonths(0..<next).filter { told.must(project).contains($0.id) }
      let outcome = try await store.commit(try batch(again, project: project))
      #expect(outcome.accepted == 0, comment)
    }
    if phase == .erasure { _ = try await store.carryOutErasures() }
    _ = try await store.seal()
    _ = try await store.merge()
    _ = try await store.unlinkRetired()
    await store.stop()
    let last = try await Self.open(disk)
    #expect(last.packTroubles == [], comment)
    for project in Self.projects {
      judge(try await Self.seen(last, project), of: project, comment)
    }
    await last.stop()
  }
}

@Suite("Power that goes in the store") struct PowerLossTests {
  /// `TRIBUTARY_POWER_POINTS=100000` cuts it at every write, sync, rename and unlink that there is.
  private static let points: Int = {
    guard let text = unsafe getenv("TRIBUTARY_POWER_POINTS") else { return 24 }
    return Int(unsafe String(cString: text)) ?? 24
  }()

  @Test(
    "wherever it goes, what was acknowledged is there once at the next start",
    arguments: ForgetfulStore.Phase.allCases)
  fileprivate func cut(phase: ForgetfulStore.Phase) async throws {
    var before = ForgetfulStore(phase)
    let base = SimulatedDisk()
    let first = try await ForgetfulStore.open(base)
    try await before.prepare(first)

    // How many operations there are from the start to the end.
    let whole = base.afterKill()
    whole.plan(.changes, after: .max, forever: false)
    var counted = before
    try await counted.run(try await ForgetfulStore.open(whole))
    let count = whole.operations
    #expect(count > 20)

    var random = SeededGenerator(seed: UInt64(phase.rawValue.utf8.count))
    let points =
      Self.points >= count
      ? Array(0..<count)
      : (0..<Self.points).map { $0 * count / Self.points + Int.random(in: 0..<8, using: &random) }
    for point in points {
      var life = before
      let disk = base.afterKill()
      disk.plan(.changes, after: point, forever: true)
      do { try await life.run(try await ForgetfulStore.open(disk)) } catch {
        // As it should: the disk has gone.
      }
      for keeping in [0, [200, 500, 900, 1000][point % 4]] {
        let left = disk.afterPowerLoss(seed: UInt64(point), keeping: keeping)
        let comment: Comment = "\(phase), operation \(point) of \(count), keeping \(keeping)"
        try await life.check(left.afterKill(), comment)
        // And once more while the next start mends what it finds.
        left.plan(.changes, after: Int.random(in: 0..<30, using: &random), forever: true)
        _ = try? await ForgetfulStore.open(left)  // As above.
        let last = left.afterPowerLoss(seed: UInt64(point) + 1, keeping: keeping)
        try await life.check(last, "\(comment), and in the start after it")
      }
    }
    await first.stop()
  }

  @Test(
    "a write, sync, rename or unlink that fails once loses nothing and doubles nothing",
    arguments: ForgetfulStore.Phase.allCases)
  fileprivate func fail(phase: ForgetfulStore.Phase) async throws {
    var before = ForgetfulStore(phase)
    let base = SimulatedDisk()
    let first = try await ForgetfulStore.open(base)
    try await before.prepare(first)
    let whole = base.afterKill()
    whole.plan(.changes, after: .max, forever: false)
    var counted = before
    try await counted.run(try await ForgetfulStore.open(whole))
    let count = whole.operations
    for point in stride(from: 0, to: count, by: max(1, count / Self.points)) {
      var life = before
      let disk = base.afterKill()
      let code = point % 2 == 0 ? EIO : ENOSPC
      disk.plan(.changes, after: point, forever: false, code: code)
      // Until it succeeds, in as many lives as that takes; a full disk has room again.
      for _ in 0..<3 {
        do {
          try await life.run(try await ForgetfulStore.open(disk))
          break
        } catch {}
      }
      let comment: Comment = "\(phase), operation \(point) of \(count), code \(code)"
      try await life.check(disk.afterKill(), comment)
      try await life.check(disk.afterPowerLoss(seed: UInt64(point), keeping: 0), comment)
    }
    await first.stop()
  }

  @Test("a disk that lied about packs is found out: what is missing is named, the rest answered")
  func lies() async throws {
    var life = ForgetfulStore(.seal)
    let disk = SimulatedDisk()
    disk.lie(about: ".pack.tmp")
    let store = try await ForgetfulStore.open(disk)
    try await life.prepare(store)
    for keeping in [0, 500, 900, 990] {
      for seed in 0..<8 as Range<UInt64> {
        let left = disk.afterPowerLoss(seed: seed, keeping: keeping)
        let files = Set(try left.names(in: left.path("store.db-packs")))
        let next = try await ForgetfulStore.open(left)
        for project in ForgetfulStore.projects {
          let must = life.told.must(project)
          let comment: Comment = "keeping \(keeping), seed \(seed)"
          do throws(any Error) {
            let seen = try await ForgetfulStore.seen(next, project)
            #expect(Set(seen).count == seen.count && Set(seen).isSubset(of: must), comment)
            let isNamed = !next.packTroubles.isEmpty || !next.missing(of: project).isEmpty
            #expect(seen.count == must.count || isNamed, comment)
          } catch {
            // A section that is met as damaged only where it is read: questions name it then.
            #expect(error is SectionProblem, comment)
          }
        }
        // Named packs stay where they are: nobody but an operator knows what else there is.
        #expect(files.isSubset(of: try left.names(in: left.path("store.db-packs"))))
        await next.stop()
      }
    }
    await store.stop()
  }
}
