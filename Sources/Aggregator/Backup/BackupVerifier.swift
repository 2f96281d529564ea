import Crypto
import Platform

/// One backup in a folder of them, and whether all of it is there.
package struct BackupVerifier: Sendable {
  package let manifest: BackupManifest
  let shelf: BackupShelf
  /// The folder of backups.
  package var path: String { shelf.directory.path }
  var folder: Directory { shelf.directory.directory(manifest.name) }

  /// Finds the backup that a path means: a backup's own folder, or the newest in a folder of backups.
  package init(_ path: String) throws(BackupProblem) {
    let named = Directory(path)
    let name = String(named.path.split(separator: "/").last ?? "")
    let isPartial =
      name.hasSuffix(BackupShelf.partial)
      && BackupShelf.isName(String(name.dropLast(BackupShelf.partial.count)))
    if BackupShelf.isName(name) || isPartial {
      shelf = BackupShelf(named.parent.path)
      guard !isPartial, let manifest = try shelf.manifest(of: name) else {
        throw try Self.noManifest(named)
      }
      self.manifest = manifest
    } else {
      shelf = BackupShelf(path)
      guard let newest = try shelf.backups().last else {
        throw .noBackup("there is no whole backup in \(path)")
      }
      manifest = newest
    }
  }

  private static func noManifest(_ folder: Directory) throws(BackupProblem) -> BackupProblem {
    let bytes = try asBackupProblem {
      try folder.read(BackupManifest.fileName, upTo: BackupManifest.maximumBytes)
    }
    guard let bytes else {
      return .noBackup("\(folder.path) has no manifest: this backup never became whole")
    }
    _ = try BackupManifest(decoding: bytes)
    return .damaged(["\(BackupManifest.fileName) is not what was written"])
  }

  /// The newest backup in the folder whose manifest is of no use, where it is newer than this one: whoever
  /// asks for the newest is to hear of it.
  package func newerUnusable() -> String? {
    let names = (try? shelf.directory.names()) ?? []  // It was read a moment ago.
    return names.last { name in
      BackupShelf.isName(name) && name > manifest.name
    }
  }

  /// Reads every byte; throws what is missing or changed, all of it at once.
  package func verify() throws(BackupProblem) {
    let copying = BackupCopying(isGentle: false) { true }
    var wrong: [String] = []
    let places =
      manifest.files.map { ($0, folder) } + manifest.packs.map { ($0.file, shelf.packs) }
    for (file, place) in places {
      let path = place.file(file.name)
      guard let size = place.size(of: file.name) else {
        wrong.append("\(path) is missing")
        continue
      }
      guard size == file.bytes else {
        wrong.append("\(path) has \(size) bytes instead of \(file.bytes)")
        continue
      }
      do throws(BackupProblem) {
        if try copying.digest(of: path).digest != file.digest {
          wrong.append("\(path) is not what was written")
        }
      } catch { wrong.append("\(path) cannot be read: \(error.sentence)") }
    }
    if !wrong.isEmpty { throw .damaged(wrong) }
  }
}
