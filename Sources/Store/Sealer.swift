import Compression
import Events
import Platform
import Sections
import Synchronization

/// Seals what is hot: one pack with the sections of all projects, which from then on is where these
/// events are. One seal at a time, on a thread of its own; intake and questions go on beside it.
actor Sealer {
  private let worker: Worker
  private nonisolated let hot: HotTier
  private let layout: HotLayout
  private let writer: StoreWriter
  private let packs: PackFolder
  private let merger: PackMerger
  private let counters: StoreCounters
  private let reached: (@Sendable (StoreStep) -> Void)?
  private let decompressor = ZstdDecompressor()
  private nonisolated let schedule: SealSchedule
  private var isSealing = false

  init(
    worker: Worker, hot: HotTier, layout: HotLayout, writer: StoreWriter, packs: PackFolder,
    merger: PackMerger, schedule: SealSchedule, counters: StoreCounters,
    reached: (@Sendable (StoreStep) -> Void)?
  ) {
    self.counters = counters
    self.reached = reached
    self.schedule = schedule
    self.worker = worker
    self.hot = hot
    self.layout = layout
    self.writer = writer
    self.packs = packs
    self.merger = merger
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe worker.asUnownedSerialExecutor() }

  private struct Share {
    let project: ProjectEvents
    let hot: SealableSections
  }

  /// Begins a seal on the sealer's own thread if so much is hot, or of this project alone if so much of
  /// it is laid out.
  nonisolated func sealIfFull(_ project: ProjectEvents) { seal(oldest: nil, or: project) }

  /// Begins a seal if so much is hot, or if what is hot is old: nobody else looks at the clock while
  /// nothing is committed.
  nonisolated func sealIfDue() { seal(oldest: hot.oldestReceipt, or: nil) }

  private nonisolated func seal(oldest: Int64?, or project: ProjectEvents?) {
    guard
      let scope = schedule.begin(
        hotEvents: hot.eventCount, oldest: oldest, laidOut: project?.laidOutRows ?? 0)
    else { return }
    Task(executorPreference: worker) { [self, schedule] in
      do throws(StoreError) {
        _ = try await seal(only: scope == .one ? project : nil)
        schedule.finish(nil)
        // Parts of a fast import come by the second; whatever else is due waits for the minute.
        if scope == .one { merger.mergeSoon() }
      } catch { schedule.finish(error) }
    }
  }

  /// Seals everything that was published before, or what is laid out of one project; returns how many
  /// events. Nothing happens if a seal is under way. A full disk leaves everything as it was.
  @discardableResult
  func seal(only alone: ProjectEvents? = nil) async throws(StoreError) -> Int {
    if isSealing { return 0 }
    isSealing = true
    defer { isSealing = false }
    if let alone { return try await sealParts(of: alone) }
    var sealed = 0
    var projects: [ProjectEvents] = []
    for project in hot.all.sorted(by: { $0.id.text < $1.id.text }) where project.count > 0 {
      // A project that cannot be read stays hot, and the others are sealed all the same.
      guard (try? await layout.layOut(project)) != nil else { continue }
      sealed += try await sealParts(of: project)
      projects.append(project)
    }
    return sealed + (try await seal(projects, rows: .max))
  }

  /// Seals what is laid out of a project, a part at a time as far as there are whole ones: the sections
  /// of a part are those of a pack, and nothing has to be merged.
  private func sealParts(of project: ProjectEvents) async throws(StoreError) -> Int {
    var sealed = 0
    while project.laidOutRows >= HotSection.packRows {
      let part = try await seal([project], rows: HotSection.packRows)
      if part == 0 { break }
      sealed += part
    }
    return sealed
  }

  /// One pack with the earliest sections of these projects.
  private func seal(_ projects: [ProjectEvents], rows: Int) async throws(StoreError) -> Int {
    var shares: [Share] = []
    for project in projects {
      guard let hot = await layout.sectionsToSeal(of: project, rows: rows) else { continue }
      shares.append(Share(project: project, hot: hot))
    }
    do throws(StoreError) {
      let sealed = try await seal(shares)
      await layout.endSeal()
      return sealed
    } catch {
      await layout.endSeal()
      throw error
    }
  }

  private func seal(_ shares: [Share]) async throws(StoreError) -> Int {
    if shares.isEmpty { return 0 }
    // What could not be read is in no pack: its rows have to stay.
    try await writer.setAside(shares.flatMap(\.project.unreadable))
    reached?(.sealBegun)
    let header = try await writer.nextPack()
    let pack: Pack
    do {
      try write(header, shares)
      pack = try packs.open(header.number)
      reached?(.sealWritten)
      try await writer.name(pack)
      reached?(.sealNamed)
    } catch {
      // A commit that failed may count all the same at the next start (RELIABILITY fact 5), and then the
      // file is the only place of its events.
      if await !writer.hasFailed { packs.removeUnfinished(header.number) }
      throw Self.problem(error)
    }
    defer { reached?(.sealShown) }
    return show(pack, shares)
  }

  static func problem(_ error: any Error) -> StoreError {
    switch error {
    case PackMergeProblem.pack(let problem): Self.problem(problem)
    case let error as StoreError: error
    case PackProblem.system(let error) where error.isOutOfSpace: .diskFull
    case PackProblem.system(let error): .failed(StoreFailure(error))
    default: .damaged("\(error)")
    }
  }

  private func write(_ header: PackIndex.Header, _ shares: [Share]) throws {
    var writer = try packs.begin(header)
    var sealed: [ProjectID: Int64] = [:]
    var secrets: [ProjectID: [UInt8]] = [:]
    for share in shares {
      sealed[share.project.id] = share.hot.lastBatch
      secrets[share.project.id] = share.project.secret.bytes
      let byWindow = Dictionary(grouping: share.hot.sections) { $0.section.directory.window }
      for (window, sections) in byWindow.sorted(by: { $0.key < $1.key }) {
        try writer.add(try section(of: sections, window, share.project))
      }
    }
    _ = try writer.finish(sealed: sealed, replaced: [], secrets: secrets)
  }

  private func section(
    of sections: [HotSection], _ window: Window, _ project: ProjectEvents
  ) throws(SectionProblem) -> EncodedSection {
    if sections.count == 1 { return sections[0].encoded }
    var merge = SectionMerge(
      window: window, secret: project.secret, seed: .random(in: .min ... .max))
    for section in sections { try merge.add(section.section, decompressor) }
    return try merge.finish(project: project.id)
  }

  /// From here on questions find these events in the pack.
  private func show(_ pack: Pack, _ shares: [Share]) -> Int {
    var byProject: [ProjectID: [SealedSection]] = [:]
    for (number, section) in pack.index.sections.enumerated() {
      byProject[section.project, default: []].append(SealedSection(pack, number))
    }
    packs.catalogue.add(pack)
    let bytes = pack.index.sections.reduce(0) { $0 + $1.byteCount }
    counters.merges.bytesSealed.add(bytes, ordering: .relaxed)
    var sealed = 0
    for share in shares {
      sealed += share.project.replace(
        share.hot.sections, by: byProject[share.project.id] ?? [], through: share.hot.lastBatch)
    }
    hot.unreserve(sealed)
    return sealed
  }
}
