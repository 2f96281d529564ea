import Batches
import Crypto
import Events
import HTTP
import Intake
import Kernels
import Platform
import Query
import SQL
import Store
import Telemetry
import Tenancy
import Synchronization

/// The aggregator's HTTP face: which routes stand on which listener.
struct AggregatorFace: Sendable {
  private let intake: IntakeFace
  private let questions: EventRoutes
  private let pair: PairRoutes
  private let batches: BatchRoute
  private let operations: OperationRoutes
  // For the control socket alone.
  let imports: ImportRoute
  let sql: SQLRoute

  init(
    store: Store, tenants: Tenants, key: SigningKey, clock: any Clock, random: any RandomSource,
    registry: MetricRegistry, health: HealthBoard, log: Log, decoders: Int,
    refreshHealth: @escaping @Sendable () -> Void
  ) {
    let metrics = IntakeMetrics(registry)
    let limits = BatchLimits.standard
    let board = tenants.board
    let clocks = CollectorClocks()
    let decoders = BatchDecoders(count: decoders)
    intake = IntakeFace(
      sink: DirectSink(
        intake: DirectIntake(store: store, key: key, clock: clock, random: random), store: store),
      clock: clock, ids: EventIDSource(clock: clock, random: random), metrics: metrics, log: log,
      book: { board.current })
    questions = EventRoutes(
      answers: StoreAnswers(
        of: store, on: KernelThreads(count: Processors.count), clock: clock),
      access: ReadAccess(board: board), clocks: QuestionClocks(board: board), clock: clock,
      metrics: QueryMetrics(metrics: ReportMetrics(registry)))
    pair = PairRoutes(
      store: store, tenants: tenants, key: key, limits: limits, clock: clock, random: random,
      log: log, clocks: clocks)
    batches = BatchRoute(
      store: store, board: board, limits: limits, clock: clock, clocks: clocks,
      decoders: decoders, metrics: metrics, log: log)
    imports = ImportRoute(
      store: store, board: board, limits: limits, clock: clock, decoders: decoders,
      sealer: ImportSealer(store: store.identity.id, key: key, clock: clock, random: random),
      metrics: metrics)
    sql = SQLRoute(answers: SQLAnswers(of: store, clock: clock), board: board)
    operations = OperationRoutes(registry: registry, health: health) { refreshHealth() }
    registry.gauge(
      "tributary_challenges_used", "Challenges that were used and have not expired."
    ) { [pair] in Double(pair.usedChallenges) }
    registry.gauge("tributary_hot_events", "Events in the hot tier.") {
      Double(store.hot.eventCount)
    }
    registry.gauge("tributary_hot_events_limit", "The most events that the hot tier takes.") {
      Double(store.hot.maximumEvents)
    }
    registry.counter(
      "tributary_event_conflicts_total",
      "Events whose id was taken by another payload; the first one counts."
    ) { Double(store.hot.conflicts.load(ordering: .relaxed)) }
    StoredBatchReport(of: store).declare(in: registry)
    Self.declareLimits(of: store, in: registry)
  }

  /// What a plain listener serves: everything but the pair's own routes.
  func plainRouter(anonymousProject: ProjectID?) -> Router {
    var router = Router { .problem($0) }
    mountCommon(on: &router, anonymousProject)
    return router
  }

  /// What a TLS listener serves.
  func secureRouter(anonymousProject: ProjectID?) -> Router {
    var router = plainRouter(anonymousProject: anonymousProject)
    pair.mount(on: &router)
    batches.mount(on: &router)
    return router
  }

  private func mountCommon(on router: inout Router, _ anonymousProject: ProjectID?) {
    var options = IntakeFace.Options()
    options.anonymousProject = anonymousProject
    intake.mount(on: &router, options)
    questions.mount(on: &router)
    operations.mount(on: &router)
  }
}

extension AggregatorFace {
  /// What shows how near the store's limits are, and what they have cost.
  private static func declareLimits(of store: Store, in registry: MetricRegistry) {
    registry.gauge("tributary_store_waiting_requests", "Requests that wait for the disk.") {
      Double(store.waiting.requests)
    }
    registry.gauge("tributary_store_waiting_bytes", "Memory of the batches that wait for the disk.")
    {
      Double(store.waiting.bytes)
    }
    registry.gauge("tributary_store_waiting_limit_bytes", "The most of it that may wait.") {
      Double(store.waitingLimits.bytes)
    }
    let counters = store.counters
    registry.counter(
      "tributary_store_busy_total", "Requests refused because too much waited for the disk."
    ) { Double(counters.inboxRefused.load(ordering: .relaxed)) }
    registry.counter(
      "tributary_dead_letters_total", "Events that were read and not accepted, and kept aside."
    ) { Double(counters.deadLetters.load(ordering: .relaxed)) }
    registry.counter(
      "tributary_dead_letters_evicted_total",
      "Dead letters that made room for newer ones of their project."
    ) { Double(counters.deadLettersEvicted.load(ordering: .relaxed)) }
    registry.counter(
      "tributary_forked_epochs_total",
      "Epochs under which two collectors were seen: a data folder was copied, or set back."
    ) { Double(counters.forkedEpochs.load(ordering: .relaxed)) }
    registry.counter(
      "tributary_conflict_samples_left_out_total",
      "Conflicts that were counted, and of which no sample was kept: a project has 1,000."
    ) { Double(counters.conflictSamplesLeftOut.load(ordering: .relaxed)) }
    registry.counter(
      "tributary_joins_refused_total",
      "Identifies and aliases without effect: a person has 10,000 ids, or an id 64 profiles."
    ) { Double(counters.joinsRefused.load(ordering: .relaxed)) }
  }
}

/// Events without a collector go into the store by way of batches of our own.
private struct DirectSink: EventSink {
  let intake: DirectIntake
  let store: Store

  var refusal: IntakeRefusal? {
    if let refusal = store.refusal { return Self.refusal(refusal) }
    guard store.hot.eventCount >= store.hot.maximumEvents else { return nil }
    return Self.refusal(.full(limit: store.hot.maximumEvents))
  }

  func append(
    _ events: EventList, project: ProjectID
  ) async throws(IntakeRefusal) -> [RefusedEvent] {
    do {
      return try await intake.append(events, project: project).map {
        RefusedEvent(row: $0.row, code: $0.code, reason: $0.reason)
      }
    } catch { throw Self.refusal(error) }
  }

  private static func refusal(_ error: StoreError) -> IntakeRefusal {
    let refused = BatchRoute.refused(error)
    return IntakeRefusal(
      status: refused.status.code, code: refused.code, message: refused.message,
      retryAfter: error.retryAfter)
  }
}

extension StoreError {
  /// When another attempt is worth while: what waits for the disk is gone in a moment.
  fileprivate var retryAfter: Duration {
    switch self {
    case .busy: .seconds(1)
    case .paused(let seconds): .seconds(min(seconds, BatchRoute.longestPause))
    default: .seconds(10)
    }
  }
}
