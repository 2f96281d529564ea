package import Events
package import Platform
import SQLite

/// The collector's durable buffer. What `append` has returned for is on disk and leaves it again only
/// by an acknowledgement of the aggregator, or by quarantine with a gap that the aggregator is told.
///
/// In:      append(records, ends, project)       returns after the group commit's fsync
/// Out:     waitForWork → nextWork → (encode, compress, sign elsewhere) → seal → send → acknowledge
/// After a start: sealedBatches → bytes(of:) → send the same bytes again
/// Trouble: requeue (413, bisection: same events, new batch numbers), quarantine (events that cannot
///          be shipped), rotateEpoch (409: everything unacknowledged under new numbers)
///
/// Batch numbers and event sequences run from 1 per epoch and project. All calls may come from
/// anywhere; they take turns on one thread of the spool's own. After `SpoolError.failed` the
/// program must end without `stop` and start again.
package final class Spool: Sendable {
  private let writer: SpoolWriter
  private let worker: Worker
  private let inbox: Inbox

  private init(_ writer: SpoolWriter, _ worker: Worker) {
    self.writer = writer
    self.worker = worker
    inbox = writer.inbox
  }

  /// Opens or makes the spool in its folder. `onFinding` is told of damage that is met later, from
  /// the spool's thread; what the start itself found stands in the status. `onFailure` is called at
  /// most once, from there as well: the disk has failed, and the program must end without closing
  /// anything.
  package static func open(
    _ configuration: SpoolConfiguration, worker: Worker, disk: any Disk = SystemDisk(),
    clock: any Clock, random: any RandomSource,
    onFinding: @escaping @Sendable (SpoolFinding) -> Void = { _ in },
    onFailure: @escaping @Sendable (SpoolError) -> Void
  ) async throws(SpoolError) -> Spool {
    let writer = SpoolWriter(
      configuration: configuration, worker: worker, disk: disk, clock: clock, random: random,
      onFinding: onFinding, onFailure: onFailure)
    try await writer.open()
    return Spool(writer, worker)
  }

  /// Keeps events: `records` back to back, `ends` the end of each. Returns when they are on disk.
  package func append(
    _ records: [UInt8], ends: [Int], project: ProjectID
  ) async throws(SpoolError) {
    precondition(ends.last ?? 0 == records.count, "the last record ends where the bytes end")
    if ends.isEmpty { return }
    let request = AppendRequest(project: project, records: records, ends: ends)
    // SAFETY: the inbox answers every entry exactly once; a refused one is answered here.
    let refusal = unsafe await withUnsafeContinuation { reply in
      let entry = unsafe Inbox.Entry(request: request, reply: reply)
      switch inbox.put(entry) {
      case .waits: break
      case .waitsForWakeUp:
        Task(executorPreference: worker) { [writer] in await writer.drain() }
      case .refused(let error): entry.answer(error)
      }
    }
    if let refusal { throw refusal }
  }

  /// Returns when there is something to seal of other projects than these, or when the spool stops
  /// or fails; also, now and then, for nothing.
  package func waitForWork(except projects: Set<ProjectID> = []) async {
    await writer.waitForWork(except: projects)
  }

  /// What is to be sealed next, of one project or of each in turn with the exception of some; nil
  /// when there is nothing. Taking it changes nothing: of two that took the same, one `seal`
  /// succeeds.
  package func nextWork(
    _ limit: BlockLimit, of project: ProjectID? = nil, except others: Set<ProjectID> = []
  ) async throws(SpoolError) -> Work? {
    try await writer.run { store throws(SQLiteError) in
      try store.nextWork(limit, of: project, except: others)
    }
  }

  /// Keeps the bytes that every attempt will send, before the first of them. False, and nothing is
  /// changed, where the work is no longer what comes next.
  package func seal(_ work: Work, bytes: [UInt8]) async throws(SpoolError) -> Bool {
    try await writer.run { store throws(SQLiteError) in try store.seal(work, bytes: bytes) }
  }

  /// The sealed batches without an acknowledgement, by project and in the order of their numbers.
  package func sealedBatches() async throws(SpoolError) -> [SealedBatch] {
    try await writer.run { store throws(SQLiteError) in try store.sealedBatches() }
  }

  /// The bytes of a sealed batch; nil where it is no longer here.
  package func bytes(of key: BatchKey) async throws(SpoolError) -> [UInt8]? {
    try await writer.run { store throws(SQLiteError) in try store.bytes(of: key) }
  }

  /// Lets go of a batch that the aggregator has; `durableThrough` is what it said of the project.
  /// Doing it again changes nothing. True where the batch was still here.
  @discardableResult
  package func acknowledge(
    _ key: BatchKey, durableThrough: Int64? = nil
  ) async throws(SpoolError) -> Bool {
    try await writer.run { store throws(SQLiteError) in
      try store.acknowledge([key], durableThrough: durableThrough) == 1
    }
  }

  /// Drops the sealed bytes of a batch so that its events are sealed again under new batch numbers
  /// and with their old sequences, at most `events` in each.
  package func requeue(_ key: BatchKey, events: Int? = nil) async throws(SpoolError) {
    try await writer.run { store throws(SQLiteError) in try store.requeue([key], events: events) }
  }

  /// Sets the events of a sealed batch aside because they cannot be shipped, whatever is done; the
  /// aggregator is told of the gap. False where the batch is no longer here.
  @discardableResult
  package func quarantine(_ key: BatchKey, reason: String) async throws(SpoolError) -> Bool {
    try await writer.run { store throws(SQLiteError) in try store.quarantine(key, reason: reason) }
  }

  /// Begins a new epoch: everything unacknowledged is sealed again under new numbers.
  @discardableResult
  package func rotateEpoch() async throws(SpoolError) -> Epoch { try await writer.rotateEpoch() }

  /// What stands in the quarantine from this id on, without the records, and their sizes.
  package func quarantined(
    from first: Int64 = 0, limit: Int
  ) async throws(SpoolError) -> [(event: QuarantinedEvent, recordBytes: Int)] {
    try await writer.run { store throws(SQLiteError) in
      var found: [(event: QuarantinedEvent, recordBytes: Int)] = []
      try store.quarantined(from: first, limit: limit) {
        found.append(($0.withoutRecord, $0.record.count))
      }
      return found
    }
  }

  /// One event of the quarantine, nil where there is none under this id.
  package func quarantinedEvent(_ id: Int64) async throws(SpoolError) -> QuarantinedEvent? {
    try await writer.run { store throws(SQLiteError) in
      var found: QuarantinedEvent?
      try store.quarantined(from: id, limit: 1) { if $0.id == id { found = $0 } }
      return found
    }
  }

  /// How far each project is in the epoch at hand.
  package func positions() async throws(SpoolError) -> [SpoolPosition] {
    try await writer.run { store throws(SQLiteError) in
      // Asked for now and then, also while nothing happens: what is kept too long goes all the same.
      let limit = store.configuration.keptBytes
      if try store.mustTrimKept(to: limit) { try store.trim(to: limit) }
      return store.positions()
    }
  }

  /// Has everything sent again that the aggregator lacks beyond these marks, as far as it is still here;
  /// the rest becomes a gap. Returns the acknowledged batches that go again.
  package func rewind(_ marks: [SpoolMark]) async throws(SpoolError) -> [SealedBatch] {
    try await writer.run { store throws(SQLiteError) in try store.rewind(marks) }
  }

  package func status() async throws(SpoolError) -> SpoolStatus { try await writer.status() }

  /// Takes no more events, commits those that wait, and closes the database.
  package func stop() async { await writer.stop() }
}
