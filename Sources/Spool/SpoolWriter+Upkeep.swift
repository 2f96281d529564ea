import Platform
import SQLite

/// What the writer knows of the files beside its transactions.
struct Upkeep: Sendable {
  var slots = HighWaterSlots(file: [])
  var findings: [SpoolFinding] = []
  /// Folders of the quarantine whose events are still to be brought over.
  var salvages: [String] = []
  var level = SpoolLevel.green
  var usedBytes = 0
  var freeOnDisk = Int.max
  var hasBallast = false
  var seenCommit: Int64 = 0
  var markedCommit: Int64 = 0
  var patrol = ChunkPatrol()
  /// Writing has failed too often: nothing is taken in.
  var isDraining = false
  /// A tick is on its way.
  var isTicking = false
}

extension SpoolWriter {
  private var folder: String { configuration.directory }

  func beginUpkeep() {
    if let store {
      upkeep.seenCommit = store.commit
      upkeep.markedCommit = store.commit
    }
    let ballast = folder + "/" + SpoolFiles.ballast
    do throws(SystemError) {
      upkeep.hasBallast = try disk.size(of: ballast) ?? 0 >= configuration.ballastBytes
    } catch { upkeep.hasBallast = false }
    measureDisk()
    beginDraining()
    measureRoom()
    scheduleTick()
  }

  /// Between two transactions: what a commit must never wait for.
  func afterCommit() {
    guard failure == nil, let store else { return }
    upkeep.seenCommit = store.commit
    if store.database.walPages >= 1000 {
      checkpoint(.passive)
      measureDisk()
    }
    measureRoom()
    scheduleTick()
  }

  // MARK: The second hand

  /// A second after the first commit: the mark; when nothing was committed meanwhile, whatever is
  /// better done at leisure. Then silence until the next commit.
  private func scheduleTick() {
    guard !upkeep.isTicking else { return }
    upkeep.isTicking = true
    // With a preference: waiting on the standard library's pool would have it wake every second.
    Task(executorPreference: worker) { [clock, self] in
      await clock.sleep(for: .seconds(1))
      await tick()
    }
  }

  private func tick() {
    upkeep.isTicking = false
    guard failure == nil, let store else { return }
    let isIdle = upkeep.markedCommit == store.commit
    if !isIdle { writeMark() }
    measureDisk()
    if store.database.walPages > 4096 { checkpoint(isIdle ? .truncate : .passive) }
    let isVacuumed = isIdle ? giveBack() : true
    let isSalvaged = salvageSome()
    patrolSome()
    measureRoom()
    if upkeep.level.isRed || !isIdle || !isVacuumed || !isSalvaged || !upkeep.patrol.isDone {
      scheduleTick()
    }
  }

  /// A step of the walk over all chunks. At its end it sleeps for a day, and lets the process sleep.
  private func patrolSome() {
    guard failure == nil, let store, !upkeep.patrol.isDone else { return }
    upkeep.patrol.step(store)
    tellFindings()
    guard upkeep.patrol.isDone else { return }
    Task(executorPreference: worker) { [clock, weak self] in
      await clock.sleep(for: ChunkPatrol.pause)
      await self?.patrolAgain()
    }
  }

  private func patrolAgain() {
    guard let store else { return }
    upkeep.patrol.begin(mendings: store.mendings)
    scheduleTick()
  }

  private func writeMark() {
    guard let store, failure == nil else { return }
    let mark = HighWaterMark(
      epoch: store.epoch, commit: store.commit, wallMilliseconds: clock.wallMilliseconds)
    do throws(SystemError) {
      try disk.write(mark.slot, to: folder + "/" + SpoolFiles.mark, at: upkeep.slots.takeOffset())
      upkeep.markedCommit = store.commit
    } catch {
      if error.isOutOfSpace { return }  // The next tick tries again.
      fail(SQLiteError(code: 10, message: error.description, subject: "mark"))  // SQLITE_IOERR
    }
  }

  private func checkpoint(_ mode: Checkpoint.Mode) {
    guard let store else { return }
    do throws(SQLiteError) {
      _ = try store.database.checkpoint(mode)
    } catch {
      if error.isFull { isFull() } else { fail(error) }
    }
  }

