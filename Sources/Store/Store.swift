package import Batches
package import Events
package import Platform
package import Sections
import SQLite
import Synchronization

/// The aggregator's events: durable once `commit` returns, deduplicated for ever, ready for questions.
///
/// One thread writes; questions read immutable runs in memory, and whole events from the shelf.
package final class Store: Sendable {
  package struct Configuration: Sendable {
    package var path: String
    /// The most hot events; beyond it intake is refused.
    package var maximumHotEvents = 4_000_000
    /// So many hot events are sealed into a pack, or whatever is hot after so long.
    package var sealEvents = 1_000_000
    /// Whether anything is sealed without being asked for.
    package var sealsByItself = true
    package var sealAge: Duration = .seconds(86_400)
    /// The folder of the packs; beside the database where nothing else is said.
    package var packFolder: String?
    /// How fast merges read and write together; 0 knows no bound.
    package var mergeBytesPerSecond = 64 << 20
    /// So long the files of packs stay that were replaced by a merge; less where the disk is short.
    package var mergeGrace: Duration = .seconds(86_400)
    /// Told of every step of a seal, a merge or the unlinking of files: for tests, which end the process
    /// there.
    package var reached: (@Sendable (StoreStep) -> Void)?
    /// Memory for what was read of packs.
    package var cacheBytes = 128 << 20
    /// Memory for decoded batches.
    package var shelfBytes = 64 << 20
    /// Within so long everything sealed is read once to see whether it is as it was written; nil: never.
    package var scrubPeriod: Duration?
    /// How large the database file may grow; nil leaves that to the disk.
    package var maximumFileBytes: Int?
    /// How much may wait for the disk; beyond it intake is refused.
    package var waiting = StoreInbox.Limits(bytes: 128 << 20, requests: 4_096)
    /// Dead letters that a project may have, by count and by bytes; then the oldest go.
    package var maximumDeadLetters = 10_000
    package var maximumDeadLetterBytes = 64 << 20

    /// Below so many free bytes on the disk nothing is taken.
    package var minimumFreeBytes = 64 << 20
    /// A file that gives its blocks back when the disk is full; 0 for none.
    package var ballastBytes = 0
    package var disk: any Disk = SystemDisk()
    /// For how long after the start nothing is taken.
    package var pause: Duration?

    var room: StoreRoom.Configuration {
      StoreRoom.Configuration(
        folder: Directory(path).parent.path, reserveBytes: minimumFreeBytes,
        ballastBytes: ballastBytes, disk: disk)
    }

    var packPath: String { packFolder ?? path + "-packs" }

    var deadLetters: DeadLetterLimits {
      DeadLetterLimits(count: maximumDeadLetters, bytes: maximumDeadLetterBytes)
    }

    package init(path: String) { self.path = path }
  }

  package let hot: HotTier
  package let shelf: BatchShelf
  package let identity: StoreIdentity
  /// Batches that were set aside, at this start or an earlier one: answers lack their events.
  package let unreadable: [UnreadableBatch]
  /// Packs that were missing or damaged at this start: answers lack their events.
  package var packTroubles: [PackTrouble] { troubles.all }
  let troubles: PackTroubles
  private let layout: HotLayout
  private let sealer: Sealer
  private let sealing: SealSchedule
  let merger: PackMerger
  let clock: any Clock
  /// When expired rows were last looked for.
  private let expired = Atomic<UInt64>(0)
  /// Whether erasures are being carried out.
  let erasing = Atomic(false)
  package let packFolder: PackFolder
  package let counters: StoreCounters
  private let pause: IntakePause
  private let diskRoom: StoreRoom
  let inbox: StoreInbox
  let writer: StoreWriter
  private let threads: Threads
  private let scrub: Scrub
  /// The walks of the scrub, until the store stops.
  private let scrubbing: Task<Void, Never>?

  /// The store's threads, which live as long as the process: only tests open more than one store.
  struct Threads: Sendable {
    let writing = Worker(name: "store")
    let reading = Worker(name: "shelf")
    let layout = Worker(name: "layout")
    /// One processor is left to whoever commits.
    let hands = (0..<min(max(Processors.count - 1, 1), 4)).map { Worker(name: "layout-\($0)") }
    let hotMerging = Worker(name: "hot-merge")
    let sealing = Worker(name: "seal")
    let scrubbing = Worker(name: "scrub")
    let merging = Worker(name: "merge")
  }

  private init(
    hot: HotTier, shelf: BatchShelf, pause: IntakePause, room: StoreRoom, inbox: StoreInbox,
    counters: StoreCounters,
    writer: StoreWriter,
    threads: Threads,
    layout: HotLayout, sealer: Sealer, sealing: SealSchedule,
    merger: PackMerger, packFolder: PackFolder, clock: any Clock,
    scrub: Scrub, scrubbing: Task<Void, Never>?,
    identity: StoreIdentity, unreadable: [UnreadableBatch], packTroubles: [PackTrouble]
  ) {
    self.hot = hot
    self.shelf = shelf
    self.pause = pause
    diskRoom = room
    self.inbox = inbox
    self.counters = counters
    self.writer = writer
    self.threads = threads
    self.identity = identity
    self.unreadable = unreadable
    troubles = PackTroubles(packTroubles)
    self.layout = layout
    self.sealer = sealer
    self.sealing = sealing
    self.scrub = scrub
    self.scrubbing = scrubbing
    self.merger = merger
    self.clock = clock
    self.packFolder = packFolder
  }

  /// Opens or makes the store, and reads what is hot into memory. `onFailure` is called once, when
  /// the disk has failed: the program has to end without closing anything.
  package static func open(
    _ configuration: Configuration, clock: any Clock, random: any RandomSource,
    onFailure: @escaping @Sendable (StoreFailure) -> Void
  ) async throws(StoreError) -> Store {
    try await open(
      configuration, clock: clock, random: random, threads: Threads(), onFailure: onFailure)
  }

  static func open(
    _ configuration: Configuration, clock: any Clock, random: any RandomSource, threads: Threads,
    onFailure: @escaping @Sendable (StoreFailure) -> Void
  ) async throws(StoreError) -> Store {
    let shelf = BatchShelf(
      path: configuration.path, fileSystem: configuration.disk.databaseFileSystem,
      worker: threads.reading, maximumBytes: configuration.shelfBytes)
    func hand(_ worker: Worker) -> LayoutHand {
      LayoutHand(
        path: configuration.path, fileSystem: configuration.disk.databaseFileSystem,
        worker: worker, shelf: shelf)
    }
    let layout = HotLayout(
      worker: threads.layout, hands: threads.hands.map(hand), merger: hand(threads.hotMerging),
      clock: clock)
    let schedule = SealSchedule(
      configuration.sealsByItself
        ? SealSchedule.Limits(events: configuration.sealEvents, age: configuration.sealAge) : nil,
      clock: clock)
    let later = Mutex<Sealer?>(nil)
    let damage = Mutex<StoreWriter?>(nil)
    let hot = HotTier(
      maximumEvents: configuration.maximumHotEvents,
      key: HotIDs.Key(high: random.next(), low: random.next()), random: random,
      onDamage: { section in
        // Where it cannot be written down, the next question finds it again.
        let writer = damage.withLock { $0 }
        Task(executorPreference: threads.writing) {
          try? await writer?.setAside(damaged: [section])
        }
      }
    ) { project, isDue in
      if isDue { Task(executorPreference: threads.layout) { await layout.layOutDue(project) } }
      later.withLock { $0 }?.sealIfFull(project)
    }
    let packs = PackFolder(
      configuration.packPath, cacheBytes: configuration.cacheBytes, on: configuration.disk)
    // First of all: on a full disk this makes the room that opening needs.
    let room = StoreRoom(configuration.room, clock: clock)
    let counters = StoreCounters()
    let inbox = StoreInbox(limits: configuration.waiting, counters: counters)
    let writer = StoreWriter(
      configuration, worker: threads.writing, hot: hot, shelf: shelf, inbox: inbox,
      room: room, counters: counters, packs: packs, clock: clock, onFailure: onFailure)
    let merger = PackMerger(
      configuration, worker: threads.merging, hot: hot, writer: writer, packs: packs,
      counters: counters, clock: clock)
    let sealer = Sealer(
      worker: threads.sealing, hot: hot, layout: layout, writer: writer, packs: packs,
      merger: merger, schedule: schedule, counters: counters, reached: configuration.reached)
    let opened = try await writer.open(random: random)
    later.withLock { $0 = sealer }
    damage.withLock { $0 = writer }
    let scrub = Scrub(
      worker: threads.scrubbing, hot: hot, writer: writer, packs: packs,
      period: configuration.scrubPeriod ?? .seconds(7 * 86_400), clock: clock)
    let scrubbing = configuration.scrubPeriod.map { _ in
      Task(executorPreference: threads.scrubbing) { await scrub.run() }
    }
    sealer.sealIfDue()
    // The first question finds sections. What cannot be read is met again by whoever needs it.
    Task(executorPreference: threads.layout) {
      for project in hot.all { try? await layout.layOut(project) }
    }
    let store = Store(
      hot: hot, shelf: shelf, pause: IntakePause(configuration.pause, clock: clock), room: room,
      inbox: inbox,
      counters: counters, writer: writer, threads: threads,
      layout: layout,
      sealer: sealer, sealing: schedule, merger: merger, packFolder: packs, clock: clock,
      scrub: scrub, scrubbing: scrubbing,
      identity: opened.identity, unreadable: opened.unreadable, packTroubles: opened.packs)
    if !opened.returning.isEmpty {
      Task(executorPreference: threads.merging) { await store.takeBack(opened.returning) }
    }
    return store
  }

  /// Why nothing would be taken at the moment; nil where it would. Cheap, and wrong either way at times:
  /// for looking before a body is read.
  package var refusal: StoreError? { pauseRefusal ?? diskRoom.refusal ?? inbox.refusal }

  /// How much room the disk has; the figure is at most a second old.
  package var room: Room { diskRoom.status }

  private var pauseRefusal: StoreError? {
    pauseRest.map { .paused(seconds: Int(($0 / .seconds(1)).rounded(.up))) }
  }

  /// What is left of the pause after this start; nil once intake is open.
  package var pauseRest: Duration? { pause.rest }

  /// What waits for the disk, and how much may.
  package var waiting: StoreInbox.Waiting { inbox.waiting }
  package var waitingLimits: StoreInbox.Limits { inbox.limits }

  /// Stores a batch, and returns once that is on disk.
  package func commit(_ batch: ArrivedBatch) async throws(StoreError) -> CommitOutcome {
    try await commit(.batch(batch))
  }

  /// Notes that a range of a collector's sequences is lost.
  package func commit(_ gap: ArrivedGap) async throws(StoreError) -> CommitOutcome {
    try await commit(.gap(gap))
  }

  private func commit(_ content: StoreInbox.Content) async throws(StoreError) -> CommitOutcome {
    if let refusal = pauseRefusal { throw refusal }
    let result = await withCheckedContinuation { reply in
      if inbox.put(StoreInbox.Arrival(content) { reply.resume(returning: $0) }) {
        Task(executorPreference: threads.writing) { [writer] in await writer.drain() }
      }
    }
    return try result.get()
  }

  /// The committed sequences of a collector's epoch, by project.
  package func watermarks(
    of collector: String, epoch: Epoch
  ) async -> [String: SequenceRanges] {
    await writer.watermarks(of: collector, epoch: epoch)
  }

  /// Whether two collectors were seen under this epoch: both have to take new ones (RELIABILITY A10).
  package func isForked(_ collector: String, epoch: Epoch) async -> Bool {
    await writer.isForked(collector, epoch)
  }

  /// What a question about a project sees; nil for a project without events.
  package func snapshot(of project: ProjectID) async throws(StoreError) -> Snapshot? {
    guard let events = hot.existing(project) else { return nil }
    return try await layout.snapshot(of: events)
  }

  /// What the packs hold.
  package var sealed: (events: Int, sections: Int, sectionsAside: Int) {
    var sum = (events: 0, sections: 0, sectionsAside: 0)
    for section in hot.all.lazy.flatMap(\.sealed) {
      if section.reasonAside == nil {
        sum.events += section.place.rowCount
        sum.sections += 1
      } else {
        sum.sectionsAside += 1
      }
    }
    return sum
  }

  /// The sections that are set aside, by their names.
  package var sectionsAside: [String] {
    hot.all.flatMap(\.sealed).filter { $0.reasonAside != nil }
      .sorted { ScrubPosition($0) < ScrubPosition($1) }.map(\.name)
  }

  /// Why the last seal came to nothing: what is hot stays hot, and the next one tries again.
  package var sealTrouble: StoreError? { sealing.trouble }

  /// Seals what is hot into a pack; returns how many events that were.
  @discardableResult
  package func seal() async throws(StoreError) -> Int { try await sealer.seal() }

  /// How far the scrub is, and what it has found of packs; sections that it found are set aside.
  package var scrubStatus: ScrubStatus { scrub.status }

  /// Reads everything sealed now, with a pause for each section as the period says.
  package func scrubNow() async { await scrub.walk() }

  /// What the answers of a project lack at the moment, in words.
  package func missing(of project: ProjectID) -> [String] {
    hot.existing(project)?.missing ?? []
  }

  /// Does the merge of packs that is due; false if there was none.
  @discardableResult
  package func merge() async throws(StoreError) -> Bool { try await merger.mergeNext() }

  /// What has to be done now and then: what is hot and old is sealed, what projects do not keep any more
  /// goes, merges that are due are done, and the files that they have replaced are unlinked.
  package func tend(keepingSince watermarks: [ProjectID: Int64] = [:]) async throws(StoreError) {
    sealer.sealIfDue()
    let raised = try await writer.raise(watermarks)
    // Rows that were hot when a watermark was raised are met once they are sealed.
    let now = clock.monotonicNanoseconds
    if !raised.isEmpty || now &- expired.load(ordering: .relaxed) >= Self.expiryNanoseconds {
      expired.store(now, ordering: .relaxed)
      _ = try await merger.expire()
    }
    while try await merger.mergeNext() {}
    try await unlinkRetired()
  }

  private static let expiryNanoseconds: UInt64 = 3_600_000_000_000

  /// Unlinks the files of replaced packs that nobody can need any more; returns how many.
  @discardableResult
  package func unlinkRetired() async throws(StoreError) -> Int {
    let count = try await writer.unlinkRetired()
    counters.merges.packsUnlinked.add(count, ordering: .relaxed)
    return count
  }

  /// Takes nothing more, and closes what is open.
  package func stop() async {
    scrubbing?.cancel()
    inbox.close(.stopped)
    await writer.close()
  }
}
