package import Crypto
package import Platform

/// Where an aggregator keeps what is its own.
package struct DataFolder: Sendable {
  package let directory: Directory

  package init(_ path: String) { directory = Directory(path) }

  package var storePath: String { directory.file(Self.store) }
  package var packsPath: String { directory.file("packs") }
  package var tenancyPath: String { directory.file(Self.tenancy) }
  package var lockPath: String { directory.file("aggregator.lock") }
  package var controlSocketPath: String { directory.file("control.sock") }
  package var configurationPath: String { directory.file("config.json5") }
  package var certificatePath: String { directory.file(Self.certificate) }
  package var certificateKeyPath: String { directory.file(Self.certificateKey) }
  package var authorityPath: String { directory.file(Self.authority) }

  static let store = "store.db"
  static let tenancy = "tenancy.db"
  static let certificate = "server.pem"
  static let certificateKey = "server.key"
  static let authority = "ca.pem"
  static let authorityKey = "ca.key"
  static let signingKey = "aggregator.key"
  /// Lies in a folder for as long as a restore writes into it.
  static let restoreMark = "restore.unfinished"
  /// Begins the name of the folder into which a restore moves what was there before.
  static let asidePrefix = "before-restore-"

  /// Whether a restore has begun here and has not ended.
  package var isHalfRestored: Bool { directory.size(of: Self.restoreMark) != nil }

  /// Whether this is a backup itself: it has to become a data folder by a restore, which begins a new
  /// incarnation (RELIABILITY P17).
  package var isBackup: Bool { directory.size(of: BackupManifest.fileName) != nil }

  /// What a backup takes along beside the databases and packs, the signing key last: a folder without
  /// it is no aggregator's.
  static let smallFiles = [
    "config.json5", authority, authorityKey, certificate, certificateKey, signingKey,
  ]
  var packs: Directory { directory.directory("packs") }

  /// The key that signs what this aggregator says; nil where the folder was never initialised.
  package func readSigningKey() throws -> SigningKey? {
    guard let seed = try directory.read(Self.signingKey, upTo: SigningKey.seedByteCount) else {
      return nil
    }
    return try SigningKey(seed: seed.span)
  }

  func makeSigningKey(_ random: any RandomSource) throws -> SigningKey {
    let seed = randomBytes(SigningKey.seedByteCount, from: random)
    try directory.replace(Self.signingKey, with: seed.span)
    return try SigningKey(seed: seed.span)
  }
}
