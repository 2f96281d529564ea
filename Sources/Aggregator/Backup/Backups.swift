import Calendar
import Intake
import Platform
import Store
import Synchronization
import Telemetry

/// The backups that a running aggregator makes, on a schedule and when it is asked to: one at a time, on
/// a thread of their own.
actor Backups {
  struct Schedule: Sendable {
    /// Nowhere: only when asked.
    var to: String?
    var every: Duration
    var keep: Int
  }

  nonisolated let board: BackupBoard
  nonisolated let schedule: Schedule
  private let worker = Worker(name: "backup")
  private let folder: DataFolder
  private let store: Store
  private let tenants: Tenants
  private let reserveBytes: Int
  private let version: String
  private let clock: any Clock
  private let log: Log
  private nonisolated let isStopping = Atomic(false)

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe worker.asUnownedSerialExecutor() }

  init(
    _ schedule: Schedule, folder: DataFolder, store: Store, tenants: Tenants, reserveBytes: Int,
    version: String, clock: any Clock, log: Log
  ) {
    board = BackupBoard(isScheduled: schedule.to != nil, every: schedule.every, clock: clock)
    self.schedule = schedule
    self.folder = folder
    self.store = store
    self.tenants = tenants
    self.reserveBytes = reserveBytes
    self.version = version
    self.clock = clock
    self.log = log
  }

  /// A backup that is under way is given up: the next start removes what it has left.
  nonisolated func stop() { isStopping.store(true, ordering: .relaxed) }

  /// Begins a backup; its number, or nil where one is under way.
  nonisolated func begin(to path: String, keep: Int?) -> Int? {
    guard let number = board.begin() else { return nil }
    let keep = keep ?? schedule.keep
    Task(executorPreference: worker) { await self.make(number, to: path, keep: keep) }
    return number
  }

  /// Makes backups when they are due, for as long as the program runs.
  nonisolated func followSchedule() {
    guard let path = schedule.to else { return }
    Task(executorPreference: worker) { [self] in
      await lookForOlder(in: path)
      while !isStopping.load(ordering: .relaxed) {
        let rest = board.untilDue
        if rest > .zero {
          await clock.sleep(for: min(rest, .seconds(3_600)))
        } else if let number = board.begin() {
          await make(number, to: path, keep: schedule.keep)
        } else {
          await clock.sleep(for: .seconds(1))
        }
      }
    }
  }

  /// What was made before this start counts.
  private func lookForOlder(in path: String) {
    // Where there is no such folder yet there is none.
    guard let newest = try? BackupShelf(path).backups().last, newest.store == store.identity.id
    else { return }
    board.found(newest)
  }

  private func make(_ number: Int, to path: String, keep: Int) async {
    let began = clock.monotonicNanoseconds
    let source = BackupSource.running(
      folder, store: store, tenants: tenants, reserveBytes: reserveBytes,
      mayGoOn: { [self] in !isStopping.load(ordering: .relaxed) })
    let maker = BackupMaker(source, to: path, version: version, clock: clock)
    do throws(BackupProblem) {
      let made = try await maker.make(keep: keep)
      // Erasures outlive the backups in which those people still are.
      try ErasureLog(directory: Directory(path), store: store.identity.id)
        .add(await store.erasures)
      let took = clock.monotonicNanoseconds &- began
      board.finished(number, BackupBoard.Good(made, path: path, nanoseconds: took))
      log.info(
        "a backup was made",
        [
          "to": .text(path), "name": .text(made.manifest.name),
          "events": .integer(made.manifest.events), "bytes": .integer(made.manifest.byteCount),
          "copied": .integer(made.copiedBytes), "milliseconds": .integer(Int(took / 1_000_000)),
        ])
    } catch {
      board.failed(number, error)
      log.error("a backup could not be made", ["to": .text(path), "reason": .text(error.sentence)])
    }
  }
}
