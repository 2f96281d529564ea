import Calendar
import JSON
import Platform
import Synchronization

/// How backups have gone so far, for whoever asks.
final class BackupBoard: Sendable {
  /// A backup that is whole.
  struct Good: Sendable {
    var name: String
    var path: String?
    var began: Int64
    var bytes: Int
    var copied: Int?
    var seconds: Double?
    var missingPacks: Int
    var manifest: BackupManifest

    init(_ made: BackupMaker.Made, path: String, nanoseconds: UInt64) {
      self.init(made.manifest)
      self.path = path
      copied = made.copiedBytes
      seconds = Double(nanoseconds) / 1e9
    }

    init(_ manifest: BackupManifest) {
      self.manifest = manifest
      name = manifest.name
      began = manifest.began
      bytes = manifest.byteCount
      missingPacks = manifest.missingPacks.count
    }
  }

  struct Failure: Sendable {
    let problem: BackupProblem
    let at: Int64
  }

  struct State: Sendable {
    /// The number of the last that was begun in this life of the program.
    var number = 0
    var isRunning = false
    /// What became of that number.
    var outcome: Result<Good, BackupProblem>?
    var good: Good?
    /// Since the last good one.
    var failure: Failure?
    var failures = 0
    /// On the monotonic clock.
    var lastAttempt: UInt64?
  }

  let isScheduled: Bool
  let every: Duration
  private let clock: any Clock
  private let state = Mutex(State())

  init(isScheduled: Bool, every: Duration, clock: any Clock) {
    self.isScheduled = isScheduled
    self.every = every
    self.clock = clock
  }

  var current: State { state.withLock { $0 } }

  func begin() -> Int? {
    let now = clock.monotonicNanoseconds
    return state.withLock { state in
      if state.isRunning { return nil }
      state.isRunning = true
      state.number += 1
      state.outcome = nil
      state.lastAttempt = now
      return state.number
    }
  }

  func found(_ manifest: BackupManifest) {
    state.withLock { state in
      if state.good == nil { state.good = Good(manifest) }
    }
  }

  func finished(_ number: Int, _ good: Good) {
    state.withLock { state in
      state.isRunning = false
      state.outcome = .success(good)
      state.good = good
      state.failure = nil
    }
  }

  func failed(_ number: Int, _ problem: BackupProblem) {
    let now = clock.wallMilliseconds
    state.withLock { state in
      state.isRunning = false
      state.outcome = .failure(problem)
      state.failure = Failure(problem: problem, at: now)
      state.failures += 1
    }
  }

  /// How long the schedule has to wait. After a failure it tries again soon.
  var untilDue: Duration {
    let (wall, monotonic) = (clock.wallMilliseconds, clock.monotonicNanoseconds)
    return state.withLock { state in
      var rest = Duration.zero
      // A clock that was set back makes it wait for once the time at most.
      if let good = state.good { rest = min(every, every - .milliseconds(wall - good.began)) }
      if state.failure != nil, let last = state.lastAttempt {
        let since = Duration.nanoseconds(Int64(clamping: monotonic &- last))
        rest = max(rest, min(every, Self.retry) - since)
      }
      return max(.zero, rest)
    }
  }

  private static let retry: Duration = .seconds(300)

  /// The age of the last good one, in milliseconds.
  var age: Int64? {
    let now = clock.wallMilliseconds
    return state.withLock { $0.good.map { max(0, now - $0.began) } }
  }
}
