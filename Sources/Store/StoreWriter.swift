import Batches
import Compression
import Events
import Platform
import SQLite
import Sections
import Synchronization

/// The store's one thread that writes: it takes what has arrived together, decides row by row what is
/// new, commits all of it in one transaction, and only then shows it and answers.
actor StoreWriter {
  let configuration: Store.Configuration
  private let worker: Worker
  let hot: HotTier
  let shelf: BatchShelf
  private let inbox: StoreInbox
  private let counters: StoreCounters
  let room: StoreRoom
  let clock: any Clock
  private let onFailure: @Sendable (StoreFailure) -> Void

  let batches = StoredBatchReader()
  let decompressor = ZstdDecompressor()
  private var opened: StoreFile?
  private(set) var hasFailed = false
  var nextNumber: Int64 = 1
  var watermarks: [StreamKey: SequenceRanges] = [:]
  var forkedEpochs: Set<EpochKey> = []
  var journal = Journal(firstNumber: 1)
  /// Projects whose secret is on disk.
  var storedSecrets: Set<ProjectID> = []
  let packs: PackFolder
  /// Who is whom, as everything that was committed says.
  var joins: [ProjectID: JoinGraph] = [:]
  /// The number and the generation that were given to a pack last.
  var lastPack: UInt64 = 0
  var lastGeneration: UInt64 = 0
  /// Packs that the catalogue names and that could not be opened at this start.
  var unopened: Set<UInt64> = []
  /// Packs that were missing before and are back, until they are judged.
  var returning: [Pack] = []
  /// By project: the time before which it keeps nothing.
  var retention: [ProjectID: Int64] = [:]
  /// Every erasure there was, and by project whom they mean.
  var erasures: [PersonErasure] = []
  var erased: [ProjectID: ErasedPeople] = [:]

  init(
    _ configuration: Store.Configuration, worker: Worker, hot: HotTier, shelf: BatchShelf,
    inbox: StoreInbox, room: StoreRoom, counters: StoreCounters, packs: PackFolder,
    clock: any Clock, onFailure: @escaping @Sendable (StoreFailure) -> Void
  ) {
    self.configuration = configuration
    self.worker = worker
    self.hot = hot
    self.shelf = shelf
    self.inbox = inbox
    self.counters = counters
    self.packs = packs
    self.room = room
    self.clock = clock
    self.onFailure = onFailure
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe worker.asUnownedSerialExecutor() }

  /// Opens or makes the file and reads what is hot into memory. Everything else comes after it.
  /// Batches that cannot be read are returned, and are no reason not to start.
  func open(
    random: any RandomSource
  ) throws(StoreError) -> Opened {
    let file = try StoreFile(configuration, random: random)
    opened = file
    let secrets = try writing { () throws(SQLiteError) in try file.secrets() }
    for (project, secret) in secrets { hot.add(project, secret: secret) }
    storedSecrets = Set(secrets.map(\.project))
    let generation = try writing { () throws(SQLiteError) in try file.generation() }
    let missing = try openPacks()
    try loadRetention()
    try loadErasures()
    let unreadable = try file.load(into: hot, now: clock.wallMilliseconds)
    let comeAgain = try judgeReturning(returning)
    returning = []
    try openJoins(packsSince: generation)
    let identity = try writing { () throws(SQLiteError) in
      nextNumber = try file.nextNumber()
      watermarks = try file.watermarks()
      forkedEpochs = try file.forkedEpochs()
      return try file.identity()
    }
    room.settle()
    let troubles = missing + comeAgain.map(PackTrouble.init(returning:))
    return Opened(
      identity: identity, unreadable: unreadable, packs: troubles, returning: comeAgain)
  }

  struct Opened {
    let identity: StoreIdentity
    let unreadable: [UnreadableBatch]
    let packs: [PackTrouble]
    let returning: [Pack]
  }

  var file: StoreFile {
    guard let opened else { preconditionFailure("the store is used before it was opened") }
    return opened
  }

  /// Commits group after group until nothing waits. Between two groups others have their turn: hellos
  /// want watermarks also while batches never cease.
  func drain() async {
    while true {
      let group = inbox.take()
      if group.isEmpty { return }
      commit(group)
      if !hasFailed { checkpointIfDue() }
      await Task.yield()
    }
  }

  /// The committed sequences of one collector and epoch, by project.
  func watermarks(of collector: String, epoch: Epoch) -> [String: SequenceRanges] {
    var found: [String: SequenceRanges] = [:]
    for (key, ranges) in watermarks where key.collector == collector && key.epoch == epoch {
      found[key.project] = ranges
    }
    return found
  }

  /// Whether two collectors were seen under this epoch.
  func isForked(_ collector: String, _ epoch: Epoch) -> Bool {
    forkedEpochs.contains(EpochKey(collector: collector, epoch: epoch))
  }

  /// Writes everything into the database file and ends; nothing is written after a failure.
  func close() {
    if hasFailed { return }
    // What is in the WAL is durable; a checkpoint only makes the next start quicker.
    _ = try? file.database.checkpoint(.truncate)
  }

  // MARK: One group

  /// One arrival's part of a group: its answer, and the rows that are shown once it is committed.
  struct Plan {
    let arrival: StoreInbox.Arrival
    let outcome: Result<CommitOutcome, StoreError>
    var stored: Stored?

    struct Stored {
      let batch: ArrivedBatch
      let number: Int64
      let dropped: RowSet
    }
  }

  /// What a group has changed in memory so far, to be taken back if its transaction fails.
  struct Journal {
    let firstNumber: Int64
    var claims: [(project: ProjectEvents, batch: ArrivedBatch, number: Int64)] = []
    var reserved = 0
    var conflicts = 0
    var conflictSamplesLeftOut = 0
    var deadLetters = 0
    var deadLettersEvicted = 0
    var forkedEpochs: [EpochKey] = []
    var secrets: Set<ProjectID> = []
    var joins: [(project: ProjectEvents, operation: JoinGraph.Operation)] = []
    var joinsRefused = 0
    var erasedRows = 0
    /// The streams that were advanced, as they were before.
    var watermarks: [StreamKey: SequenceRanges?] = [:]
  }

  private func commit(_ group: [StoreInbox.Arrival]) {
    if let refusal = room.measure() {
      for arrival in group { arrival.answer(.failure(refusal)) }
      return
    }
    journal = Journal(firstNumber: nextNumber)
    var plans: [Plan] = []
    do throws(StoreError) {
      try writing { () throws(SQLiteError) in try file.database.execute("BEGIN IMMEDIATE") }
      for arrival in group { plans.append(try plan(arrival)) }
      try writing { () throws(SQLiteError) in try file.database.execute("COMMIT") }
    } catch {
      undo()
      // First the inbox closes: nobody who hears of the failure may wait in it again.
      if case .failed(let failure) = error { fail(failure) }
      if error == .diskFull { room.foundRoom(false) }
      for arrival in group { arrival.answer(.failure(error)) }
      return
    }
    room.foundRoom(true)
    storedSecrets.formUnion(journal.secrets)
    hot.count(conflicts: journal.conflicts)
    showJoins()
    counters.add(journal)
    for case let stored? in plans.map(\.stored) {
      hot.publish(
        WaitingBatch(
          number: stored.number, rows: stored.batch.columns.rowCount, dropped: stored.dropped,
          received: stored.batch.received),
        of: stored.batch.project)
    }
    for plan in plans { plan.arrival.answer(plan.outcome) }
  }

  /// Takes back what a failed transaction had changed in memory.
  private func undo() {
    for claim in journal.claims {
      claim.project.unclaim(
        claim.batch.columns.ids, batch: claim.number, rows: claim.batch.columns.ids.indices)
      shelf.forget(claim.number)
    }
    hot.unreserve(journal.reserved)
    nextNumber = journal.firstNumber
    for (stream, ranges) in journal.watermarks { watermarks[stream] = ranges }
    forkedEpochs.subtract(journal.forkedEpochs)
    // The file may have refused even this; then there is no transaction to undo.
    if file.database.isInTransaction { try? file.database.execute("ROLLBACK") }
  }

  /// After this the file is neither written nor closed: the next start judges what it holds.
  func fail(_ failure: StoreFailure) {
    hasFailed = true
    file.database.abandon()
    inbox.close(.failed(failure))
    onFailure(failure)
  }

  // MARK: Between groups

  /// Checkpoints stand between groups, so that no commit pays for one that it did not need.
  private func checkpointIfDue() {
    room.settle()
    guard file.database.walPages >= Self.checkpointPages else { return }
    do throws(SQLiteError) {
      try file.deleteReceipts(before: clock.wallMilliseconds - Self.receiptMilliseconds)
      _ = try file.database.checkpoint(.passive)
    } catch {
      // A full disk or a reader in the way only leaves the WAL longer until the next time.
      if error.mustStop { fail(StoreFailure(error)) }
    }
  }

  /// Replays older than this are recognised by their events' ids instead.
  private static let receiptMilliseconds: Int64 = 30 * 86_400_000
  /// 16 MiB of WAL.
  private static let checkpointPages = 4_096

  func writing<R>(_ body: () throws(SQLiteError) -> R) throws(StoreError) -> R {
    do {
      return try body()
    } catch {
      throw error.isFull ? .diskFull : .failed(StoreFailure(error))
    }
  }
}

extension StoreCounters {
  /// What a committed group has done.
  fileprivate func add(_ journal: StoreWriter.Journal) {
    conflictSamplesLeftOut.add(journal.conflictSamplesLeftOut, ordering: .relaxed)
    forkedEpochs.add(journal.forkedEpochs.count, ordering: .relaxed)
    deadLetters.add(journal.deadLetters, ordering: .relaxed)
    deadLettersEvicted.add(journal.deadLettersEvicted, ordering: .relaxed)
    joinsRefused.add(journal.joinsRefused, ordering: .relaxed)
    erasedRows.add(journal.erasedRows, ordering: .relaxed)
  }
}
