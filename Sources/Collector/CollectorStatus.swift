import Batches
import Events
import Intake
import JSON
import Platform
import Spool
import Synchronization
import Telemetry

/// How the collector is doing, for health, metrics and the status command. The spool is asked when
/// somebody asks, and at most once a second.
final class CollectorStatus: Sendable {
  private struct Cached {
    var status: SpoolStatus?
    var at: UInt64 = 0
  }

  private let spool: Spool
  private let identity: Identity?
  private let board: ShippingBoard
  private let health: HealthBoard
  private let maximumBytes: Int
  private let clock: any Clock
  private let cached = Mutex(Cached())

  init(
    spool: Spool, identity: Identity?, board: ShippingBoard, health: HealthBoard,
    maximumBytes: Int, clock: any Clock
  ) {
    self.spool = spool
    self.identity = identity
    self.board = board
    self.health = health
    self.maximumBytes = maximumBytes
    self.clock = clock
  }

  private var last: SpoolStatus? { cached.withLock { $0.status } }

  func refresh() async {
    let now = clock.monotonicNanoseconds
    let isFresh = cached.withLock { $0.status != nil && now &- $0.at < 1_000_000_000 }
    if isFresh { return }
    do {
      let status = try await spool.status()
      cached.withLock { $0 = Cached(status: status, at: now) }
      let share = Double(status.usedBytes) / Double(max(1, maximumBytes))
      let percent = Int(share * 100)
      health.update { health in
        if status.isDraining {
          // S6: others take the events meanwhile.
          return health.set(
            "spool", .failed,
            "the disk has failed three times within ten minutes: events are refused until it has "
              + "not for ten, or the collector is stopped and started; what is kept is shipped")
        }
        // YELLOW and RED of RELIABILITY S7.
        if share >= 0.95 {
          health.set("spool", .degraded, "\(percent) % full: events are refused")
        } else if share >= 0.7 {
          health.set("spool", .degraded, "\(percent) % full")
        } else if status.damagedChunks > 0 {
          health.set(
            "spool", .degraded, "\(status.damagedChunks) damaged chunks wait to be mended")
        } else {
          health.set("spool", .ok)
        }
      }
    } catch {
      health.update { $0.set("spool", .failed, "the disk has failed") }
    }
  }

  // MARK: Metrics

  func declare(in registry: MetricRegistry) {
    registry.gauge("tributary_spool_events", "Events that wait for their acknowledgement.") {
      [self] in last.map { Double($0.backlogEvents) }
    }
    registry.gauge("tributary_spool_bytes", "Bytes of the events that wait.") {
      [self] in last.map { Double($0.backlogBytes) }
    }
    registry.gauge("tributary_spool_used_bytes", "Bytes that the spool takes of its limit.") {
      [self] in last.map { Double($0.usedBytes) }
    }
    registry.gauge(
      "tributary_spool_kept_bytes",
      "Bytes of acknowledged batches, kept for an aggregator that is restored from a backup."
    ) { [self] in last.map { Double($0.keptBytes) } }
    registry.gauge("tributary_spool_limit_bytes", "The most that the spool may take.") {
      [self] in Double(maximumBytes)
    }
    registry.gauge("tributary_spool_oldest_seconds", "Age of the oldest event that waits.") {
      [self] in
      last.map { status in
        status.oldestReceived.map { max(0, Double(clock.wallMilliseconds - $0) / 1_000) } ?? 0
      }
    }
    registry.gauge("tributary_spool_quarantined_events", "Events that were set aside.") {
      [self] in last.map { Double($0.quarantinedEvents) }
    }
    registry.gauge("tributary_spool_damaged_chunks", "Chunks that the last look found damaged.") {
      [self] in last.map { Double($0.damagedChunks) }
    }
    registry.counter(
      "tributary_spool_damaged_rows_total", "Rows of gaps and of the quarantine found damaged."
    ) { [self] in last.map { Double($0.counters.damagedRows) } }
    registry.counter("tributary_spool_commits_total", "Group commits.") {
      [self] in last.map { Double($0.counters.commits) }
    }
    registry.counter("tributary_shipped_batches_total", "Batches that were acknowledged.") {
      [self] in Double(board.totals.batches)
    }
    registry.counter("tributary_shipped_events_total", "Events that were acknowledged.") {
      [self] in Double(board.totals.events)
    }
    registry.counter("tributary_shipped_bytes_total", "Bytes of the acknowledged batches.") {
      [self] in Double(board.totals.bytes)
    }
    registry.counter(
      "tributary_shipped_rejected_total", "Events that the aggregator put into its dead letters."
    ) { [self] in Double(board.totals.rejected) }
    registry.counter("tributary_epoch_rotations_total", "Times that all numbers began anew.") {
      [self] in Double(board.totals.rotations)
    }
    registry.gauge(
      "tributary_shipping_failures", "Failures in a row since the last acknowledgement."
    ) { [self] in Double(board.current.failures) }
  }

