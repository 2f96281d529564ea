package import Platform
import SQLite
import Store
import Synchronization

/// Makes a data folder out of a backup.
///
/// A mark lies in the folder from before its first file until after its last: a folder with it is used by
/// no aggregator, and another restore begins it anew. So to everybody else a restore happens at once,
/// the new incarnation included (RELIABILITY P17).
package struct BackupRestore {
  private let verifier: BackupVerifier
  private let folder: DataFolder
  private let clock: any Clock
  private let random: any RandomSource

  package init(
    _ verifier: BackupVerifier, into folder: DataFolder, clock: any Clock,
    random: any RandomSource
  ) {
    self.verifier = verifier
    self.folder = folder
    self.clock = clock
    self.random = random
  }

  package struct Restored: Sendable {
    package let manifest: BackupManifest
    package let incarnation: UInt64
    package let events: Int
    /// Where what was in the folder before has gone.
    package let before: String?
  }

  /// `isReplacing` moves aside what is in the folder; else it has to be empty.
  package nonisolated(nonsending) func run(isReplacing: Bool) async throws(BackupProblem)
    -> Restored
  {
    try verifier.verify()
    let directory = folder.directory
    let before = try prepare(isReplacing: isReplacing)
    let lock = try Self.lock(folder)
    defer { withExtendedLifetime(lock) {} }
    let incarnation = try nextIncarnation()
    let copying = BackupCopying(isGentle: false) { true }
    let manifest = verifier.manifest
    try asBackupProblem { try folder.packs.create() }
    for pack in manifest.packs {
      let (_, digest) = try copying.copy(
        verifier.shelf.packs.file(pack.file.name), to: folder.packs.file(Pack.name(pack.number)))
      guard digest == pack.file.digest else {
        throw .damaged(["\(pack.file.name) has changed while it was copied"])
      }
    }
    // The signing key last: without it this is no aggregator's folder, to older programs either.
    for file in manifest.files.filter({ $0.name != DataFolder.signingKey })
      + manifest.files.filter({ $0.name == DataFolder.signingKey })
    {
      let (_, digest) = try copying.copy(
        verifier.folder.file(file.name), to: directory.file(file.name))
      guard digest == file.digest else {
        throw .damaged(["\(file.name) has changed while it was copied"])
      }
    }
    try asBackupProblem { () throws in
      try StoreCopy.begin(incarnation: incarnation, in: folder.storePath)
      try folder.packs.synchronize()
      try directory.synchronize()
    }
    let events = try await countEvents(expected: incarnation)
    try await ErasureReplay.run(
      on: folder, of: manifest.store, from: verifier.shelf, clock: clock, random: random)
    try asBackupProblem { () throws in
      try directory.remove(DataFolder.restoreMark)
      try directory.synchronize()
    }
    return Restored(
      manifest: manifest, incarnation: incarnation, events: events, before: before)
  }

  /// Leaves a folder that has the mark and a lock, and nothing else.
  private func prepare(isReplacing: Bool) throws(BackupProblem) -> String? {
    let directory = folder.directory
    var before: String?
    try asBackupProblem { () throws in
      if directory.exists {
        let names = try directory.names().filter { !Self.stays($0) }
        if names.contains(DataFolder.restoreMark) {
          try checkUnused()
          try empty()
        } else if !names.isEmpty {
          guard isReplacing else {
            throw BackupProblem.notEmpty(
              "\(directory.path) is not empty: name another folder, or --replace to move aside "
                + "what is in it")
          }
          try checkUnused()
          before = try moveAside(names)
        }
      }
      try directory.create()
      let mark = Array("a restore into this folder has begun and has not ended\n".utf8)
      try directory.replace(DataFolder.restoreMark, with: mark.span)
    }
    return before
  }

  /// Nobody may be at work in what is emptied or moved.
  private func checkUnused() throws(BackupProblem) {
    let lock = try Self.lock(folder)
    withExtendedLifetime(lock) {}
  }

  private static func lock(_ folder: DataFolder) throws(BackupProblem) -> FileLock {
    do throws(FileLock.Problem) { return try FileLock(folder.lockPath) } catch {
      throw .locked("\(folder.directory.path) cannot be had: \(error)")
    }
  }

  /// What an unfinished restore has left goes, its mark last.
  private func empty() throws {
    let directory = folder.directory
    try folder.packs.removeTree()
    for name in try directory.names() where name != DataFolder.restoreMark && !Self.stays(name) {
      try directory.remove(name)
    }
    try directory.synchronize()
  }

  /// What earlier restores have moved aside, and what a file system has in its root.
  private static func stays(_ name: String) -> Bool {
    name.hasPrefix(DataFolder.asidePrefix) || name == "lost+found"
  }

  /// Into a folder inside, so that this works where the folder itself is a mount.
  private func moveAside(_ names: [String]) throws -> String {
    let directory = folder.directory
    let aside = directory.directory(
      DataFolder.asidePrefix + BackupShelf.name(at: clock.wallMilliseconds))
    try aside.create()
    let disk = SystemDisk()
    // First of all the key: a folder that is half moved is no aggregator's.
    let order =
      names.filter { $0 == DataFolder.signingKey }
      + names.filter { $0 != DataFolder.signingKey }
    for name in order { try disk.rename(directory.file(name), to: aside.file(name)) }
    try aside.synchronize()
    try directory.synchronize()
    return aside.path
  }

  /// Greater than that of every life of this store that is known here, and, since the one that was lost
  /// may have had others, no smaller than the time in seconds: one backup that is restored twice begins
  /// two lives, and collectors have to tell them apart.
  private func nextIncarnation() throws(BackupProblem) -> UInt64 {
    let manifest = verifier.manifest
    var known = try verifier.shelf.backups()
      .filter { $0.store == manifest.store }.map(\.incarnation)
    let names = try asBackupProblem { try folder.directory.names() }
    for name in names where name.hasPrefix(DataFolder.asidePrefix) {
      let aside = folder.directory.directory(name)
      guard aside.size(of: DataFolder.store) != nil else { continue }
      // A store that cannot be read any more is why people restore.
      let identity = try? StoreCopy.identity(aside.file(DataFolder.store))
      if let identity, identity.id == manifest.store { known.append(identity.incarnation) }
    }
    let now = UInt64(clamping: clock.wallMilliseconds / 1_000)
    return max(max(known.max() ?? 0, manifest.incarnation) + 1, now)
  }

  /// Opens what was restored as an aggregator would, and counts.
  private nonisolated(nonsending) func countEvents(expected: UInt64) async throws(BackupProblem)
    -> Int
  {
    var configuration = Store.Configuration(path: folder.storePath)
    configuration.packFolder = folder.packsPath
    // Nothing is sealed or refused here: this only looks.
    configuration.maximumHotEvents = .max >> 8
    configuration.sealsByItself = false
    let failure = Mutex<String?>(nil)
    let store: Store
    do throws(StoreError) {
      store = try await Store.open(configuration, clock: clock, random: random) { problem in
        failure.withLock { $0 = "\(problem)" }
      }
    } catch { throw .unusable("the restored store cannot be opened: \(error)") }
    let events = store.hot.eventCount + store.sealed.events
    let missing = Set(verifier.manifest.missingPacks)
    let identity = store.identity
    let unexpected = store.packTroubles.filter { !missing.contains($0.number) }
    await store.stop()
    if let failure = failure.withLock({ $0 }) {
      throw .unusable("the restored store has failed: \(failure)")
    }
    guard identity.id == verifier.manifest.store, identity.incarnation == expected else {
      throw .unusable("the restored store is not the one of the backup: \(identity)")
    }
    if let pack = unexpected.first {
      throw .unusable("pack \(pack.number) of the restored store cannot be read: \(pack.reason)")
    }
    return events
  }
}
