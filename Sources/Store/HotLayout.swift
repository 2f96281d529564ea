import Events
import Platform
import Sections

/// Has hot batches laid out in sections, by several threads at once: after the start, as soon as enough
/// of them wait, or before a question that has to see them. Everything that questions read is a section
/// then. What was laid out in small parts is merged behind, and nobody waits for that.
actor HotLayout {
  private let worker: Worker
  private let hands: [LayoutHand]
  private let merger: LayoutHand
  private let clock: any Clock

  /// Projects of which enough waits, and somebody looks after them.
  private var watched: Set<ProjectID> = []
  /// By project: what is being laid out now.
  private var underWay: [ProjectID: Task<Void, any Error>] = [:]
  /// Projects of which sections are being merged.
  private var merging: Set<ProjectID> = []
  /// Sections that a seal has in hand stay as they are until it is over.
  private var sealing: Set<ObjectIdentifier> = []

  /// While less than a part waits, a second passes before it is laid out: what comes fast makes sections
  /// that nobody has to merge.
  private static let glance = Duration.milliseconds(50)
  private static let glances = 20
  /// So many sections of about one size become one.
  private static let fanIn = 8
  /// Larger sections wait for the seal as they are.
  private static let largestMerge = HotSection.partRows / 2

  init(worker: Worker, hands: [LayoutHand], merger: LayoutHand, clock: any Clock) {
    self.worker = worker
    self.hands = hands
    self.merger = merger
    self.clock = clock
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe worker.asUnownedSerialExecutor() }

  /// What a question about the project sees: everything that was published when this began.
  func snapshot(of project: ProjectEvents) async throws(StoreError) -> Snapshot {
    let last = project.lastWaiting
    do {
      while true {
        if let snapshot = try project.snapshotOfLaidOut(through: last) { return snapshot }
        try await layOutWaiting(of: project)
      }
    } catch { throw Self.problem(error) }
  }

  /// The earliest sections of what is laid out, with so many rows, or all of them.
  func sectionsToSeal(of project: ProjectEvents, rows: Int = .max) -> SealableSections? {
    guard let sealable = SealableSections(project.laidOut, rows: rows) else { return nil }
    sealing.formUnion(sealable.sections.map(ObjectIdentifier.init))
    return sealable
  }

  func endSeal() { sealing = [] }

  private static func problem(_ error: any Error) -> StoreError {
    error as? StoreError ?? .damaged("\(error)")
  }

  /// Lays out everything that was published when this began.
  func layOut(_ project: ProjectEvents) async throws(StoreError) {
    let last = project.lastWaiting
    do {
      while project.isWaiting(through: last) { try await layOutWaiting(of: project) }
    } catch { throw Self.problem(error) }
  }

  /// Lays out for as long as enough waits; nobody waits for it. What cannot be read is met again by the
  /// question that needs it, and by the next start.
  func layOutDue(_ project: ProjectEvents) async {
    guard watched.insert(project.id).inserted else { return }
    defer { watched.remove(project.id) }
    do {
      while project.waitingRows >= HotSection.layOutRows {
        for _ in 0..<Self.glances where project.waitingRows < HotSection.partRows {
          await clock.sleep(for: Self.glance)
        }
        try await layOutWaiting(of: project, wholePartsFirst: true)
      }
    } catch { return }
  }

  /// Lays out what waits now, or waits for whoever does.
  private func layOutWaiting(
    of project: ProjectEvents, wholePartsFirst: Bool = false
  ) async throws {
    if let task = underWay[project.id] { return try await task.value }
    let parts = LayoutParts(
      project.waiting, mostRows: HotSection.partRows, wholePartsFirst: wholePartsFirst)
    let task = Task(executorPreference: worker) { [self] in try await share(parts, of: project) }
    underWay[project.id] = task
    defer { beginMerge(of: project) }
    try await task.value
  }

  /// Each hand takes part after part; sections are shown in the order of batches.
  private func share(_ parts: LayoutParts, of project: ProjectEvents) async throws {
    // Before it has ended: whoever waits for it may go on first, and must not meet it again.
    defer { underWay[project.id] = nil }
    let windows = WindowRule(now: clock.wallMilliseconds)
    for output in try await parts.layOut(by: hands, of: project, windows: windows, on: worker) {
      project.replace(
        waiting: output.batches, by: output.sections, unreadable: output.unreadable)
    }
  }

  // MARK: Merges

  /// Keeps the number of sections small: begins to merge, if that is due and not under way.
  private func beginMerge(of project: ProjectEvents) {
    guard !merging.contains(project.id), due(project.laidOut) != nil else { return }
    merging.insert(project.id)
    Task(executorPreference: worker) { [self] in await mergeDue(of: project) }
  }

  private func mergeDue(of project: ProjectEvents) async {
    while let due = due(project.laidOut) {
      // Sections in memory that cannot be read are left as they are: questions say so.
      guard let merged = try? await merger.merge(due, of: project) else { break }
      // A seal may have taken them meanwhile: then nobody needs the merged one.
      if sealing.isDisjoint(with: due.map(ObjectIdentifier.init)) {
        _ = project.replace(due, by: merged)
      }
    }
    merging.remove(project.id)
  }

  /// The first tier of a window that is full.
  private func due(_ sections: [HotSection]) -> [HotSection]? {
    struct Tier: Hashable {
      let window: Window
      let size: Int
    }
    var tiers: [Tier: [HotSection]] = [:]
    for section in sections where !sealing.contains(ObjectIdentifier(section)) {
      let rows = section.section.rowCount
      guard rows < Self.largestMerge else { continue }
      let tier = Tier(
        window: section.section.directory.window,
        size: (Int.bitWidth - rows.leadingZeroBitCount) / 3)
      tiers[tier, default: []].append(section)
      if let full = tiers[tier], full.count == Self.fanIn { return full }
    }
    return nil
  }
}
