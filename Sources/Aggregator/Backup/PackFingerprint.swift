import Crypto
import Platform

/// What tells one pack from another without reading all of it: the digest of its head and of its end,
/// which has the checksums of its index, and that those of everything else. After a restore another
/// pack may get the number of one that a later backup holds.
struct PackFingerprint {
  private let digest: Digest

  private static let edge = 64 << 10

  init(of path: String) throws(SystemError) {
    let file = try File(path, for: .reading)
    let size = try file.size
    var hash = SHA256()
    let head = try file.read(min(size, Self.edge), at: 0)
    hash.update(head.span)
    let place = max(0, size - Self.edge)
    let tail = try file.read(size - place, at: place)
    hash.update(tail.span)
    digest = hash.finish()
  }

  func fileName(_ number: UInt64) -> String { "\(number)-\(digest.hex.prefix(24)).pack" }
}
