import Batches
import Events
import Platform
import Spool
import Telemetry

// Making batches of what waits.
extension Shipper {
  func sealNext() async throws(SpoolError) {
    let limit = plan.target.limit(backlog: board.backlogEvents, at: clock.monotonicNanoseconds)
    let waiting = plan.pauses.waiting
    guard let work = try await spool.nextWork(limit, except: waiting) else {
      hasWork = false
      board.backlogEvents = 0
      return watchSpool()
    }
    board.backlogEvents = work.remaining + Int64(work.count)
    // A first event waits a little for company; what is left over from before has waited.
    if case .events(let block) = work.content, work.remaining == 0, block.count < limit.events,
      block.records.count < limit.bytes, !isLingering, backlogIsFresh(work)
    {
      isLingering = true
      return lingerThenRing()
    }
    isLingering = false
    try await seal(work)
  }

  func backlogIsFresh(_ work: Work) -> Bool {
    let age = clock.wallMilliseconds - work.received
    return age >= 0 && age < BatchTarget.linger.wholeMilliseconds
  }

  func lingerThenRing() {
    hasWork = false
    let clock = clock
    Task(executorPreference: loop) {
      await clock.sleep(for: BatchTarget.linger)
      await self.workArrived()
    }
  }

  func seal(_ work: Work) async throws(SpoolError) {
    let bytes: [UInt8]
    do { bytes = try await sealer.seal(work) } catch { return try await sealAround(error, work) }
    guard try await keep(work, bytes) else { return }
    let batch = OutgoingBatch(
      key: BatchKey(project: work.project, epoch: work.epoch, batch: work.batch),
      firstSequence: work.firstSequence, count: work.count, size: bytes.count)
    queue.append(Shipment(batch: batch, sent: sentBatch(bytes), bytes: bytes))
  }

  /// Keeps the bytes before they are sent for the first time. False where the work has changed:
  /// then the next look finds it as it is.
  func keep(_ work: Work, _ bytes: [UInt8]) async throws(SpoolError) -> Bool {
    if case .gap(let gap) = work.content {
      log.about(project: work.project.text).error(
        "events are lost, and the aggregator is told",
        [
          "reason": .text("\(gap.reason)"), "first": .text("\(gap.sequence)"),
          "count": gap.count.map { .text("\($0)") } ?? "unknown",
        ])
    }
    do throws(SpoolError) {
      return try await spool.seal(work, bytes: bytes)
    } catch {
      guard case .full(let wait) = error else { throw error }
      // What is sealed already goes out, and makes room.
      log.warning("the disk is full: a batch cannot be sealed")
      hasWork = false
      lookAgain(after: wait)
      return false
    }
  }

  /// A record that is none of ours. Those before it are sealed; then it is set aside, alone.
  func sealAround(_ problem: BatchProblem, _ work: Work) async throws(SpoolError) {
    guard case .badRecord(let row) = problem, case .events(let block) = work.content else {
      log.error("a batch cannot be sealed", ["problem": .text("\(problem)")])
      hasWork = false
      return lookAgain(after: .seconds(60))
    }
    let count = max(1, min(row, block.count))
    guard
      let part = try await spool.nextWork(
        BlockLimit(events: count, bytes: .max), of: work.project),
      part.epoch == work.epoch, part.firstSequence == work.firstSequence
    else { return }
    if row > 0 { return try await seal(part) }
    log.error(
      "an event cannot be sealed and is set aside", ["sequence": .text("\(part.firstSequence)")])
    guard try await keep(part, []) else { return }
    let key = BatchKey(project: part.project, epoch: part.epoch, batch: part.batch)
    try await spool.quarantine(key, reason: problem.code)
  }

  func lookAgain(after wait: Duration) {
    let clock = clock
    Task(executorPreference: loop) {
      await clock.sleep(for: wait)
      await self.workArrived()
    }
  }

  /// Waits, on the side, until the spool has something.
  func watchSpool() {
    guard !isWatching else { return }
    isWatching = true
    let spool = spool
    let waiting = plan.pauses.waiting
    Task(executorPreference: loop) {
      await spool.waitForWork(except: waiting)
      await self.watchEnded()
    }
  }

  func watchEnded() {
    isWatching = false
    workArrived()
  }

  func workArrived() {
    hasWork = true
    bell.ring()
  }
}
