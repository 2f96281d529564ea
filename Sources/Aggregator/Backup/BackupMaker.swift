package import Platform
import SQLite
import Store

/// Makes one backup.
///
/// The order is what makes it one moment: all packs are held; the database is copied; the packs that the
/// copy names are copied, which nothing changes any more; the small files; and last the manifest, on disk
/// before the folder gets its name. Whatever ends it before leaves a folder that is no backup.
package struct BackupMaker {
  private let source: BackupSource
  private let shelf: BackupShelf
  private let version: String
  private let clock: any Clock
  private let copying: BackupCopying

  package init(
    _ source: BackupSource, to folder: String, version: String, clock: any Clock
  ) {
    self.source = source
    shelf = BackupShelf(folder)
    self.version = version
    self.clock = clock
    copying = BackupCopying(isGentle: source.isGentle, mayGoOn: source.mayGoOn)
  }

  package struct Made: Sendable {
    package let manifest: BackupManifest
    /// What had to be copied; the rest was there.
    package let copiedBytes: Int
    package let removed: Int
  }

  /// On a thread of its own: it reads, writes and waits for the disk.
  package nonisolated(nonsending) func make(keep: Int) async throws(BackupProblem) -> Made {
    let lock = try shelf.lock()
    defer { withExtendedLifetime(lock) {} }
    try shelf.removeUnfinished()
    var known: [String: BackupManifest.File] = [:]
    let older = try shelf.backups()
    for backup in older { for pack in backup.packs { known[pack.file.name] = pack.file } }

    let began = clock.wallMilliseconds
    // A clock that was set back must not put this one before an older one.
    let name = BackupShelf.name(at: max(began, (older.last?.began ?? 0) + 1))
    let partial = shelf.directory.directory(name + BackupShelf.partial)
    do {
      let made = try await make(
        name, began: began, in: partial, known: known, store: older.last)
      // While the store lacks a pack an older backup may be the only one that has it.
      let removed = made.manifest.missingPacks.isEmpty ? try shelf.removeOld(keep: keep) : 0
      return Made(manifest: made.manifest, copiedBytes: made.copied, removed: removed)
    } catch {
      // What cannot be removed either is removed before the next one; it is no backup.
      _ = try? partial.removeTree()
      throw error
    }
  }

  private nonisolated(nonsending) func make(
    _ name: String, began: Int64, in partial: Directory, known: [String: BackupManifest.File],
    store older: BackupManifest?
  ) async throws(BackupProblem) -> (manifest: BackupManifest, copied: Int) {
    let hold = source.pins?.holdAll()
    defer { withExtendedLifetime(hold) {} }
    try asBackupProblem {
      try partial.create()
      try shelf.packs.create()
    }
    let catalogue = try copyStore(to: partial)
    hold?.narrow(to: catalogue.packs)
    if let older, older.store != catalogue.identity.id {
      throw .otherStore(
        "\(shelf.directory.path) holds backups of the store \(older.store), and this is "
          + "\(catalogue.identity.id): give each store a folder of its own")
    }
    let copyTenancy = source.copyTenancy
    let tenancy = partial.file(DataFolder.tenancy)
    do { try await copyTenancy(tenancy) } catch { throw .disk("the book of tenants: \(error)") }

    var files: [BackupManifest.File] = []
    for name in [DataFolder.store, DataFolder.tenancy] {
      try asBackupProblem { try File(partial.file(name), for: .writing).synchronize() }
      files.append(try described(name, in: partial))
    }
    for name in DataFolder.smallFiles where source.folder.directory.size(of: name) != nil {
      let (bytes, digest) = try copying.copy(
        source.folder.directory.file(name), to: partial.file(name))
      files.append(BackupManifest.File(name: name, bytes: bytes, digest: digest))
    }
    var missing: [UInt64] = []
    var packs: [BackupManifest.Pack] = []
    var copied = files.reduce(0) { $0 + $1.bytes }
    for number in catalogue.packs.sorted() {
      guard let (pack, bytes) = try copyPack(number, known: known) else {
        missing.append(number)
        continue
      }
      packs.append(pack)
      copied += bytes
    }
    let manifest = BackupManifest(
      name: name, store: catalogue.identity.id, incarnation: catalogue.identity.incarnation,
      generation: catalogue.generation, events: catalogue.events, began: began,
      made: clock.wallMilliseconds, version: version, files: files, packs: packs,
      missingPacks: missing)
    try asBackupProblem {
      try shelf.packs.synchronize()
      try partial.synchronize()
      let bytes = manifest.encode()
      try partial.replace(BackupManifest.fileName, with: bytes.span)
      try shelf.directory.rename(name + BackupShelf.partial, to: name)
    }
    return (manifest, copied)
  }

  private func copyStore(to partial: Directory) throws(BackupProblem) -> StoreCopy.Catalogue {
    let storePath = source.folder.storePath
    let target = partial.file(DataFolder.store)
    try room(for: source.folder.directory.size(of: DataFolder.store) ?? 0)
    var pace = Pace(isGentle: source.isGentle)
    let mayGoOn = source.mayGoOn
    var finding = ""
    let catalogue = try asBackupProblem { () throws -> StoreCopy.Catalogue? in
      let isWhole = try StoreCopy.make(of: storePath, to: target) {
        pace.rest()
        return mayGoOn()
      }
      if !isWhole { throw BackupProblem.stopped }
      let catalogue = try StoreCopy.read(target) { finding = $0 }
      // Looking into it has made these.
      for suffix in ["-wal", "-shm"] { try partial.remove(DataFolder.store + suffix) }
      return catalogue
    }
    guard let catalogue else { throw .disk("store.db is damaged: \(finding)") }
    return catalogue
  }

  private func described(
    _ name: String, in partial: Directory
  ) throws(BackupProblem) -> BackupManifest.File {
    let (bytes, digest) = try copying.digest(of: partial.file(name))
    return BackupManifest.File(name: name, bytes: bytes, digest: digest)
  }

  /// Nil where the store has lost the pack; the bytes are what had to be written.
  private func copyPack(
    _ number: UInt64, known: [String: BackupManifest.File]
  ) throws(BackupProblem) -> (BackupManifest.Pack, Int)? {
    let folder = source.folder.packs
    let path = folder.file(Pack.name(number))
    guard let size = folder.size(of: Pack.name(number)) else { return nil }
    let name = try asBackupProblem { try PackFingerprint(of: path).fileName(number) }
    if let file = known[name], file.bytes == size, shelf.packs.size(of: name) == size {
      return (BackupManifest.Pack(number: number, file: file), 0)
    }
    try asBackupProblem { _ = try shelf.packs.remove(name) }
    if try asBackupProblem({ try shelf.packs.link(path, as: name) }) {
      let (bytes, digest) = try copying.digest(of: path)
      let file = BackupManifest.File(name: name, bytes: bytes, digest: digest)
      return (BackupManifest.Pack(number: number, file: file), 0)
    }
    try room(for: size)
    let temporary = name + BackupShelf.partial
    let (bytes, digest) = try copying.copy(path, to: shelf.packs.file(temporary))
    // Read back: what the disk took is what it has to give.
    guard try copying.digest(of: shelf.packs.file(temporary)).digest == digest else {
      throw .disk("\(shelf.packs.file(temporary)) does not hold what was written")
    }
    try asBackupProblem { try shelf.packs.rename(temporary, to: name) }
    let file = BackupManifest.File(name: name, bytes: bytes, digest: digest)
    return (BackupManifest.Pack(number: number, file: file), bytes)
  }

  /// Says no before the disk does: on the data's own disk, for as long as intake keeps its reserve.
  private func room(for bytes: Int) throws(BackupProblem) {
    let (free, isShared) = try asBackupProblem {
      (
        try FileSystem(of: shelf.directory.path).freeBytes,
        try shelf.directory.device == source.folder.directory.device
      )
    }
    let reserve = isShared ? source.reserveBytes : 0
    guard free - reserve < bytes + (1 << 20) else { return }
    throw .full(
      "\(shelf.directory.path) has \(free >> 20) MiB free, and the next file needs "
        + "\((bytes >> 20) + 1) MiB"
        + (reserve > 0 ? " beside the \(reserve >> 20) MiB that intake keeps" : ""))
  }
}
