import Batches
import Crypto
import Events
import Platform
import SQLite
import Synchronization

/// The store's one thread that writes: it takes what has arrived together, decides row by row what is
/// new, commits all of it in one transaction, and only then shows it and answers.
actor StoreWriter {
  private let configuration: Store.Configuration
  private let worker: Worker
  private let hot: HotTier
  private let shelf: BatchShelf
  private let inbox: StoreInbox
  private let clock: any Clock
  private let onFailure: @Sendable (StoreError) -> Void

  private let batches = StoredBatchReader()
  private var opened: StoreFile?
  private var nextNumber: Int64 = 1
  private var watermarks: [StreamKey: SequenceRanges] = [:]
  private var nextReceiptPurge: Int64 = 0

  init(
    _ configuration: Store.Configuration, worker: Worker, hot: HotTier, shelf: BatchShelf,
    inbox: StoreInbox, clock: any Clock, onFailure: @escaping @Sendable (StoreError) -> Void
  ) {
    self.configuration = configuration
    self.worker = worker
    self.hot = hot
    self.shelf = shelf
    self.inbox = inbox
    self.clock = clock
    self.onFailure = onFailure
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe worker.asUnownedSerialExecutor() }

  /// Opens or makes the file and reads what is hot into memory. Everything else comes after it.
  func open(random: any RandomSource) throws(StoreError) -> StoreIdentity {
    let file = try StoreFile(path: configuration.path, random: random)
    opened = file
    try file.load(into: hot)
    return try writing { () throws(SQLiteError) in
      nextNumber = try file.nextNumber()
      watermarks = try file.watermarks()
      return try file.identity()
    }
  }

  private var file: StoreFile {
    guard let opened else { preconditionFailure("the store is used before it was opened") }
    return opened
  }

  /// Commits group after group until nothing waits.
  func drain() {
    while true {
      let group = inbox.take()
      if group.isEmpty { return }
      commit(group)
      checkpointIfDue()
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

  /// Writes everything into the database file and ends.
  func close() {
    // What is in the WAL is durable; a checkpoint only makes the next start quicker.
    _ = try? file.database.checkpoint(.truncate)
  }

  // MARK: One group

  /// One batch's part of a group, decided and not yet committed.
  private struct Plan {
    let arrival: StoreInbox.Arrival
    var number: Int64 = 0
    var duplicates = RowSet(rows: 0)
    var dropped = RowSet(rows: 0)
    var outcome: Result<CommitOutcome, StoreError>
    var stores = false
  }

  private func commit(_ group: [StoreInbox.Arrival]) {
    var plans: [Plan] = []
    let watermarksBefore = watermarks
    do throws(StoreError) {
      try writing { () throws(SQLiteError) in try file.database.execute("BEGIN IMMEDIATE") }
      for arrival in group { plans.append(try plan(arrival, in: &plans)) }
      try writing { () throws(SQLiteError) in try file.database.execute("COMMIT") }
    } catch {
      undo(plans, watermarksBefore)
      for arrival in group { arrival.answer(.failure(error)) }
      if case .failed = error {
        inbox.close(error)
        onFailure(error)
      }
      return
    }
    for plan in plans where plan.stores { publish(plan) }
    for plan in plans { plan.arrival.answer(plan.outcome) }
  }

  /// Takes back what a failed transaction had claimed in memory.
  private func undo(_ plans: [Plan], _ watermarksBefore: [StreamKey: SequenceRanges]) {
    for plan in plans where plan.stores {
      guard case .batch(let batch) = plan.arrival.content else { continue }
      hot.project(batch.project).unclaim(
        batch.columns.ids, batch: plan.number, except: plan.dropped)
    }
    watermarks = watermarksBefore
    if let first = plans.first(where: { $0.stores }) { nextNumber = first.number }
    // The file may have refused even this; then there is no transaction to undo.
    if file.database.isInTransaction { try? file.database.execute("ROLLBACK") }
  }

  private func plan(
    _ arrival: StoreInbox.Arrival, in plans: inout [Plan]
  ) throws(StoreError) -> Plan {
    switch arrival.content {
    case .batch(let batch): try plan(batch, arrival)
    case .gap(let gap): try plan(gap, arrival)
    }
  }

  private func plan(_ batch: ArrivedBatch, _ arrival: StoreInbox.Arrival) throws(StoreError) -> Plan
  {
    if let origin = batch.origin,
      let known = try replay(origin, source: batch.source, project: batch.project)
    {
      return Plan(arrival: arrival, outcome: known)
    }
    let columns = batch.columns
    guard hot.reserve(columns.rowCount) else {
      return Plan(arrival: arrival, outcome: .failure(.full(limit: hot.maximumEvents)))
    }
    var rejected = RowSet(rows: columns.rowCount)
    for row in batch.rejected { rejected.insert(row.row) }
    let project = hot.project(batch.project)
    let duplicates = try findDuplicates(of: batch, in: project, except: rejected)
    var dropped = rejected
    for row in 0..<columns.rowCount where duplicates.contains(row) { dropped.insert(row) }
    hot.unreserve(dropped.count)

    let number = nextNumber
    try writing { () throws(SQLiteError) in
      try file.insert(batch, number: number, duplicates: duplicates, rejected: rejected)
      for row in batch.rejected { try file.insertDeadLetter(row, of: batch) }
    }
    nextNumber += 1
    project.claim(columns.ids, batch: number, except: dropped)
    shelf.put(
      BatchShelf.Entry(columns: columns, source: batch.source, clockShift: batch.clockShift),
      number)

    let accepted = columns.rowCount - dropped.count
    var plan = Plan(
      arrival: arrival, number: number, duplicates: duplicates, dropped: dropped,
      outcome: .failure(.stopped), stores: true)
    let durableThrough = try keepReceipt(
      of: batch, accepted: accepted, duplicates: duplicates.count)
    plan.outcome = .success(
      CommitOutcome(
        status: batch.rejected.isEmpty ? .committed : .partial, accepted: accepted,
        duplicates: duplicates.count, rejected: batch.rejected, durableThrough: durableThrough))
    return plan
  }

  private func plan(_ gap: ArrivedGap, _ arrival: StoreInbox.Arrival) throws(StoreError) -> Plan {
    if let known = try replay(gap.origin, source: gap.source, project: gap.project) {
      return Plan(arrival: arrival, outcome: known)
    }
    let stream = StreamKey(
      collector: gap.source, epoch: gap.origin.epoch, project: gap.project.text)
    let receipt = StoreFile.Receipt(
      digest: gap.origin.digest.bytes, accepted: 0, duplicates: 0, rejections: [])
    try writing { () throws(SQLiteError) in
      try file.insert(gap)
      try file.insert(
        receipt, gap.origin, source: gap.source, project: gap.project, received: gap.received)
    }
    let durableThrough = try advance(stream, over: gap.origin.sequences)
    let outcome = CommitOutcome(
      status: .committed, accepted: 0, duplicates: 0, rejected: [], durableThrough: durableThrough)
    return Plan(arrival: arrival, outcome: .success(outcome))
  }

  // MARK: Replays

  /// The answer to a batch that was committed before; an error where another one was.
  private func replay(
    _ origin: BatchOrigin, source: String, project: ProjectID
  ) throws(StoreError) -> Result<CommitOutcome, StoreError>? {
    let found = try writing { () throws(SQLiteError) in
      try file.receipt(origin, source: source, project: project)
    }
    guard let found else { return nil }
    guard found.digest == origin.digest.bytes else { return .failure(.epochForked) }
    let stream = StreamKey(collector: source, epoch: origin.epoch, project: project.text)
    return .success(
      CommitOutcome(
        status: .duplicate, accepted: found.accepted, duplicates: found.duplicates,
        rejected: RejectedRow.decode(found.rejections),
        durableThrough: watermarks[stream]?.durableThrough))
  }

  private func keepReceipt(
    of batch: ArrivedBatch, accepted: Int, duplicates: Int
  ) throws(StoreError) -> UInt64? {
    guard let origin = batch.origin else { return nil }
    let receipt = StoreFile.Receipt(
      digest: origin.digest.bytes, accepted: accepted, duplicates: duplicates,
      rejections: RejectedRow.encode(batch.rejected))
    try writing { () throws(SQLiteError) in
      try file.insert(
        receipt, origin, source: batch.source, project: batch.project, received: batch.received)
    }
    let stream = StreamKey(
      collector: batch.source, epoch: origin.epoch, project: batch.project.text)
    return try advance(stream, over: origin.sequences)
  }

  private func advance(
    _ stream: StreamKey, over sequences: ClosedRange<UInt64>
  ) throws(StoreError) -> UInt64? {
    let (merged, swallowed) = watermarks[stream, default: SequenceRanges()].insert(sequences)
    try writing { () throws(SQLiteError) in
      try file.replace(swallowed, by: merged, stream)
    }
    return watermarks[stream]?.durableThrough
  }

  // MARK: Duplicates

  /// The rows whose id is taken: by an event of before, or by an earlier row of this group.
  private func findDuplicates(
    of batch: ArrivedBatch, in project: HotProject, except rejected: RowSet
  ) throws(StoreError) -> RowSet {
    var duplicates = RowSet(rows: batch.columns.rowCount)
    let ids = batch.columns.ids
    // Rows of the batch itself are not claimed yet: the first one of an id is the one that counts.
    let repeated = Self.repeats(in: ids)
    for row in ids.indices where !rejected.contains(row) {
      if let first = repeated[row], !rejected.contains(first) {
        duplicates.insert(row)
        try keepConflict(batch, row, first: batch.columns, at: first)
        continue
      }
      for place in project.candidates(for: ids[row]) {
        let first = try shelf.batch(place.batch, from: file.database, batches).columns
        guard first.ids[place.row] == ids[row] else { continue }
        duplicates.insert(row)
        try keepConflict(batch, row, first: first, at: place.row)
        break
      }
    }
    return duplicates
  }

  /// For each row whose id an earlier row has too: that earlier row.
  private static func repeats(in ids: [EventID]) -> [Int: Int] {
    var isAscending = true
    for row in ids.indices.dropFirst() where !(ids[row - 1] < ids[row]) { isAscending = false }
    if isAscending { return [:] }
    var first: [EventID: Int] = [:]
    first.reserveCapacity(ids.count)
    var repeats: [Int: Int] = [:]
    for (row, id) in ids.enumerated() {
      if let earlier = first[id] { repeats[row] = earlier } else { first[id] = row }
    }
    return repeats
  }

  /// Puts the second payload aside where it is not what the first one was.
  private func keepConflict(
    _ batch: ArrivedBatch, _ row: Int, first: BatchColumns, at firstRow: Int
  ) throws(StoreError) {
    guard batch.columns.payloadHash(at: row) != first.payloadHash(at: firstRow) else { return }
    hot.countConflict()
    let record = batch.columns.record(at: row)
    try writing { () throws(SQLiteError) in
      try file.insertConflict(batch.columns.ids[row], record: record, of: batch)
    }
  }

  // MARK: After the commit

  private func publish(_ plan: Plan) {
    guard case .batch(let batch) = plan.arrival.content else { return }
    hot.publish(
      batch.columns.core, of: batch.project, number: plan.number, except: plan.dropped,
      shift: batch.clockShift)
  }

  /// Checkpoints stand between groups, so that no commit pays for one that it did not need.
  private func checkpointIfDue() {
    guard file.database.walPages >= Self.checkpointPages else { return }
    purgeReceipts()
    do throws(SQLiteError) {
      _ = try file.database.checkpoint(.passive)
    } catch {
      guard error.mustStop else { return }
      let failure = StoreError.failed("\(error)")
      inbox.close(failure)
      onFailure(failure)
    }
  }

  private func purgeReceipts() {
    let now = clock.wallMilliseconds
    guard now >= nextReceiptPurge else { return }
    nextReceiptPurge = now + 3_600_000
    // Without it the receipts only take more room, so it may fail and be tried again.
    try? file.deleteReceipts(before: now - Self.receiptMilliseconds)
  }

  /// Replays older than this are recognised by their events' ids instead.
  private static let receiptMilliseconds: Int64 = 30 * 86_400_000
  /// 16 MiB of WAL.
  private static let checkpointPages = 4_096

  private func writing<R>(_ body: () throws(SQLiteError) -> R) throws(StoreError) -> R {
    do {
      return try body()
    } catch {
      throw error.isFull ? .diskFull : .failed("\(error)")
    }
  }
}
