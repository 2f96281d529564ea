import Batches
import Crypto
import Events
import Platform
import Spool
import Telemetry

/// Takes what waits in the spool to the aggregator: seals it when the window has room, sends several
/// batches at once, and lets go of what was acknowledged. `ShippingPlan` decides; this acts.
///
/// It sleeps while there is nothing to do: work, answers and the end of a pause ring its bell.
actor Shipper {
  /// A sealed batch that was not acknowledged.
  fileprivate struct Shipment {
    let batch: OutgoingBatch
    /// What the header says; nil until the bytes were looked at.
    var sent: SentBatch?
    /// The bytes while they are at hand; afterwards they are read from the spool.
    var bytes: [UInt8]?
    var mustVerify = false
  }

  fileprivate let spool: Spool
  fileprivate let sealer: Sealer
  fileprivate let identity: Identity
  fileprivate let loop: EventLoop
  fileprivate let clock: any Clock
  fileprivate let log: Log
  fileprivate let board: ShippingBoard
  fileprivate let bell = Bell()
  fileprivate let helloBell: Bell
  fileprivate var doors: Doors
  fileprivate var plan: ShippingPlan

  /// In the order in which they go out.
  fileprivate var queue: [Shipment] = []
  fileprivate var underWay: [BatchKey: UInt64] = [:]
  fileprivate var hasWork = true
  fileprivate var isWatching = false
  fileprivate var isLingering = false
  fileprivate var wantsRotation = false
  fileprivate var isStopping = false
  fileprivate var alarm: Task<Void, Never>?
  fileprivate var lastTrouble: String?

  init(
    spool: Spool, sealer: Sealer, identity: Identity, doors: Doors, loop: EventLoop,
    clock: any Clock, random: any RandomSource, log: Log, board: ShippingBoard, helloBell: Bell
  ) {
    self.spool = spool
    self.sealer = sealer
    self.identity = identity
    self.doors = doors
    self.loop = loop
    self.clock = clock
    self.log = log
    self.board = board
    self.helloBell = helloBell
    plan = ShippingPlan(random: random)
  }

  /// Ships until it is stopped, or until the spool fails, which ends the program by another way.
  func run() async {
    do {
      for batch in try await spool.sealedBatches() {
        queue.append(Shipment(batch: OutgoingBatch(batch)))
      }
      while !isStopping { try await step() }
    } catch {
      log.error("shipping has ended", ["error": .error(error)])
    }
  }

  /// Sends nothing more; what is under way has until the deadline to be answered.
  func stop(within deadline: Duration) async {
    isStopping = true
    bell.ring()
    alarm?.cancel()
    let end = clock.monotonicNanoseconds &+ UInt64(max(0, deadline.wholeNanoseconds))
    while !underWay.isEmpty, clock.monotonicNanoseconds < end {
      await clock.sleep(for: .milliseconds(10))
    }
    for link in doors.all { link.reset() }
  }

  // MARK: One step

  fileprivate func step() async throws(SpoolError) {
    let now = clock.monotonicNanoseconds
    if wantsRotation {
      // The numbers of everything that is still here change: nothing may be under way meanwhile.
      if underWay.isEmpty { return try await rotate() }
    } else if let next = queue.first {
      if plan.maySend(next.batch.size, at: now) {
        queue.removeFirst()
        return try await send(next)
      }
    } else if hasWork, plan.maySend(0, at: now) {
      return try await sealNext()
    }
    publish()
    setAlarm(now)
    await bell.wait()
  }

  /// Has the bell rung at the end of a pause.
  fileprivate func setAlarm(_ now: UInt64) {
    alarm?.cancel()
    alarm = nil
    guard let time = plan.nextTime(after: now), !queue.isEmpty || hasWork || wantsRotation else {
      return
    }
    let clock = clock
    let bell = bell
    alarm = Task(executorPreference: loop) {
      await clock.sleep(for: .nanoseconds(Int64(clamping: time &- now)))
      if !Task.isCancelled { bell.ring() }
    }
  }

  // MARK: Sealing

  fileprivate func sealNext() async throws(SpoolError) {
    let limit = plan.target.limit(backlog: board.backlogEvents, at: clock.monotonicNanoseconds)
    guard let work = try await spool.nextWork(limit) else {
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

  fileprivate func backlogIsFresh(_ work: Work) -> Bool {
    let age = clock.wallMilliseconds - work.received
    return age >= 0 && age < BatchTarget.linger.wholeMilliseconds
  }

  fileprivate func lingerThenRing() {
    hasWork = false
    let clock = clock
    Task(executorPreference: loop) {
      await clock.sleep(for: BatchTarget.linger)
      await self.workArrived()
    }
  }

  fileprivate func seal(_ work: Work) async throws(SpoolError) {
    let bytes: [UInt8]
    do { bytes = try await sealer.seal(work) } catch { return try await sealAround(error, work) }
    guard try await keep(work, bytes) else { return }
    let batch = OutgoingBatch(
      key: BatchKey(project: work.project, epoch: work.epoch, batch: work.batch),
      firstSequence: work.firstSequence, count: work.count, size: bytes.count)
    queue.append(Shipment(batch: batch, sent: sentBatch(bytes), bytes: bytes))
  }
}

// MARK: - Sealing what is difficult

extension Shipper {
  /// Keeps the bytes before they are sent for the first time. False where the work has changed: then
  /// the next look finds it as it is.
  fileprivate func keep(_ work: Work, _ bytes: [UInt8]) async throws(SpoolError) -> Bool {
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
  fileprivate func sealAround(_ problem: BatchProblem, _ work: Work) async throws(SpoolError) {
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

  fileprivate func lookAgain(after wait: Duration) {
    let clock = clock
    Task(executorPreference: loop) {
      await clock.sleep(for: wait)
      await self.workArrived()
    }
  }

  /// Waits, on the side, until the spool has something.
  fileprivate func watchSpool() {
    guard !isWatching else { return }
    isWatching = true
    let spool = spool
    Task(executorPreference: loop) {
      await spool.waitForWork()
      await self.watchEnded()
    }
  }

  fileprivate func watchEnded() {
    isWatching = false
    workArrived()
  }

  fileprivate func workArrived() {
    hasWork = true
    bell.ring()
  }
}

// MARK: - Sending

extension Shipper {
  fileprivate func send(_ next: Shipment) async throws(SpoolError) {
    var shipment = next
    let key = shipment.batch.key
    if shipment.bytes == nil || shipment.mustVerify {
      shipment.bytes = try await spool.bytes(of: key)
    }
    // Gone, or damaged and waiting to be sealed again.
    guard let bytes = shipment.bytes else { return workArrived() }
    if shipment.mustVerify {
      shipment.mustVerify = false
      guard await sealer.isSound(bytes) else {
        log.error("a sealed batch has changed on disk and is sealed again")
        try await spool.requeue(key)
        return workArrived()
      }
    }
    guard let sent = shipment.sent ?? sentBatch(bytes) else {
      try await spool.requeue(key)
      return workArrived()
    }
    shipment.sent = sent
    let start = clock.monotonicNanoseconds
    underWay[key] = start
    plan.sent(shipment.batch.size)
    let link = doors.link
    let ready = shipment
    Task(executorPreference: loop) {
      let outcome = await link.post(
        "/v1/batches", "application/vnd.tributary.batch", bytes,
        timeout: Self.timeout(for: bytes.count))
      await self.finished(ready, ShipmentVerdict(outcome, of: sent), outcome, link.name)
    }
  }

  /// A dead line has to be noticed soon, and a slow one be given its time.
  private static func timeout(for byteCount: Int) -> Duration {
    .seconds(15) + .seconds(byteCount / (4 << 10))
  }

  fileprivate func sentBatch(_ bytes: [UInt8]) -> SentBatch? {
    guard bytes.count >= BatchEnvelope.byteCount,
      let envelope = try? BatchEnvelope(bytes.span.extracting(first: BatchEnvelope.byteCount))
    else { return nil }  // Not what we sealed: it is sealed again.
    return SentBatch(
      id: envelope.header.id, digest: envelope.digest, audience: identity.store,
      incarnation: identity.incarnation)
  }

  fileprivate func finished(
    _ shipment: Shipment, _ verdict: ShipmentVerdict, _ outcome: LinkOutcome, _ door: String
  ) async {
    let now = clock.monotonicNanoseconds
    let batch = shipment.batch
    guard let sentAt = underWay.removeValue(forKey: batch.key) else { return }
    let action = plan.finished(batch, verdict, sentAt: sentAt, at: now)
    if case .failed = outcome { doors.failed(door) }
    if plan.needsReset {
      plan.needsReset = false
      for link in doors.all { link.reset() }
    }
    if plan.needsHello {
      plan.needsHello = false
      helloBell.ring()
    }
    do throws(SpoolError) {
      try await act(action, shipment, now)
    } catch {
      log.error("the spool does not keep what came of a batch", ["error": .error(error)])
    }
    note(verdict)
    bell.ring()
  }

  fileprivate func act(
    _ action: ShippingPlan.Action, _ shipment: Shipment, _ now: UInt64
  ) async throws(SpoolError) {
    let key = shipment.batch.key
    switch action {
    case .acknowledge(let acknowledgement):
      board.acknowledged(
        events: shipment.batch.count, bytes: shipment.batch.size,
        rejected: acknowledgement.rejected.count, at: clock.wallMilliseconds, monotonic: now)
      plan.limits(acknowledgement.limits)
      for rejected in acknowledgement.rejected.prefix(5) {
        log.about(project: key.project.text).warning(
          "the aggregator refused an event, which is in its dead letters",
          ["event_id": .text(rejected.eventID.description), "code": .text(rejected.code)])
      }
      try await spool.acknowledge(
        key, durableThrough: Int64(exactly: acknowledgement.durableThrough))
    case .sendAgain, .verifyAndSendAgain:
      var again = shipment
      again.bytes = nil  // On disk it waits for free.
      again.mustVerify = action == .verifyAndSendAgain
      // The oldest goes first, as before.
      let place = queue.firstIndex { $0.batch.key.batch > key.batch } ?? queue.endIndex
      queue.insert(again, at: place)
    case .requeue(let events):
      try await spool.requeue(key, events: events)
      hasWork = true
    case .quarantine(let trouble):
      log.about(project: key.project.text).error(
        "an event that cannot be shipped is set aside", ["code": .text(trouble.code)])
      board.quarantined(1)
      try await spool.quarantine(key, reason: trouble.code)
      hasWork = true
    case .rotateEpoch:
      wantsRotation = true
    }
  }

  fileprivate func rotate() async throws(SpoolError) {
    wantsRotation = false
    queue = []
    let epoch = try await spool.rotateEpoch()
    hasWork = true
    log.warning(
      "the epoch was used twice: what is not acknowledged gets new numbers",
      ["epoch": .text(epoch.description)])
    board.rotated()
  }

  fileprivate func note(_ verdict: ShipmentVerdict) {
    let trouble = plan.trouble
    publish()
    guard trouble?.code != lastTrouble else { return }
    lastTrouble = trouble?.code
    if let trouble {
      log.warning(
        "batches do not arrive", ["code": .text(trouble.code), "detail": .text(trouble.detail)])
    } else {
      log.info("batches arrive")
    }
  }

  fileprivate func publish() {
    board.publish(
      ShippingBoard.State(
        trouble: plan.trouble, hold: plan.hold, failures: plan.backoff.failures,
        failingSince: plan.backoff.failingSince, underWay: underWay.count,
        isBreakerTripped: plan.suspicion.isTripped))
  }
}

// MARK: - What hello brings

extension Shipper {
  /// The aggregator has answered as it should: what was held for its sake goes on.
  func greeted(_ limits: BatchLimits) {
    plan.limits(limits)
    plan.greeted()
    publish()
    bell.ring()
  }

  func estranged(_ trouble: Trouble) {
    plan.estranged(trouble)
    note(.otherStore(trouble))
  }

  /// The aggregator has seen another collector under this epoch.
  func epochWasFrozen() {
    wantsRotation = true
    bell.ring()
  }
}
