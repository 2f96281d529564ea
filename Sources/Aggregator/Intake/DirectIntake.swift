import Batches
import Compression
package import Crypto
package import Events
package import Platform
package import Store
import Synchronization

/// Events that come without a collector: what arrives together becomes one batch of this aggregator's
/// own, sealed like any other, so that the store keeps one kind of thing.
package final class DirectIntake: Sendable {
  /// The events that the store does not take for what they are, by their place among those that came.
  typealias Outcome = Result<[RejectedRow], StoreError>
  typealias Reply = CheckedContinuation<Outcome, Never>

  private struct Waiting {
    var events = EventList()
    /// Who waits, each with the rows that came from there, in order.
    var callers: [(rows: Range<Int>, reply: Reply)] = []

    mutating func join(_ more: EventList, _ reply: Reply) {
      let start = events.count
      events.append(more)
      callers.append((start..<events.count, reply))
    }

    func resume(_ outcome: Outcome) {
      for (rows, reply) in callers {
        reply.resume(
          returning: outcome.map { rejected in
            rejected.filter { rows.contains($0.row) }.map { $0.moved(by: -rows.lowerBound) }
          })
      }
    }
  }

  private struct State {
    var waiting: [ProjectID: Waiting] = [:]
    /// All that waits here, beside what waits in the store.
    var size = StoreInbox.Waiting()
    var isSealing = false
  }

  private let state = Mutex(State())
  private let sealer: DirectSealer
  private let store: Store

  /// What the batches' source is called.
  package static let source = "direct"

  package init(store: Store, key: SigningKey, clock: any Clock, random: any RandomSource) {
    self.store = store
    sealer = DirectSealer(store: store, key: key, clock: clock, random: random)
  }

  /// Stores events, and returns once they are on disk, with those that the store refuses: of people
  /// that were erased, of times that the project does not keep. What waits here is bounded like the
  /// store's own inbox: while one group waits for the disk, everybody who comes joins the next.
  @discardableResult
  package func append(
    _ events: EventList, project: ProjectID
  ) async throws(StoreError) -> [RejectedRow] {
    if events.isEmpty { return [] }
    let limits = store.waitingLimits
    let outcome = await withCheckedContinuation { (reply: Reply) in
      let mustSeal = state.withLock { state -> Bool? in
        guard limits.admit(events.bytes.count, beside: state.size) else { return nil }
        state.size.requests += 1
        state.size.bytes += events.bytes.count
        state.waiting[project, default: Waiting()].join(events, reply)
        defer { state.isSealing = true }
        return !state.isSealing
      }
      guard let mustSeal else {
        store.counters.inboxRefused.add(1, ordering: .relaxed)
        return reply.resume(returning: .failure(.busy(limits)))
      }
      if mustSeal { Task { await self.sealAll() } }
    }
    return try outcome.get()
  }

  /// Seals and stores group after group: while one waits for the disk, the next one gathers.
  private func sealAll() async {
    while true {
      let groups = state.withLock { state in
        if state.waiting.isEmpty { state.isSealing = false }
        defer {
          state.waiting = [:]
          state.size = StoreInbox.Waiting()
        }
        return state.waiting
      }
      if groups.isEmpty { return }
      await withDiscardingTaskGroup { tasks in
        for (project, group) in groups {
          tasks.addTask {
            group.resume(await self.sealer.store(group.events, project: project))
          }
        }
      }
    }
  }
}

/// Encodes, compresses and signs on a thread of its own, then has the store commit.
private actor DirectSealer {
  private let worker = Worker(name: "seal")
  private let store: Store
  private let key: SigningKey
  private let clock: any Clock
  private let epoch: Epoch
  private let boot: BootID
  private let compressor = ZstdCompressor()
  private var encoder = BatchEncoder()
  private var lastNumber: UInt64 = 0
  private var nextSequence: UInt64 = 1

  init(store: Store, key: SigningKey, clock: any Clock, random: any RandomSource) {
    self.store = store
    self.key = key
    self.clock = clock
    epoch = Epoch.random(from: random)
    boot = BootID.random(from: random)
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe worker.asUnownedSerialExecutor()  // SAFETY: stored, so it outlives the actor.
  }

  func store(_ events: EventList, project: ProjectID) async -> DirectIntake.Outcome {
    var rejected: [RejectedRow] = []
    var start = 0
    while start < events.count {
      let end = min(start + BatchLimits.standard.rows, events.count)
      do {
        let batch = try seal(events, start..<end, project)
        let outcome = try await store.commit(batch)
        rejected += outcome.rejected.map { $0.moved(by: start) }
      } catch let error as StoreError {
        return .failure(error)
      } catch {
        // Records that were built a moment ago cannot be refused; if they are, nothing is stored.
        return .failure(.damaged("\(error)"))
      }
      start = end
    }
    return .success(rejected)
  }

  private func seal(
    _ events: EventList, _ rows: Range<Int>, _ project: ProjectID
  ) throws(BatchProblem) -> ArrivedBatch {
    let first = events.range(at: rows.lowerBound).lowerBound
    let records = Array(events.bytes[first..<events.ends[rows.upperBound - 1]])
    let ends = events.ends[rows].map { $0 - first }
    let body = try encoder.encode(records: records.span, ends: ends.span)
    lastNumber += 1
    let label = SealedBatch.Label(
      audience: store.identity.id, collector: CollectorID(high: 0, low: 0), epoch: epoch,
      project: project, number: lastNumber,
      created: BatchHeader.Created(
        wallMilliseconds: clock.wallMilliseconds, boot: boot,
        monotonicMilliseconds: clock.monotonicNanoseconds / 1_000_000))
    let sealed = SealedBatch.seal(
      body, firstSequence: nextSequence, as: label, key: key, compressor: compressor)
    nextSequence += UInt64(rows.count)
    let columns = try BatchColumns(decoding: body.bytes)
    return ArrivedBatch(
      project: project, source: DirectIntake.source, origin: nil, bytes: sealed.bytes,
      columns: columns, received: clock.wallMilliseconds)
  }
}