  // MARK: The status command

  func json() async -> [UInt8] {
    await refresh()
    var json = JSONWriter(capacity: 1_024)
    json.beginObject()
    let whole = health.current
    for (key, value) in [
      ("status", whole.state.description), ("service", whole.service), ("version", whole.version),
      ("phase", whole.phase.description),
    ] {
      json.key(key)
      json.string(value)
    }
    json.key("collector_id")
    if let identity { json.string(identity.collector.description) } else { json.null() }
    json.key("store_uuid")
    if let identity { json.string(identity.store.description) } else { json.null() }
    writeSpool(to: &json)
    writeShipping(to: &json)
    json.endObject()
    return json.bytes
  }

  private func writeSpool(to json: inout JSONWriter) {
    json.key("spool")
    guard let status = last else { return json.null() }
    json.beginObject()
    for (key, value) in [
      ("events", status.backlogEvents), ("bytes", status.backlogBytes),
      ("used_bytes", Int64(status.usedBytes)), ("limit_bytes", Int64(maximumBytes)),
      ("quarantined_events", status.quarantinedEvents),
      ("damaged_chunks", Int64(status.damagedChunks)),
      ("damaged_rows", Int64(clamping: status.counters.damagedRows)),
    ] {
      json.key(key)
      json.integer(value)
    }
    json.key("is_draining")
    json.bool(status.isDraining)
    json.key("oldest_received")
    if let oldest = status.oldestReceived { json.integer(oldest) } else { json.null() }
    json.key("epoch")
    json.string(status.epoch.description)
    json.endObject()
  }

  private func writeShipping(to json: inout JSONWriter) {
    let state = board.current
    let totals = board.totals
    json.key("shipping")
    json.beginObject()
    json.key("trouble")
    if let trouble = state.trouble { json.string(trouble.code) } else { json.null() }
    json.key("detail")
    if let trouble = state.trouble { json.string(trouble.detail) } else { json.null() }
    for (key, since) in [
      ("since", state.troubleSince), ("hello_failing_since", state.outage?.since),
    ] {
      json.key(key)
      if let since { json.integer(since) } else { json.null() }
    }
    json.key("hello_problem")
    if let outage = state.outage { json.string(outage.reason) } else { json.null() }
    writePaused(state.paused, to: &json)
    json.key("held")
    if let hold = state.hold { json.string("\(hold)") } else { json.null() }
    for (key, value) in [
      ("failures", state.failures), ("under_way", state.underWay), ("batches", totals.batches),
      ("events", totals.events), ("bytes", totals.bytes), ("rejected", totals.rejected),
      ("rotations", totals.rotations),
    ] {
      json.key(key)
      json.integer(value)
    }
    json.key("last_acknowledged")
    if let last = totals.lastAcknowledged { json.integer(last) } else { json.null() }
    json.endObject()
  }

  private func writePaused(_ paused: [ShippingBoard.PausedProject], to json: inout JSONWriter) {
    json.key("paused_projects")
    json.beginArray()
    for pause in paused {
      json.beginObject()
      json.key("project")
      json.string(pause.project.text)
      json.key("code")
      json.string(pause.trouble.code)
      json.key("detail")
      json.string(pause.trouble.detail)
      json.key("since")
      json.integer(pause.since)
      json.endObject()
    }
    json.endArray()
  }
}
