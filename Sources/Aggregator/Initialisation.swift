import Crypto
package import Events
import JSON
package import Platform
import Store
import Tenancy

/// What `init` made, each secret shown this once.
package struct InitialisedAggregator: Sendable {
  let first: Tenants.First
  let ownerPassword: String
  let authorityPath: String

  /// One JSON object, for programs.
  package var json: [UInt8] {
    var json = JSONWriter(capacity: 1_024)
    json.beginObject()
    for (key, value) in entries {
      json.key(key)
      json.string(value)
    }
    json.endObject()
    json.endLine()
    return json.bytes
  }

  /// The same for people.
  package var text: String {
    entries.map { key, value in
      key + String(repeating: " ", count: max(1, 18 - key.utf8.count)) + value + "\n"
    }.joined()
  }

  private var entries: [(String, String)] {
    [
      ("project_id", first.project.id.text), ("write_key", first.writeKey.text),
      ("read_key", first.readKey.text), ("admin_key", first.adminKey.text),
      ("client_id", first.client.id), ("client_secret", first.clientSecret.text),
      ("owner_email", first.owner.email), ("owner_password", ownerPassword),
      ("enrolment_token", first.token.text), ("ca_file", authorityPath),
    ]
  }
}

/// Makes a new aggregator's folder: its keys, a development authority with a server certificate, and
/// the first project with everything that is needed to use it.
package struct Initialisation: Sendable {
  package enum Problem: Error {
    case alreadyInitialised
  }

  private let folder: DataFolder
  private let clock: any Clock
  private let random: any RandomSource

  package init(_ folder: DataFolder, clock: any Clock, random: any RandomSource) {
    self.folder = folder
    self.clock = clock
    self.random = random
  }

  /// Names under which the server can be reached beside those that every machine has.
  package func run(
    project: ProjectID, projectName: String, ownerEmail: String, hostNames: [String]
  ) async throws -> InitialisedAggregator {
    try folder.directory.create()
    let lock = try FileLock(folder.lockPath)
    defer { withExtendedLifetime(lock) {} }
    guard try folder.readSigningKey() == nil, !folder.isHalfRestored else {
      throw Problem.alreadyInitialised
    }
    try removeInterrupted()
    let pin = try makeCertificates(hostNames)
    let tenants = try Tenants.open(folder, clock: clock, random: random)
    let password = User.generatePassword(from: random)
    let hash = try PasswordHash(of: password, random: random)
    let first = try await tenants.makeFirst(
      project: project, name: projectName, ownerEmail: ownerEmail, ownerPassword: hash,
      pins: [pin])
    try writeConfiguration(project)
    // Last: a folder with this key is an aggregator's, one without it can be initialised again.
    _ = try folder.makeSigningKey(random)
    return InitialisedAggregator(
      first: first, ownerPassword: password, authorityPath: folder.authorityPath)
  }

  /// A book that an interrupted run left: nobody has seen its secrets. Where there is a store the
  /// folder was in use and has lost its key, and then nothing is removed.
  private func removeInterrupted() throws {
    guard try !folder.directory.names().contains(DataFolder.store) else { return }
    for suffix in ["-wal", "-shm", ""] {
      try folder.directory.remove(DataFolder.tenancy + suffix)
    }
    try folder.directory.synchronize()
  }

  private func makeCertificates(_ hostNames: [String]) throws -> Digest {
    let authority = try DevelopmentAuthority.make(
      atMilliseconds: clock.wallMilliseconds, random: random)
    let names = ["localhost", "127.0.0.1", "::1"] + hostNames
    let server = try authority.serverCredential(
      names: names, atMilliseconds: clock.wallMilliseconds, random: random)
    let authorityText = authority.credential.certificate
    try write(DataFolder.authority, authorityText)
    try write(DataFolder.authorityKey, authority.credential.privateKey)
    // The authority goes along, so that a collector can meet it by its pin.
    try write(DataFolder.certificate, server.certificate + authorityText)
    try write(DataFolder.certificateKey, server.privateKey)
    return try publicKeyPin(certificate: authorityText)
  }

  private func writeConfiguration(_ project: ProjectID) throws {
    try write(
      "config.json5",
      """
      // The configuration of this aggregator. `tributary-aggregator check-config --example` prints
      // every key with what it is for.
      {
        http: {
          // Requests to this listener may come without a key: it can be reached from this machine only.
          anonymous_project: "\(project.text)",
        },
      }

      """)
  }

  private func write(_ name: String, _ text: String) throws {
    try folder.directory.replace(name, with: text.utf8.span)
  }
}
