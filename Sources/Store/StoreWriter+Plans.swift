import Batches
import Crypto
import Events
import SQLite

// What an arrival comes to: first it is judged, then it is written, and what changes in memory on the
// way is in the journal.
extension StoreWriter {
  func plan(_ arrival: StoreInbox.Arrival) throws(StoreError) -> Plan {
    switch arrival.content {
    case .batch(let batch): try plan(batch, arrival)
    case .gap(let gap): try plan(gap, arrival)
    }
  }

  private func plan(_ batch: ArrivedBatch, _ arrival: StoreInbox.Arrival) throws(StoreError) -> Plan
  {
    if let origin = batch.origin,
      let known = try replay(
        origin, source: batch.source, project: batch.project, received: batch.received)
    {
      return Plan(arrival: arrival, outcome: known)
    }
    let project = hot.project(batch.project)
    let batch = refusingExpired(refusingErased(batch, in: project))
    let number = nextNumber
    let verdict: Verdict
    do {
      verdict = try judge(batch, number: number, in: project)
    } catch {
      project.unclaim(batch.columns.ids, batch: number, rows: batch.columns.ids.indices)
      // One batch that cannot be compared with its first copy must not keep the others waiting.
      guard case .damaged = error else { throw error }
      return Plan(arrival: arrival, outcome: .failure(error))
    }
    let dropped = verdict.dropped
    let accepted = batch.columns.rowCount - dropped.count
    guard hot.reserve(accepted) else {
      project.unclaim(batch.columns.ids, batch: number, rows: batch.columns.ids.indices)
      return Plan(arrival: arrival, outcome: .failure(.full(limit: hot.maximumEvents)))
    }
    journal.reserved += accepted
    journal.claims.append((project, batch, number))

    try keepSecret(of: project)
    try write(batch, number: number, verdict)
    try noteJoins(of: batch, in: project, except: dropped)
    let durableThrough = try keepReceipt(of: batch, accepted: accepted, verdict)
    let outcome = CommitOutcome(
      status: verdict.status, accepted: accepted, duplicates: verdict.duplicates.count,
      rejected: batch.rejected, durableThrough: durableThrough)
    guard accepted > 0 else { return Plan(arrival: arrival, outcome: .success(outcome)) }
    nextNumber += 1
    shelf.put(
      BatchShelf.Entry(columns: batch.columns, source: batch.source, clockShift: batch.clockShift),
      number)
    return Plan(
      arrival: arrival, outcome: .success(outcome),
      stored: Plan.Stored(batch: batch, number: number, dropped: dropped))
  }

  /// Before anything of a project is laid out its secret is on disk: it can never be made again.
  private func keepSecret(of project: ProjectEvents) throws(StoreError) {
    guard !storedSecrets.contains(project.id), journal.secrets.insert(project.id).inserted else {
      return
    }
    try writing { () throws(SQLiteError) in try file.insert(project.secret, of: project.id) }
  }

  /// A batch of which nothing counts is not kept: what was already here, comes as often as somebody
  /// sends it.
  private func write(
    _ batch: ArrivedBatch, number: Int64, _ verdict: Verdict
  ) throws(StoreError) {
    try writing { () throws(SQLiteError) in
      if verdict.dropped.count < batch.columns.rowCount {
        try file.insert(
          batch, number: number, duplicates: verdict.duplicates, rejected: verdict.rejected)
      }
      // Of people who were erased nothing is kept, here either.
      let letters = batch.rejected.filter { $0.code != RejectedRow.erased }
      journal.erasedRows += batch.rejected.count - letters.count
      journal.deadLetters += letters.count
      journal.deadLettersEvicted += try file.insertDeadLetters(
        letters, of: batch, configuration.deadLetters)
      for row in verdict.conflicts {
        let isKept = try file.insertConflict(
          batch.columns.ids[row], record: batch.columns.record(at: row), of: batch)
        if !isKept { journal.conflictSamplesLeftOut += 1 }
      }
    }
    journal.conflicts += verdict.conflicts.count
  }

  private func plan(_ gap: ArrivedGap, _ arrival: StoreInbox.Arrival) throws(StoreError) -> Plan {
    if let known = try replay(
      gap.origin, source: gap.source, project: gap.project, received: gap.received)
    {
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

  // MARK: Receipts and watermarks

  /// The answer to a batch that was committed before; an error where another one was.
  private func replay(
    _ origin: BatchOrigin, source: String, project: ProjectID, received: Int64
  ) throws(StoreError) -> Result<CommitOutcome, StoreError>? {
    let found = try writing { () throws(SQLiteError) in
      try file.receipt(origin, source: source, project: project)
    }
    guard let found else { return nil }
    guard found.digest == origin.digest.bytes else {
      try noteFork(EpochKey(collector: source, epoch: origin.epoch), received)
      return .failure(.epochForked)
    }
    let stream = StreamKey(collector: source, epoch: origin.epoch, project: project.text)
    return .success(
      CommitOutcome(
        status: .duplicate, accepted: found.accepted, duplicates: found.duplicates,
        rejected: RejectedRow.decode(found.rejections),
        durableThrough: watermarks[stream]?.durableThrough))
  }

  /// Remembers that two collectors were seen under one epoch: the next hello of either says so.
  private func noteFork(_ key: EpochKey, _ received: Int64) throws(StoreError) {
    guard forkedEpochs.insert(key).inserted else { return }
    journal.forkedEpochs.append(key)
    try writing { () throws(SQLiteError) in try file.insertFork(key, found: received) }
  }

  private func keepReceipt(
    of batch: ArrivedBatch, accepted: Int, _ verdict: Verdict
  ) throws(StoreError) -> UInt64? {
    guard let origin = batch.origin else { return nil }
    let receipt = StoreFile.Receipt(
      digest: origin.digest.bytes, accepted: accepted, duplicates: verdict.duplicates.count,
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
    let before = watermarks[stream]
    if journal.watermarks[stream] == nil { journal.watermarks[stream] = .some(before) }
    var ranges = before ?? SequenceRanges()
    let (merged, swallowed) = ranges.insert(sequences)
    watermarks[stream] = ranges
    try writing { () throws(SQLiteError) in
      try file.replace(swallowed, by: merged, stream)
    }
    return ranges.durableThrough
  }
}