  /// Gives pages that hold nothing back to the file system, a part at a time; true when done.
  private func giveBack() -> Bool {
    guard let store else { return true }
    do throws(SQLiteError) {
      guard try store.database.integer("PRAGMA freelist_count") ?? 0 > 4096 else { return true }
      for _ in 0..<16 { try store.database.execute("PRAGMA incremental_vacuum(256)") }
      if store.database.walPages >= 1000 { checkpoint(.truncate) }
      return false
    } catch {
      if error.isFull { isFull() } else { fail(error) }
      return true
    }
  }

  /// Brings some chunks of a database that was set aside over; true when there is nothing to bring.
  private func salvageSome() -> Bool {
    guard let store, failure == nil, let name = upkeep.salvages.first else { return true }
    guard !upkeep.level.isRed, !upkeep.isDraining else { return false }
    let place = folder + "/" + SpoolFiles.quarantine + "/" + name
    if salvage == nil {
      salvage = Salvage(
        name: name, path: place + "/" + SpoolFiles.database,
        fileSystem: disk.databaseFileSystem, store: store)
    }
    do throws(SQLiteError) {
      for _ in 0..<16 {
        guard let salvage, try salvage.step(into: store) else {
          finishSalvage(place)
          break
        }
        counters.salvagedChunks += 1
      }
    } catch {
      if error.isFull { isFull() } else { fail(error) }
      return true
    }
    afterCommit()
    wakeWaiting()
    return upkeep.salvages.isEmpty
  }

  private func finishSalvage(_ place: String) {
    salvage = nil
    upkeep.salvages.removeFirst()
    do throws(SystemError) {
      try disk.create(place + "/" + SpoolFiles.salvaged)
      try disk.synchronizeDirectory(place)
    } catch {
      // Then the next start looks through it again, and finds that everything was brought over.
    }
  }

  // MARK: Room

  private func measureDisk() {
    do throws(SystemError) {
      upkeep.freeOnDisk = try disk.fileSystem(of: folder).freeBytes
      let ballast = folder + "/" + SpoolFiles.ballast
      switch configuration.room.action(
        freeOnDisk: upkeep.freeOnDisk, hasBallast: upkeep.hasBallast)
      {
      case .none: break
      case .releaseBallast:
        try disk.remove(ballast)
        upkeep.hasBallast = false
      case .allocateBallast:
        try disk.allocate(ballast, bytes: configuration.ballastBytes)
        upkeep.hasBallast = true
      }
    } catch {
      // No figure, no ballast: the cap and SQLite's own answer still stand.
    }
  }

  private func measureRoom() {
    guard failure == nil, let store else { return }
    do throws(SQLiteError) {
      upkeep.usedBytes = try store.usedBytes()
      let allowance = configuration.room.keptAllowance(
        used: upkeep.usedBytes, kept: store.keptBytes, freeOnDisk: upkeep.freeOnDisk)
      if store.keptBytes > allowance {
        try store.trim(to: allowance)
        upkeep.seenCommit = store.commit
        upkeep.usedBytes = try store.usedBytes()
      }
    } catch {
      if error.isFull { isFull() } else { fail(error) }
      return
    }
    upkeep.level = configuration.room.level(
      used: upkeep.usedBytes, freeOnDisk: upkeep.freeOnDisk,
      log: store.database.walPages * 4120)
    if upkeep.isDraining {
      inbox.refuse(.draining(retryAfter: Self.drainingRetry))
    } else {
      inbox.refuse(upkeep.level.isRed ? .full(retryAfter: Self.retryAfter) : nil)
    }
  }

  /// SQLite found no page, at our cap or on the disk: the ballast goes, and nothing is taken before
  /// the next look. True where the ballast has made room.
  @discardableResult
  func isFull() -> Bool {
    var hasRoom = false
    if upkeep.hasBallast {
      do throws(SystemError) {
        try disk.remove(folder + "/" + SpoolFiles.ballast)
        upkeep.hasBallast = false
        hasRoom = true
      } catch {
        // Then shipping waits until somebody makes room.
      }
    }
    upkeep.level = .red(.disk)
    inbox.refuse(.full(retryAfter: Self.retryAfter))
    scheduleTick()
    return hasRoom
  }

  func endUpkeep() {
    checkpoint(.truncate)
    writeMark()
    forgetFailures()
  }
}
