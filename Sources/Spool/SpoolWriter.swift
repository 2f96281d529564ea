import Events
import Platform
import SQLite

/// The one owner of the database: an actor on a thread of its own. One job is one transaction, so
/// that appending, shipping and acknowledging take turns.
actor SpoolWriter {
  let configuration: SpoolConfiguration
  let disk: any Disk
  let clock: any Clock
  let worker: Worker
  private let random: any RandomSource
  private let onFinding: @Sendable (SpoolFinding) -> Void
  private let onFailure: @Sendable (SpoolError) -> Void
  let inbox: Inbox

  var store: SpoolStore?
  /// Held for as long as the process lives, also after a failure.
  private var lock: (any DiskLock)?
  /// When writing failed, in this run and those before it.
  private(set) var failedEnds: FailedEndsFile?
  var failure: SpoolError?
  var upkeep = Upkeep()
  var counters = SpoolCounters()
  var salvage: Salvage?

  /// Requests taken from the inbox, those before `done` answered.
  private var taken: [Inbox.Entry] = []
  private var done = 0
  private var group: [AppendRequest] = []
  private var waitingForWork: [CheckedContinuation<Void, Never>] = []

  init(
    configuration: SpoolConfiguration, worker: Worker, disk: any Disk, clock: any Clock,
    random: any RandomSource, onFinding: @escaping @Sendable (SpoolFinding) -> Void,
    onFailure: @escaping @Sendable (SpoolError) -> Void
  ) {
    self.configuration = configuration
    self.disk = disk
    self.worker = worker
    self.clock = clock
    self.random = random
    self.onFinding = onFinding
    self.onFailure = onFailure
    inbox = Inbox(maximumBytes: configuration.maximumWaitingBytes)
  }

  // SAFETY: the worker lives as long as its process.
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe worker.asUnownedSerialExecutor() }

  func open() throws(SpoolError) {
    let opened = try SpoolOpening(
      configuration: configuration, disk: disk, clock: clock, random: random
    ).open()
    store = opened.store
    lock = opened.lock
    upkeep.slots = opened.mark
    failedEnds = opened.failedEnds
    upkeep.findings = opened.findings
    for case .rowDamaged in opened.findings { counters.damagedRows += 1 }
    upkeep.salvages = opened.salvages
    beginUpkeep()
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
    commitGroup()
    afterCommit()
    Task { drain() }
  }

  private func commitGroup() {
    let end = groupEnd()
    let answer = commit(done..<end)
    for number in done..<end { taken[number].answer(answer) }
    if answer != nil { counters.refused += UInt64(end - done) }
    done = end
    if answer == nil { wakeWaiting() }
  }

  /// The end of the next group: as much as the limits allow, one request at least.
  private func groupEnd() -> Int {
    var block = (events: 0, bytes: 0)
    let limit = configuration.groupLimit
    var end = done
    while end < taken.count {
      let request = taken[end].request
      block.events += request.ends.count
      block.bytes += request.records.count
      if end > done, block.events > limit.events || block.bytes > limit.bytes { break }
      end += 1
    }
    return end
  }

  private func commit(_ entries: Range<Int>) -> SpoolError? {
    if let failure { return failure }
    guard let store else { return .stopping }
    group.removeAll(keepingCapacity: true)
    var block = (events: 0, bytes: 0)
    for number in entries {
      let request = taken[number].request
      group.append(request)
      block.events += request.ends.count
      block.bytes += request.records.count
    }
    // Below the cap SQLite is never asked for a page that it must refuse.
    if upkeep.isDraining { return .draining(retryAfter: Self.drainingRetry) }
    guard !upkeep.level.isRed,
      configuration.room.holds(block.bytes, events: block.events, used: upkeep.usedBytes)
    else { return .full(retryAfter: Self.retryAfter) }
    let start = clock.monotonicNanoseconds
    do throws(SQLiteError) {
      try store.append(group[...])
      counters.commits += 1
      counters.appended += UInt64(block.events)
      counters.lastCommitNanoseconds = clock.monotonicNanoseconds &- start
      return nil
    } catch {
      guard error.isFull else { return fail(error) }
      isFull()
      return .full(retryAfter: Self.retryAfter)
    }
  }

  static let retryAfter = Duration.seconds(10)
  static let drainingRetry = Duration.seconds(60)

  // MARK: Shipping

  /// Runs one transaction on the store.
  func run<R: Sendable>(
    _ body: (SpoolStore) throws(SQLiteError) -> R
  ) throws(SpoolError) -> R {
    if let failure { throw failure }
    guard let store else { throw .stopping }
    do throws(SQLiteError) {
      defer { tellFindings() }
      let result = try body(store)
      if store.commit != upkeep.seenCommit {
        afterCommit()
        if store.ledgers.contains(where: \.hasWork) { wakeWaiting() }
      }
      return result
    } catch {
      guard error.isFull else { throw fail(error) }
      // With the ballast gone there may be room: what is kept must be able to leave.
      if isFull() { return try run(body) }
      throw .full(retryAfter: Self.retryAfter)
    }
  }

  func rotateEpoch() throws(SpoolError) -> Epoch {
    let epoch = Epoch(random: random)
    try run { store throws(SQLiteError) in try store.rotate(to: epoch) }
    return epoch
  }

  /// Returns when there is something to seal, or when the spool stops.
  func waitForWork(except projects: Set<ProjectID>) async {
    // The store itself must not be held while this waits: `stop` closes it by letting go.
    let hasWork = store?.ledgers.contains { $0.hasWork && !projects.contains($0.project) }
    guard failure == nil, let hasWork, !hasWork else { return }
    await withCheckedContinuation { waitingForWork.append($0) }
  }

  func wakeWaiting() {
    if waitingForWork.isEmpty { return }
    for waiting in waitingForWork { waiting.resume() }
    waitingForWork.removeAll()
  }

  /// Tells of what was found since the last time.
  func tellFindings() {
    guard let found = store?.takeFindings(), !found.isEmpty else { return }
    for finding in found {
      if case .rowDamaged = finding { counters.damagedRows += 1 }
      if upkeep.findings.count < SpoolStore.maximumFindings { upkeep.findings.append(finding) }
      onFinding(finding)
    }
  }

  // MARK: Ending

  /// Nothing is written any more, and the database is not closed: what its log holds is for the next
  /// start to judge.
  @discardableResult
  func fail(_ error: SQLiteError) -> SpoolError {
    let failed = SpoolError.failed(error.description)
    guard failure == nil else { return failed }
    failure = failed
    if error.isWriteFailure { noteFailure() }
    if error.isUnsound {
      // Without this the next start might read up to the same place and fail again, for ever. If it
      // cannot be written either, that is what happens, and people will look.
      try? disk.write([1], to: configuration.directory + "/" + SpoolFiles.unsound, at: 0)
      try? disk.synchronizeDirectory(configuration.directory)
    }
    store?.database.abandon()
    inbox.close(failed)
    wakeWaiting()
    onFailure(failed)
    return failed
  }

  /// Refuses new events, commits those that wait, and closes.
  func stop() {
    inbox.close(failure ?? .stopping)
    while failure == nil {
      if done == taken.count {
        taken.removeAll(keepingCapacity: true)
        done = 0
        inbox.take(into: &taken)
        if taken.isEmpty { break }
      }
      commitGroup()
    }
    wakeWaiting()
    if failure == nil { endUpkeep() }
    salvage = nil
    store = nil
    if failure == nil { lock = nil }
  }

  func status() throws(SpoolError) -> SpoolStatus {
    var counters = counters
    counters.refused += inbox.refused
    let upkeep = upkeep
    return try run { store throws(SQLiteError) in try store.status(counters, upkeep) }
  }
}
