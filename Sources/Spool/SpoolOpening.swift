import Platform
import SQLite

/// How a spool starts: the lock, what a crash or damage left, the database. It always ends with a
/// spool that takes events, except where another process, a newer version or a failing disk is in the
/// way: nothing is ever deleted, and nothing is read that grows with the backlog.
struct SpoolOpening {
  let configuration: SpoolConfiguration
  let disk: any Disk
  let clock: any Clock
  let random: any RandomSource

  struct Opened {
    let store: SpoolStore
    let lock: any DiskLock
    var mark: HighWaterSlots
    /// When writing failed in the runs before this one.
    let failedEnds: FailedEndsFile
    var findings: [SpoolFinding]
    /// Folders of databases set aside whose events are not all brought over yet.
    var salvages: [String]
  }

  private var folder: String { configuration.directory }
  private var databasePath: String { folder + "/" + SpoolFiles.database }
  private var logPath: String { databasePath + "-wal" }

  func open() throws(SpoolError) -> Opened {
    let lock = try prepareDirectory()
    return try system { () throws(SystemError) in try openLocked(lock) }
  }

  private func openLocked(_ lock: any DiskLock) throws(SystemError) -> Result<Opened, SpoolError> {
    try makeRoom()
    let failedEnds = try openFailedEnds()
    var findings: [SpoolFinding] = []
    let slots = HighWaterSlots(
      file: try disk.read(
        folder + "/" + SpoolFiles.mark, count: 2 * HighWaterMark.slotSize, at: 0))
    var mark: HighWaterMark?
    switch slots.finding {
    case .none: break
    case .mark(let found): mark = found
    case .unreadable: findings.append(.markUnreadable)
    }
    let isLogDamaged = try disk.size(of: databasePath) != nil ? try scanLog() : false
    if try disk.size(of: folder + "/" + SpoolFiles.unsound) != nil {
      findings.append(.databaseLost("found damaged while it ran"))
      try setAside(mark)
    }
    for _ in 0..<2 {
      try create()
      let salvages = try salvages()
      do throws(OpeningProblem) {
        let isLost = mark != nil || findings.contains(where: \.isDatabaseLost)
        let store = try openStore(
          after: mark?.commit ?? 0, lost: isLost ? mark?.epoch ?? Epoch(high: 0, low: 0) : nil)
        var opened = Opened(
          store: store, lock: lock, mark: slots, failedEnds: failedEnds, findings: findings,
          salvages: salvages)
        do throws(OpeningProblem) {
          try judge(&opened, mark, isLogDamaged: isLogDamaged)
          try settle(&opened)
        } catch {
          store.database.closeWithoutCheckpoint()
          throw error
        }
        return .success(opened)
      } catch {
        switch error {
        case .spool(let error): return .failure(error)
        case .unsound(let what):
          // Before the first mark nothing was promised: a torn beginning is no loss.
          if slots.finding != .none { findings.append(.databaseLost(what)) }
          try setAside(mark)
        }
      }
    }
    return .failure(.failed("a new database cannot be opened"))
  }

  enum OpeningProblem: Error {
    case spool(SpoolError)
    case unsound(String)
  }

  /// Compares what was read with what must be there.
  private func judge(
    _ opened: inout Opened, _ mark: HighWaterMark?, isLogDamaged: Bool
  ) throws(OpeningProblem) {
    let store = opened.store
    do throws(SQLiteError) {
      if store.isNew {
        if mark != nil, !opened.findings.contains(where: \.isDatabaseLost) {
          opened.findings.append(.databaseLost("it is empty or missing"))
        }
      } else if isLogDamaged || store.commit < mark?.commit ?? 0 {
        opened.findings.append(.logCut(commit: store.commit, mark: mark?.commit ?? 0))
        store.commit = max(store.commit, mark?.commit ?? 0)
        try store.rotate(to: Epoch(random: random), lost: .logCut)
      }
      let damaged = try store.damagedChunksInTail(bytes: SpoolFiles.verifiedTail)
      if damaged > 0 { opened.findings.append(.chunksDamaged(damaged)) }
      opened.findings += store.takeFindings()
    } catch { throw Self.problem(error) }
    do throws(SQLiteError) {
      // From here on the log holds this run's commits only: see WALScan.
      _ = try store.database.checkpoint(.truncate)
    } catch {
      // Without room the log stays as it is: what is kept can still be shipped.
      if !error.isFull { throw Self.problem(error) }
    }
  }

