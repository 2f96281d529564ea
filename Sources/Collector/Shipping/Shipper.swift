import Batches
import Crypto
import Events
import Platform
import Spool
import Telemetry

/// Takes what waits in the spool to the aggregator: seals it when the window has room, sends
/// several batches at once, and lets go of what was acknowledged. `ShippingPlan` decides; this
/// acts.
///
/// It sleeps while there is nothing to do: work, answers and the end of a pause ring its bell.
actor Shipper {
  /// A sealed batch that was not acknowledged.
  struct Shipment {
    let batch: OutgoingBatch
    /// What the header says; nil until the bytes were looked at.
    var sent: SentBatch?
    /// The bytes while they are at hand; afterwards they are read from the spool.
    var bytes: [UInt8]?
    var mustVerify = false
  }

  let spool: Spool
  let sealer: Sealer
  let identity: Identity
  nonisolated let life: StoreLife
  let loop: EventLoop
  let clock: any Clock
  let log: Log
  let board: ShippingBoard
  let bell = Bell()
  let helloBell: Bell
  var doors: Doors
  var plan: ShippingPlan

  /// In the order in which they go out.
  var queue: [Shipment] = []
  var underWay: [BatchKey: UInt64] = [:]
  var hasWork = true
  var isWatching = false
  var isLingering = false
  var wantsRotation = false
  var isStopping = false
  var alarm: Task<Void, Never>?
  var lastTrouble: String?
  /// When the trouble of now began, on the wall clock.
  var troubleSince: Int64?
  /// The projects that were said to wait.
  var saidToWait: Set<ProjectID> = []

  init(
    spool: Spool, sealer: Sealer, identity: Identity, doors: Doors, loop: EventLoop,
    clock: any Clock, random: any RandomSource, log: Log, board: ShippingBoard, helloBell: Bell
  ) {
    self.spool = spool
    self.sealer = sealer
    self.identity = identity
    life = StoreLife(identity.incarnation)
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

  func step() async throws(SpoolError) {
    let now = clock.monotonicNanoseconds
    if plan.resumeProjects(at: now) { hasWork = true }
    if wantsRotation {
      // The numbers of everything that is still here change: nothing may be under way meanwhile.
      if underWay.isEmpty { return try await rotate() }
    } else if let index = nextInQueue() {
      if plan.maySend(queue[index].batch.size, at: now) {
        return try await send(queue.remove(at: index))
      }
    } else if hasWork, plan.maySend(0, at: now) {
      return try await sealNext()
    }
    publish()
    setAlarm(now)
    await bell.wait()
  }

  /// The oldest batch of a project that does not wait.
  func nextInQueue() -> Int? {
    let waiting = plan.pauses.waiting
    return queue.firstIndex { !waiting.contains($0.batch.key.project) }
  }

  /// Has the bell rung at the end of a pause.
  func setAlarm(_ now: UInt64) {
    alarm?.cancel()
    alarm = nil
    let hasReason =
      !queue.isEmpty || hasWork || wantsRotation || !plan.pauses.waiting.isEmpty
    guard hasReason, let time = plan.nextTime(after: now) else { return }
    let clock = clock
    let bell = bell
    alarm = Task(executorPreference: loop) {
      await clock.sleep(for: .nanoseconds(Int64(clamping: time &- now)))
      if !Task.isCancelled { bell.ring() }
    }
  }
}
