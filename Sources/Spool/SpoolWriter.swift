import Platform
import SQLite

/// The one owner of the database: an actor on a thread of its own. One job is one transaction, so
/// that appending, shipping and acknowledging take turns.
actor SpoolWriter {
  private let worker: Worker
  private let clock: any Clock
  private let random: any RandomSource
  private let configuration: SpoolConfiguration
  private let onFailure: @Sendable (SpoolError) -> Void
  let inbox: Inbox

  private var store: SpoolStore?
  /// Held for as long as the process lives, also after a failure.
  private var lock: (any DiskLock)?
  private var failure: SpoolError?

  /// Requests taken from the inbox, those before `done` answered.
  private var taken: [Inbox.Entry] = []
  private var done = 0
  private var group: [AppendRequest] = []
  private var waitingForWork: [CheckedContinuation<Void, Never>] = []
  private var counters = SpoolCounters()

  init(
    configuration: SpoolConfiguration, worker: Worker, clock: any Clock, random: any RandomSource,
    onFailure: @escaping @Sendable (SpoolError) -> Void
  ) {
    self.configuration = configuration
    self.worker = worker
    self.clock = clock
    self.random = random
    self.onFailure = onFailure
    inbox = Inbox(maximumBytes: configuration.maximumWaitingBytes)
  }

  // SAFETY: the worker lives as long as its process.
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe worker.asUnownedSerialExecutor() }

  func open(_ disk: any Disk) throws(SpoolError) {
    let opened = try SpoolOpening(
      configuration: configuration, disk: disk, random: random, now: clock.wallMilliseconds
    ).open()
    store = opened.store
    lock = opened.lock
  }

  // MARK: Appending

  /// Commits one group and comes back for the next, so that other work gets its turn between two.
  func drain() {
    if done == taken.count {
      taken.removeAll(keepingCapacity: true)
      done = 0
      inbox.take(into: &taken)
      if taken.isEmpty { return }
    }
    let end = groupEnd()
    commit(done..<end)
    done = end
    betweenGroups()
    Task { drain() }
  }

  /// The end of the next group: as much as the limits allow, one request at least.
  private func groupEnd() -> Int {
    var events = 0
    var bytes = 0
    var end = done
    while end < taken.count {
      let request = taken[end].request
      events += request.ends.count
      bytes += request.records.count
      let limit = configuration.groupLimit
      if end > done, events > limit.events || bytes > limit.bytes { break }
      end += 1
    }
    return end
  }

  private func commit(_ entries: Range<Int>) {
    var answer = failure ?? inbox.refusal.flatMap { $0 == .stopping ? nil : $0 }
    if answer == nil, let store {
      group.removeAll(keepingCapacity: true)
      for number in entries { group.append(taken[number].request) }
      let start = clock.monotonicNanoseconds
      do throws(SQLiteError) {
        try store.append(group[...], now: clock.wallMilliseconds)
        counters.countCommit(nanoseconds: clock.monotonicNanoseconds - start)
        for number in entries { counters.appended += UInt64(taken[number].request.ends.count) }
      } catch {
        answer = error.isFull ? .full(retryAfter: .seconds(10)) : fail(error)
      }
    }
    if answer != nil { counters.refused += UInt64(entries.count) }
    for number in entries { taken[number].answer(answer) }
    if answer == nil { wakeWaiting() }
  }

  private func betweenGroups() {
    guard let store, failure == nil, store.database.walPages >= 1000 else { return }
    do throws(SQLiteError) {
      _ = try store.database.checkpoint(.passive)
    } catch { _ = fail(error) }
  }

  // MARK: Shipping

  /// Runs one transaction on the store.
  func run<R: Sendable>(
    _ body: (SpoolStore) throws(SQLiteError) -> R
  ) throws(SpoolError) -> R {
    if let failure { throw failure }
    guard let store else { throw .stopping }
    do throws(SQLiteError) {
      let result = try body(store)
      betweenGroups()
      if store.ledgers.contains(where: \.hasWork) { wakeWaiting() }
      return result
    } catch {
      if error.isFull { throw .full(retryAfter: .seconds(10)) }
      throw fail(error)
    }
  }

  /// Returns when there is something to seal, or when the spool stops.
  func waitForWork() async {
    guard let store, failure == nil, !store.ledgers.contains(where: \.hasWork) else { return }
    await withCheckedContinuation { waitingForWork.append($0) }
  }

  private func wakeWaiting() {
    if waitingForWork.isEmpty { return }
    for waiting in waitingForWork { waiting.resume() }
    waitingForWork.removeAll()
  }

  // MARK: Ending

  /// Nothing is written any more, and the database is not closed: what its log holds is for the next
  /// start to judge.
  private func fail(_ error: SQLiteError) -> SpoolError {
    let failed = SpoolError.failed(error.description)
    guard failure == nil else { return failed }
    failure = failed
    store?.database.abandon()
    inbox.close(failed)
    wakeWaiting()
    onFailure(failed)
    return failed
  }

  /// Refuses new events, commits those that wait, and closes.
  func stop() {
    inbox.refuse(.stopping)
    while failure == nil {
      if done == taken.count {
        taken.removeAll(keepingCapacity: true)
        done = 0
        inbox.take(into: &taken)
        if taken.isEmpty { break }
      }
      let end = groupEnd()
      commit(done..<end)
      done = end
    }
    wakeWaiting()
    store = nil
    if failure == nil { lock = nil }
  }

  func status() throws(SpoolError) -> SpoolStatus {
    let counters = counters
    return try run { store throws(SQLiteError) in try store.status(counters) }
  }
}