  /// Puts everything on disk that the promises of this run stand on: the entries of database and log;
  /// that the journal of the database's making is gone, for a power loss may bring an unlinked
  /// journal back, and it would be rolled back; and a first mark.
  private func settle(_ opened: inout Opened) throws(OpeningProblem) {
    let isFirst = opened.mark.finding == .none
    do throws(SystemError) {
      try disk.synchronizeDirectory(folder)
      let mark = HighWaterMark(
        epoch: opened.store.epoch, commit: opened.store.commit,
        wallMilliseconds: clock.wallMilliseconds)
      do throws(SystemError) {
        try disk.write(
          mark.slot, to: folder + "/" + SpoolFiles.mark, at: opened.mark.takeOffset())
      } catch {
        // A later mark needs no room; the first must be there before the first promise.
        if isFirst || !error.isOutOfSpace { throw error }
      }
      try disk.synchronizeDirectory(folder)
    } catch { throw .spool(.failed(error.description)) }
  }

  private static func problem(_ error: SQLiteError) -> OpeningProblem {
    error.isUnsound
      ? .unsound(error.description) : .spool(.failed(error.description))
  }

  // MARK: Files

  /// Makes the database's file where there is none: by us and not by SQLite, for its rights, and so
  /// that its entry is on disk before the first event is accepted.
  private func create() throws(SystemError) {
    if try disk.size(of: databasePath) != nil { return }
    // A log without its database must never meet another one.
    if try disk.size(of: logPath) != nil { try setAside(nil) }
    try disk.create(databasePath)
    try disk.synchronizeDirectory(folder)
  }

  private func openStore(after commit: Int64, lost: Epoch?) throws(OpeningProblem) -> SpoolStore {
    let database: Database
    do throws(SQLiteError) {
      database = try Database(
        path: databasePath,
        configuration: .owner(
          exclusively: true, fileSystem: disk.databaseFileSystem,
          cacheKiB: configuration.cacheKiB))
    } catch { throw Self.problem(error) }
    do throws(Schema.Problem) {
      try SpoolSchema.schema.migrate(database)
    } catch {
      database.closeWithoutCheckpoint()
      switch error {
      case .newer(let found, let known):
        throw .spool(.newerSchema(found: found, known: known))
      case .failed(let error): throw Self.problem(error)
      }
    }
    do throws(SpoolStore.Unsound) {
      let store = try SpoolStore(
        database: database, configuration: configuration, clock: clock,
        newEpoch: Epoch(random: random), after: commit, lost: lost)
      do throws(SQLiteError) {
        try database.execute(script: "PRAGMA max_page_count = \(configuration.room.maximumPages)")
      } catch { throw SpoolStore.Unsound.database(error) }
      return store
    } catch {
      switch error {
      case .row(let table):
        database.closeWithoutCheckpoint()
        throw .unsound("check of \(table)")
      case .database(let error):
        database.closeWithoutCheckpoint()
        throw Self.problem(error)
      }
    }
  }

  /// Moves database and log together into a folder of their own, for the salvage and for people.
  private func setAside(_ mark: HighWaterMark?) throws(SystemError) {
    let quarantine = folder + "/" + SpoolFiles.quarantine
    let name = "\(clock.wallMilliseconds)-\(mark?.epoch.description ?? "unknown")"
    let place = quarantine + "/" + name
    try disk.createDirectory(quarantine)
    try disk.createDirectory(place)
    // The database first: after a crash in between, the log without a database follows it, while a
    // database without its log would look sound.
    for file in [SpoolFiles.database, SpoolFiles.database + "-wal", SpoolFiles.unsound] {
      let path = folder + "/" + file
      if try disk.size(of: path) != nil { try disk.rename(path, to: place + "/" + file) }
    }
    try disk.synchronizeDirectory(place)
    try disk.synchronizeDirectory(folder)
  }

