import Batches
import Calendar
import Crypto
import Platform

/// A folder of backups:
///
///     packs/17-5f0c….pack              the packs of all backups, each under its number and its content
///     20261121T040000.000Z/            a backup: the databases, keys and certificates at one moment,
///       store.db, tenancy.db, …          and the manifest, which names these and the packs
///       manifest.json
///     20261121T050000.000Z.partial/    one that is being made, or that never became whole
///     backup.lock
struct BackupShelf: Sendable {
  let directory: Directory

  init(_ path: String) { directory = Directory(path) }

  var packs: Directory { directory.directory("packs") }
  static let partial = ".partial"
  private static let lockName = "backup.lock"

  /// The right to write here; the folder is made where there is none.
  func lock() throws(BackupProblem) -> FileLock {
    do throws(SystemError) {
      // One that exists belongs to somebody, who may let others look into it.
      if !directory.exists { try directory.create() }
    } catch { throw BackupProblem(error) }
    do throws(FileLock.Problem) {
      return try FileLock(directory.file(Self.lockName))
    } catch {
      switch error {
      case .held: throw .locked("\(directory.path) is in use: \(error)")
      case .system(let error): throw BackupProblem(error)
      }
    }
  }

  /// The whole backups, oldest first. What has no good manifest is none, and is passed over.
  func backups() throws(BackupProblem) -> [BackupManifest] {
    let names: [String]
    do throws(SystemError) { names = try directory.names() } catch {
      throw error.isNoFile ? .noBackup("\(directory.path) is no folder") : BackupProblem(error)
    }
    var found: [BackupManifest] = []
    for name in names where Self.isName(name) {
      if let manifest = try manifest(of: name) { found.append(manifest) }
    }
    return found
  }

  /// The manifest of one backup; nil where it is not whole.
  func manifest(of name: String) throws(BackupProblem) -> BackupManifest? {
    do throws(SystemError) {
      guard
        let bytes = try directory.directory(name)
          .read(BackupManifest.fileName, upTo: BackupManifest.maximumBytes)
      else { return nil }
      guard let manifest = try Self.decode(bytes), manifest.name == name else { return nil }
      return manifest
    } catch {
      throw BackupProblem(error)
    }
  }

  private static func decode(_ bytes: [UInt8]) throws(SystemError) -> BackupManifest? {
    // One of a newer program is none that this one could use.
    try? BackupManifest(decoding: bytes)
  }

  /// Removes what backups that did not come to their end have left.
  func removeUnfinished() throws(BackupProblem) {
    do throws(SystemError) {
      for name in try directory.names()
      where name.hasSuffix(Self.partial) && Self.isName(String(name.dropLast(Self.partial.count))) {
        try directory.directory(name).removeTree()
      }
      guard packs.exists else { return }
      for name in try packs.names() where name.hasSuffix(Self.partial) { try packs.remove(name) }
    } catch { throw BackupProblem(error) }
  }

  /// Removes all but the newest `keep` backups, and the packs that none of the others needs.
  func removeOld(keep: Int) throws(BackupProblem) -> Int {
    let all = try backups()
    let old = all.dropLast(max(1, keep))
    do throws(SystemError) {
      for backup in old {
        // First its end: half removed it is none any more.
        let folder = directory.directory(backup.name)
        try folder.remove(BackupManifest.fileName)
        try folder.synchronize()
        try folder.removeTree()
      }
      guard packs.exists else { return old.count }
      let needed = Set(all.suffix(max(1, keep)).flatMap { $0.packs.map(\.file.name) })
      for name in try packs.names() where name.hasSuffix(".pack") && !needed.contains(name) {
        try packs.remove(name)
      }
    } catch { throw BackupProblem(error) }
    return old.count
  }

  /// The name of a backup of this moment.
  static func name(at milliseconds: Int64) -> String {
    let text = Instant(milliseconds: milliseconds / 1_000 * 1_000).rfc3339
    let digits = text.prefix(19).filter { $0 != "-" && $0 != ":" }
    let rest = "\(milliseconds % 1_000)"
    return digits + "." + String(repeating: "0", count: 3 - rest.count) + rest + "Z"
  }

  /// Whether a folder has the name of a backup.
  static func isName(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    return bytes.count == 20 && bytes[8] == UInt8(ascii: "T") && bytes[15] == UInt8(ascii: ".")
      && bytes[19] == UInt8(ascii: "Z")
      && bytes.indices.allSatisfy { [8, 15, 19].contains($0) || (0x30...0x39).contains(bytes[$0]) }
  }
}
