import Batches
import Compression
import Events
import Platform
import SQLite
import Sections

/// Lays hot batches out in sections, on a thread of its own: as soon as enough of them wait, or before
/// a question that has to see them. Everything that questions read is a section then.
actor HotLayout {
  private let worker: Worker
  private let shelf: BatchShelf
  private let path: String
  private let clock: any Clock
  private var database: Database?
  private let reader = StoredBatchReader()
  private let decompressor = ZstdDecompressor()

  /// So many sections of about one size become one.
  private static let fanIn = 8
  /// Larger sections wait for the seal as they are.
  private static let largestMerge = 1 << 18

  init(path: String, worker: Worker, shelf: BatchShelf, clock: any Clock) {
    self.path = path
    self.worker = worker
    self.shelf = shelf
    self.clock = clock
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe worker.asUnownedSerialExecutor() }

  /// What a question about the project sees: everything that was published when this began.
  func snapshot(of project: ProjectEvents) throws(StoreError) -> Snapshot {
    do {
      while true {
        if let snapshot = try project.snapshotOfLaidOut() { return snapshot }
        try layOut(project)
      }
    } catch { throw Self.problem(error) }
  }

  /// The sections of everything that is hot in the project, and the last batch that they hold.
  func sectionsToSeal(
    of project: ProjectEvents
  ) throws(StoreError) -> (sections: [HotSection], lastBatch: Int64)? {
    do { try layOut(project) } catch { throw Self.problem(error) }
    let sections = project.laidOut
    guard let last = sections.map(\.lastBatch).max() else { return nil }
    sealing.formUnion(sections.map(ObjectIdentifier.init))
    return (sections, last)
  }

  /// Sections that a seal has in hand stay as they are until it is over.
  private var sealing: Set<ObjectIdentifier> = []

  func endSeal() { sealing = [] }

  private static func problem(_ error: any Error) -> StoreError {
    error as? StoreError ?? .damaged("\(error)")
  }

  /// Lays out what waits, and keeps the number of sections small. A batch that it cannot read is
  /// left out: answers say that it is missing, and the next start or seal sets it aside.
  func layOut(_ project: ProjectEvents) throws {
    let waiting = project.waiting
    if !waiting.isEmpty {
      var rows = BatchRows(
        secret: project.secret, windows: WindowRule(now: clock.wallMilliseconds))
      var unreadable: [UnreadableBatch] = []
      for batch in waiting {
        let entry: BatchShelf.Entry
        do { entry = try shelf.batch(batch.number, from: open(), reader) } catch {
          guard case .damaged(let reason) = error else { throw error }
          unreadable.append(
            UnreadableBatch(
              number: batch.number, project: project.id.text, events: batch.count, reason: reason))
          continue
        }
        rows.add(
          entry.columns, from: entry.source, clockShift: entry.clockShift,
          except: batch.dropped.contains)
      }
      let last = waiting[waiting.count - 1].number
      project.replace(
        waiting: waiting.count,
        by: try rows.sections(project: project.id, seed: .random(in: .min ... .max)).map {
          try HotSection($0, lastBatch: last)
        }, unreadable: unreadable)
    }
    while let due = due(project.laidOut) { try merge(due, of: project) }
  }

  private func open() throws(StoreError) -> Database {
    if let database { return database }
    do throws(SQLiteError) {
      let database = try Database(path: path, configuration: .reader())
      self.database = database
      return database
    } catch { throw .damaged("\(error)") }
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

  private func merge(_ sections: [HotSection], of project: ProjectEvents) throws {
    var merge = SectionMerge(
      window: sections[0].section.directory.window, secret: project.secret,
      seed: .random(in: .min ... .max))
    for section in sections { try merge.add(section.section, decompressor) }
    let last = sections.map(\.lastBatch).max() ?? 0
    project.replace(
      sections, by: try HotSection(try merge.finish(project: project.id), lastBatch: last))
  }
}