  private func salvages() throws(SystemError) -> [String] {
    let quarantine = folder + "/" + SpoolFiles.quarantine
    guard try disk.names(in: folder).contains(SpoolFiles.quarantine) else { return [] }
    var found: [String] = []
    for name in try disk.names(in: quarantine) {
      let files = try disk.names(in: quarantine + "/" + name)
      if files.contains(SpoolFiles.database), !files.contains(SpoolFiles.salvaged) {
        found.append(name)
      }
    }
    return found
  }

  private func openFailedEnds() throws(SystemError) -> FailedEndsFile {
    let (file, problem) = FailedEndsFile.open(
      SpoolFiles.failures, in: folder, disk: disk, clock: clock)
    if let problem { throw problem }
    return file
  }

  private func scanLog() throws(SystemError) -> Bool {
    try WALScan { count, offset throws(SystemError) in
      try disk.read(logPath, count: count, at: offset)
    }.isDamaged
  }

  /// A start needs some pages itself.
  private func makeRoom() throws(SystemError) {
    let ballast = folder + "/" + SpoolFiles.ballast
    let free = try disk.fileSystem(of: folder).freeBytes
    let hasBallast = try disk.size(of: ballast) != nil
    if configuration.room.action(freeOnDisk: free, hasBallast: hasBallast) == .releaseBallast {
      try disk.remove(ballast)
    }
  }

  private func prepareDirectory() throws(SpoolError) -> any DiskLock {
    try system { () throws(SystemError) in
      try disk.createDirectory(folder)
      if let network = try disk.fileSystem(of: folder).networkName {
        return .failure(.networkFileSystem(network))
      }
      do throws(FileLock.Problem) {
        return .success(try disk.lock(folder + "/" + SpoolFiles.lock))
      } catch {
        switch error {
        case .held(let process): return .failure(.locked(by: process))
        case .system(let error): return .failure(.failed(error.description))
        }
      }
    }
  }

  private func system<R>(
    _ body: () throws(SystemError) -> Result<R, SpoolError>
  ) throws(SpoolError) -> R {
    let result: Result<R, SpoolError>
    do throws(SystemError) {
      result = try body()
    } catch { throw .failed(error.description) }
    return try result.get()
  }
}

/// The names in the spool's folder.
enum SpoolFiles {
  static let database = "spool.db"
  static let lock = "spool.lock"
  static let mark = "spool.mark"
  static let ballast = "spool.ballast"
  /// Left by a run that met damage in the database: the next start sets the database aside.
  static let unsound = "spool.unsound"
  /// When writing failed: see FailedEnds.
  static let failures = "spool.failures"
  static let quarantine = "quarantine"
  /// In a folder of the quarantine: everything that could be read has been brought over.
  static let salvaged = "salvaged"
  /// How much of the newest events is verified at start.
  static let verifiedTail = 4 << 20
}

/// What a start, or a look at what is kept, found that people should know of.
package enum SpoolFinding: Equatable, Sendable {
  /// Commits that had been promised are missing at the end of the log. A new epoch has begun.
  case logCut(commit: Int64, mark: Int64)
  /// So many chunks are damaged; they are mended when their turn comes.
  case chunksDamaged(Int)
  /// A small row is damaged: one of `gap` was replaced by a gap of unknown size, one of `quarantine`
  /// stays as it is.
  case rowDamaged(table: String, id: Int64)
  /// Chunks behind some place cannot be read.
  case unreadable(String)
  /// The database was set aside, and a new one begun; what can be read of the old one follows.
  case databaseLost(String)
  case markUnreadable

  var isDatabaseLost: Bool {
    if case .databaseLost = self { true } else { false }
  }
}
