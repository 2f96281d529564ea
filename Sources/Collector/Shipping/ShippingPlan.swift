import Batches
import Events
import Platform
import Spool

/// Decides what becomes of a batch once its answer is there, and when the next may go: all that
/// shipping has to remember, without any of its I/O.
struct ShippingPlan: Sendable {
  enum Action: Equatable, Sendable {
    /// The aggregator has it: let go of it.
    case acknowledge(Acknowledgement)
    /// The same bytes again, when its turn comes.
    case sendAgain
    /// The stored copy is to be verified first.
    case verifyAndSendAgain
    /// Seal its events again, at most so many in one.
    case requeue(events: Int?)
    case quarantine(Trouble)
    /// Everything under new numbers.
    case rotateEpoch
  }

  /// Why nothing goes out.
  enum Hold: Equatable, Sendable {
    /// The aggregator does not want this collector's events.
    case retired
    /// It is another store, or one that was set back: an operator decides.
    case otherStore
    /// Too many events were called unshippable.
    case breaker
  }

  private(set) var window = SendWindow()
  private(set) var backoff = Backoff()
  private(set) var target = BatchTarget()
  private(set) var suspicion = Suspicion()
  private(set) var hold: Hold?
  /// Projects that wait while the others go on.
  private(set) var pauses = ProjectPauses()
  /// What went wrong last, since the last acknowledgement.
  private(set) var trouble: Trouble?
  /// Nothing goes out before this, on the monotonic clock.
  private(set) var pausedUntil: UInt64 = 0
  /// The aggregator is to be asked what has changed.
  var needsHello = false
  /// Connections to it are to be made anew.
  var needsReset = false

  private var lastFailure: UInt64 = 0
  private var refusals = 0
  /// The projects that the last hello named.
  private var welcome: Set<ProjectID> = []
  private let random: any RandomSource

  init(random: any RandomSource) { self.random = random }

  // MARK: What may be done

  /// Whether a batch of this size may go now. While something is wrong one at a time goes, to find
  /// out whether it still is.
  func maySend(_ size: Int, at now: UInt64) -> Bool {
    guard hold == nil, now >= pausedUntil else { return false }
    return backoff.failures == 0 ? window.admits(size) : window.batches == 0
  }

  /// When to look again, where waiting for time helps at all.
  func nextTime(after now: UInt64) -> UInt64? {
    guard hold == nil else { return nil }
    if pausedUntil > now { return pausedUntil }
    return pauses.nextEnd.map { max($0, now &+ 1) }
  }

  /// Ends the waits of projects; true where one has ended, and its batches are to be tried.
  mutating func resumeProjects(at now: UInt64) -> Bool { pauses.expire(at: now) }

  mutating func sent(_ size: Int) { window.sent(size) }

  mutating func limits(_ limits: BatchLimits) {
    target.ceiling.events = max(1, limits.rows)
    // The columns of a batch are at most about as large as its records.
    target.ceiling.bytes = max(64 << 10, min(limits.plainBytes, limits.compressedBytes) / 2)
  }

  // MARK: What came of it

