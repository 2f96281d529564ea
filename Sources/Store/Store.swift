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

    package init(path: String) { self.path = path }
  }

  package let hot: HotTier
  package let shelf: BatchShelf
  package let identity: StoreIdentity
  private let inbox: StoreInbox
  private let writer: StoreWriter
  private let worker: Worker

  private init(
    hot: HotTier, shelf: BatchShelf, inbox: StoreInbox, writer: StoreWriter, worker: Worker,
    identity: StoreIdentity
  ) {
    self.hot = hot
    self.shelf = shelf
    self.inbox = inbox
    self.writer = writer
    self.worker = worker
    self.identity = identity
  }

  /// Opens or makes the store, and reads what is hot into memory. `onFailure` is called once, when
  /// the disk has failed: the program has to end without closing anything.
  package static func open(
    _ configuration: Configuration, clock: any Clock, random: any RandomSource,
    onFailure: @escaping @Sendable (StoreError) -> Void
  ) async throws(StoreError) -> Store {
    let worker = Worker(name: "store")
    let hot = HotTier(
      maximumEvents: configuration.maximumHotEvents, key: random.next(),
      merger: Worker(name: "merge"))
    let shelf = BatchShelf(
      path: configuration.path, worker: Worker(name: "shelf"),
      maximumBytes: configuration.shelfBytes)
    let inbox = StoreInbox()
    let writer = StoreWriter(
      configuration, worker: worker, hot: hot, shelf: shelf, inbox: inbox, clock: clock,
      onFailure: onFailure)
    let identity = try await writer.open(random: random)
    return Store(
      hot: hot, shelf: shelf, inbox: inbox, writer: writer, worker: worker, identity: identity)
  }

  /// Stores a batch, and returns once that is on disk.
  package func commit(_ batch: ArrivedBatch) async throws(StoreError) -> CommitOutcome {
    try await commit(.batch(batch))
  }

  /// Notes that a range of a collector's sequences is lost.
  package func commit(_ gap: ArrivedGap) async throws(StoreError) -> CommitOutcome {
    try await commit(.gap(gap))
  }

  private func commit(_ content: StoreInbox.Content) async throws(StoreError) -> CommitOutcome {
    let result = await withCheckedContinuation { reply in
      if inbox.put(StoreInbox.Arrival(content, reply)) {
        Task(executorPreference: worker) { [writer] in await writer.drain() }
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

  /// Takes nothing more, and closes what is open.
  package func stop() async {
    inbox.close(.stopped)
    await writer.close()
  }
}
