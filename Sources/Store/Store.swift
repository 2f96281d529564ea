package import Batches
package import Platform
import SQLite
import Synchronization

/// The aggregator's events: durable once `commit` returns, deduplicated for ever, ready for questions.
///
/// One thread writes; questions read immutable runs in memory, and whole events from the shelf.
package final class Store: Sendable {
  package struct Configuration: Sendable {
    package var path: String
    /// The most hot events; beyond it intake is refused.
    package var maximumHotEvents = 10_000_000
    /// Memory for decoded batches.
    package var shelfBytes = 64 << 20
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
  package let counters: StoreCounters
  private let pause: IntakePause
  private let diskRoom: StoreRoom
  let inbox: StoreInbox
  let writer: StoreWriter
  private let threads: Threads

  /// The store's threads, which live as long as the process: only tests open more than one store.
  struct Threads: Sendable {
    let writing = Worker(name: "store")
    let reading = Worker(name: "shelf")
    let merging = Worker(name: "merge")
  }

  private init(
    hot: HotTier, shelf: BatchShelf, pause: IntakePause, room: StoreRoom, inbox: StoreInbox,
    counters: StoreCounters,
    writer: StoreWriter,
    threads: Threads,
    identity: StoreIdentity, unreadable: [UnreadableBatch]
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
    let hot = HotTier(
      maximumEvents: configuration.maximumHotEvents,
      key: HotIDs.Key(high: random.next(), low: random.next()), merger: threads.merging)
    let shelf = BatchShelf(
      path: configuration.path, worker: threads.reading, maximumBytes: configuration.shelfBytes)
    // First of all: on a full disk this makes the room that opening needs.
    let room = StoreRoom(configuration.room, clock: clock)
    let counters = StoreCounters()
    let inbox = StoreInbox(limits: configuration.waiting, counters: counters)
    let writer = StoreWriter(
      configuration, worker: threads.writing, hot: hot, shelf: shelf, inbox: inbox,
      room: room, counters: counters, clock: clock, onFailure: onFailure)
    let opened = try await writer.open(random: random)
    return Store(
      hot: hot, shelf: shelf, pause: IntakePause(configuration.pause, clock: clock), room: room,
      inbox: inbox,
      counters: counters, writer: writer, threads: threads,
      identity: opened.identity, unreadable: opened.unreadable)
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

  /// Takes nothing more, and closes what is open.
  package func stop() async {
    inbox.close(.stopped)
    await writer.close()
  }
}