  /// `sentAt` is when the batch went out, on the same clock as `now`; `wall` dates what people see.
  mutating func finished(
    _ batch: OutgoingBatch, _ verdict: ShipmentVerdict, sentAt: UInt64, at now: UInt64,
    wall: Int64 = 0
  ) -> Action {
    window.finished(batch.size)
    switch verdict {
    case .acknowledged(let acknowledgement):
      // The line is there again: whether hello gets through as well is worth asking.
      if trouble != nil { needsHello = true }
      pauses.lift(batch.key.project)
      window.acknowledged()
      backoff.acknowledged()
      suspicion.acknowledged(batch, at: now)
      refusals = 0
      trouble = nil
      if hold == .breaker { hold = nil }
      return .acknowledge(acknowledgement)
    case .transient(let trouble, let retryAfter, let isOverload):
      if isOverload { window.overloaded() }
      needsReset = needsReset || !isOverload
      let wait = retryAfter.map { Backoff.respecting($0, random) }
      failed(trouble, sentAt: sentAt, at: now, wait: wait)
      return .sendAgain
    case .misconfigured(let trouble):
      needsReset = true
      let isRedirect = trouble.code.hasPrefix("http_3")
      failed(
        trouble, sentAt: sentAt, at: now,
        wait: isRedirect ? Backoff.respecting(.seconds(60), random) : nil)
      return .sendAgain
    case .unauthorized(let trouble):
      needsHello = true
      // From one minute to a quarter of an hour.
      let wait: Duration = min(.seconds(60) * (1 << min(refusals, 4)), .seconds(900))
      if sentAt >= lastFailure { refusals += 1 }
      failed(
        trouble, sentAt: sentAt, at: now, wait: wait + Backoff.chance(upTo: wait / 5, random))
      return .sendAgain
    case .foreignProject(let trouble):
      // It says nothing about the others, so neither back-off nor window hears of it.
      needsHello = true
      pauses.refused(
        batch.key.project, trouble, sentAt: sentAt, at: now, wall: wall, random)
      return .sendAgain
    case .unversed(let trouble):
      needsHello = true
      failed(trouble, sentAt: sentAt, at: now, wait: nil)
      return .sendAgain
    case .retired(let trouble):
      failed(trouble, sentAt: sentAt, at: now, wait: nil)
      hold = .retired
      return .sendAgain
    case .otherStore(let trouble):
      failed(trouble, sentAt: sentAt, at: now, wait: nil)
      needsHello = true
      hold = .otherStore
      return .sendAgain
    case .forked:
      suspicion.rotated()
      failed(Trouble("epoch_forked"), sentAt: sentAt, at: now, wait: nil)
      return .rotateEpoch
    case .tooLarge: return tooLarge(batch, sentAt: sentAt, at: now)
    case .doubted(let trouble): return doubted(batch, trouble, sentAt: sentAt, at: now)
    }
  }

  private mutating func tooLarge(_ batch: OutgoingBatch, sentAt: UInt64, at now: UInt64) -> Action {
    if let events = target.refused(events: batch.count, at: now) {
      return .requeue(events: events)
    }
    let trouble = Trouble("too_large", "a single event is called too large")
    // What is too small to be too large is not the batch's fault.
    if batch.count == 1, batch.size > Self.surelySmall {
      if suspicion.refused(batch, at: now) == .quarantine { return .quarantine(trouble) }
    }
    failed(trouble, sentAt: sentAt, at: now, wait: nil)
    return .sendAgain
  }

  private static let surelySmall = 4 << 10

  private mutating func doubted(
    _ batch: OutgoingBatch, _ trouble: Trouble, sentAt: UInt64, at now: UInt64
  ) -> Action {
    self.trouble = trouble
    switch suspicion.refused(batch, at: now) {
    case .sendAgain: return .verifyAndSendAgain
    case .bisect(let events): return .requeue(events: events)
    case .quarantine: return .quarantine(trouble)
    case .stop:
      // The breaker lets one batch through now and then; only an acknowledgement closes it.
      failed(
        trouble, sentAt: sentAt, at: now, wait: Backoff.respecting(.seconds(300), random))
      return .sendAgain
    }
  }

  /// Several that were under way together fail together, which is one failure.
  private mutating func failed(
    _ trouble: Trouble, sentAt: UInt64, at now: UInt64, wait: Duration?
  ) {
    self.trouble = trouble
    if sentAt >= lastFailure {
      let backedOff = backoff.failed(at: now, random)
      let wait = wait ?? backedOff
      pausedUntil = max(pausedUntil, now &+ UInt64(max(0, wait.wholeNanoseconds)))
      lastFailure = now
    } else if let wait {
      pausedUntil = max(pausedUntil, now &+ UInt64(max(0, wait.wholeNanoseconds)))
    }
  }

  /// The aggregator has answered a hello as it should, and says that it takes these projects. Those
  /// that it did not name before need not wait any longer; for the others, this is no news.
  mutating func greeted(_ projects: [ProjectID]) {
    for project in projects where !welcome.contains(project) { pauses.lift(project) }
    welcome = Set(projects)
    if hold == .retired || hold == .otherStore {
      hold = nil
      trouble = nil
    }
  }

  /// The hello showed that this is not the store that it was.
  mutating func estranged(_ trouble: Trouble) {
    self.trouble = trouble
    hold = .otherStore
  }
}
