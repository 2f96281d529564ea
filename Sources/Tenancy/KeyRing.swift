package import Batches
package import Crypto
package import Events
internal import JSON

/// What a collector knows about its clients: the projects it speaks for and the hashes of the keys
/// that may write to them. It comes with `hello`, signed by the aggregator, and is kept in a file, so
/// that keys are known while the link is down.
///
/// As JSON (members that are not known are ignored, so that later aggregators can say more):
///
///     {"version":1,"generation":7,"issued_at":1777889472345,"collector":"<uuid>",
///      "projects":[{"id":"acme","name":"Acme","status":"active",
///        "keys":[{"id":"key_1","prefix":"tw_AbCd1234","sha256":"<64 hex>"}],
///        "clients":[{"id":"<uuid>","secret_sha256":"<64 hex>" or null,"origins":["https://…"]}]}]}
package struct KeyRing: Sendable {
  package enum Problem: Error, Equatable {
    /// Not what a ring looks like; what was looked at when that showed.
    case malformed(String)
    case version(Int64)
    case badSignature
    /// It was made for another collector.
    case foreign(CollectorID)
  }

  package struct Key: Hashable, Sendable {
    package let id: String
    package let prefix: String
    package let digest: Digest
  }

  package struct Client: Hashable, Sendable {
    package let id: String
    package let secret: Digest?
    package let origins: [String]
  }

  package struct Entry: Hashable, Sendable {
    package let id: ProjectID
    package let name: String
    package let isActive: Bool
    package let keys: [Key]
    package let clients: [Client]
  }

  /// Grows with every change at the aggregator.
  package let generation: Int64
  package let issuedMilliseconds: Int64
  package let collector: CollectorID
  package let projects: [Entry]
  private let credentials: CredentialTable

  init(
    generation: Int64, issuedMilliseconds: Int64, collector: CollectorID, projects: [Entry]
  ) {
    self.generation = generation
    self.issuedMilliseconds = issuedMilliseconds
    self.collector = collector
    self.projects = projects
    var table = CredentialTable()
    for project in projects where project.isActive {
      for key in project.keys {
        let grant = Grant(credential: key.id, project: project.id, rights: .write)
        table.addKey(prefix: key.prefix, digest: key.digest, grant, LastUse(nil))
      }
      for client in project.clients {
        let grant = Grant(credential: client.id, project: project.id, rights: .write)
        table.addClient(
          id: client.id, secret: client.secret, alone: grant, withSecret: grant,
          origins: client.origins, LastUse(nil))
      }
    }
    credentials = table
  }

  /// What a key may do here: send events, or nothing.
  package func grant(forKey presented: Span<UInt8>, at milliseconds: Int64) -> Grant? {
    credentials.grant(forKey: presented, at: milliseconds)
  }

  package func grant(
    forClient id: Span<UInt8>, secret: Span<UInt8>?, at milliseconds: Int64
  ) -> Grant? {
    credentials.grant(forClient: id, secret: secret, at: milliseconds)
  }

  package func origins(ofClient id: Span<UInt8>) -> [String]? { credentials.origins(ofClient: id) }

  /// Whether an anonymous listener may name this project.
  package func speaks(for project: ProjectID) -> Bool {
    projects.contains { $0.id == project && $0.isActive }
  }
}

extension KeyRing: Equatable {
  package static func == (left: KeyRing, right: KeyRing) -> Bool {
    left.generation == right.generation && left.issuedMilliseconds == right.issuedMilliseconds
      && left.collector == right.collector && left.projects == right.projects
  }
}
