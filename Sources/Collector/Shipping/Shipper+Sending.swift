import Batches
import Events
import Platform
import Spool
import Telemetry

// Sending batches, and what came of it.
extension Shipper {
  func send(_ next: Shipment) async throws(SpoolError) {
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
    // The life may be another than at the last attempt.
    let expected = SentBatch(
      id: sent.id, digest: sent.digest, audience: sent.audience, incarnation: life.incarnation)
    let start = clock.monotonicNanoseconds
    underWay[key] = start
    plan.sent(shipment.batch.size)
    let link = doors.link
    let ready = shipment
    Task(executorPreference: loop) {
      let outcome = await link.post(
        "/v1/batches", "application/vnd.tributary.batch", bytes,
        timeout: Self.timeout(for: bytes.count))
      await self.finished(ready, ShipmentVerdict(outcome, of: expected), outcome, link.name)
    }
  }

  /// A dead line has to be noticed soon, and a slow one be given its time.
  private static func timeout(for byteCount: Int) -> Duration {
    .seconds(15) + .seconds(byteCount / (4 << 10))
  }

  func sentBatch(_ bytes: [UInt8]) -> SentBatch? {
    guard bytes.count >= BatchEnvelope.byteCount,
      let envelope = try? BatchEnvelope(bytes.span.extracting(first: BatchEnvelope.byteCount))
    else { return nil }  // Not what we sealed: it is sealed again.
    return SentBatch(
      id: envelope.header.id, digest: envelope.digest, audience: identity.store,
      incarnation: life.incarnation)
  }

  func finished(
    _ shipment: Shipment, _ verdict: ShipmentVerdict, _ outcome: LinkOutcome, _ door: String
  ) async {
    let now = clock.monotonicNanoseconds
    let batch = shipment.batch
    guard let sentAt = underWay.removeValue(forKey: batch.key) else { return }
    let action = plan.finished(
      batch, verdict, sentAt: sentAt, at: now, wall: clock.wallMilliseconds)
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

  func act(
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

  func rotate() async throws(SpoolError) {
    wantsRotation = false
    queue = []
    let epoch = try await spool.rotateEpoch()
    hasWork = true
    log.warning(
      "the epoch was used twice: what is not acknowledged gets new numbers",
      ["epoch": .text(epoch.description)])
    board.rotated()
  }

  func note(_ verdict: ShipmentVerdict) {
    let trouble = plan.trouble
    publish()
    notePauses()
    guard trouble?.code != lastTrouble else { return }
    lastTrouble = trouble?.code
    if let trouble {
      log.warning(
        "batches do not arrive", ["code": .text(trouble.code), "detail": .text(trouble.detail)])
    } else {
      log.info("batches arrive")
    }
  }

  private func notePauses() {
    let pauses = plan.pauses.all
    for (project, pause) in pauses where saidToWait.insert(project).inserted {
      log.about(project: project.text).warning(
        "the aggregator does not take this project's batches, which wait; the others go on",
        ["code": .text(pause.trouble.code), "detail": .text(pause.trouble.detail)])
    }
    for project in saidToWait where pauses[project] == nil {
      saidToWait.remove(project)
      log.about(project: project.text).info("this project's batches are sent again")
    }
  }

  func publish() {
    let isInTrouble = plan.trouble != nil || plan.hold != nil
    troubleSince = isInTrouble ? troubleSince ?? clock.wallMilliseconds : nil
    let paused = plan.pauses.all.sorted { $0.key.text < $1.key.text }.map { project, pause in
      ShippingBoard.PausedProject(project: project, trouble: pause.trouble, since: pause.since)
    }
    board.publish(
      ShippingBoard.State(
        trouble: plan.trouble, hold: plan.hold, troubleSince: troubleSince, paused: paused,
        failures: plan.backoff.failures,
        failingSince: plan.backoff.failingSince, underWay: underWay.count,
        isBreakerTripped: plan.suspicion.isTripped))
  }
}

// What hello brings.
extension Shipper {
  /// The aggregator has answered as it should: what was held for its sake goes on.
  func greeted(_ limits: BatchLimits, _ projects: [ProjectID]) {
    plan.limits(limits)
    let waited = plan.pauses.waiting
    plan.greeted(projects)
    if plan.pauses.waiting != waited { hasWork = true }
    publish()
    notePauses()
    bell.ring()
  }

  func estranged(_ trouble: Trouble) {
    plan.estranged(trouble)
    note(.otherStore(trouble))
  }

  /// Acknowledged batches go once more, before all others.
  func rewound(_ batches: [SpoolBatch]) {
    let known = Set(queue.map(\.batch.key)).union(underWay.keys)
    let again = batches.filter { !known.contains($0.key) }
    queue.insert(contentsOf: again.map { Shipment(batch: OutgoingBatch($0)) }, at: 0)
    hasWork = true
    bell.ring()
  }

  /// The aggregator has seen another collector under this epoch.
  func epochWasFrozen() {
    wantsRotation = true
    bell.ring()
  }
}
