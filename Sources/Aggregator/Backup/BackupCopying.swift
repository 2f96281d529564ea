import Crypto
import Platform

/// Copies files so that they are on disk at the end, and knows what was copied.
struct BackupCopying: Sendable {
  /// Rests between pieces, so that intake finds its disk free.
  let isGentle: Bool
  /// Whether to go on; asked between pieces.
  let mayGoOn: @Sendable () -> Bool

  /// A piece is synced before the next: what intake's commit has to wait for stays small.
  private static let piece = 4 << 20

  /// Copies a file into one that must not exist.
  func copy(_ path: String, to target: String) throws(BackupProblem) -> (bytes: Int, digest: Digest)
  {
    var pace = Pace(isGentle: isGentle)
    var hash = SHA256()
    var offset = 0
    do throws(SystemError) {
      let source = try File(path, for: .reading)
      let copy = try File(target, for: .creating)
      while true {
        let bytes = try source.read(Self.piece, at: offset)
        if bytes.isEmpty { break }
        hash.update(bytes.span)
        try copy.write(bytes.span, at: offset)
        try copy.synchronize()
        copy.forgetCached()
        offset += bytes.count
        guard mayGoOn() else { throw Self.stop }
        pace.rest()
      }
      try copy.synchronize()
      try copy.close()
    } catch { throw error == Self.stop ? .stopped : BackupProblem(error) }
    return (offset, hash.finish())
  }

  /// What a file holds, read from the disk rather than from memory where that can be had.
  func digest(of path: String) throws(BackupProblem) -> (bytes: Int, digest: Digest) {
    var pace = Pace(isGentle: isGentle)
    var hash = SHA256()
    var offset = 0
    do throws(SystemError) {
      let file = try File(path, for: .reading)
      file.forgetCached()
      while true {
        let bytes = try file.read(Self.piece, at: offset)
        if bytes.isEmpty { break }
        hash.update(bytes.span)
        offset += bytes.count
        guard mayGoOn() else { throw Self.stop }
        pace.rest()
      }
    } catch { throw error == Self.stop ? .stopped : BackupProblem(error) }
    return (offset, hash.finish())
  }

  /// Not an error of the system: the copy was given up.
  private static let stop = SystemError(code: 0, call: "stop")
}
