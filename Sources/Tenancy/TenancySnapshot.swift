package import Batches
package import Events
import Synchronization

/// Everything about who may do what, as of one commit. It never changes: requests read it without a
/// lock, and a change makes another one.
package final class TenancySnapshot: Sendable {
  /// Grows with every change, and survives restarts.
  package let generation: Int64
  package let projects: [ProjectID: Project]
  package let keys: [APIKey]
  package let clients: [Client]
  package let collectors: [CollectorID: CollectorIdentity]
  package let users: [User]
  private let credentials: CredentialTable

  init(
    generation: Int64, projects: [Project], keys: [APIKey], clients: [Client],
    collectors: [CollectorIdentity], users: [User]
  ) {
    self.generation = generation
    self.projects = Dictionary(uniqueKeysWithValues: projects.map { ($0.id, $0) })
    self.keys = keys
    self.clients = clients
    self.collectors = Dictionary(uniqueKeysWithValues: collectors.map { ($0.id, $0) })
    self.users = users
    credentials = Self.table(self.projects, keys, clients)
  }

  /// What a key may do; nil where it is none, or revoked.
  package func grant(forKey presented: Span<UInt8>, at milliseconds: Int64) -> Grant? {
    credentials.grant(forKey: presented, at: milliseconds)
  }

  /// What a client may do: send with its id alone, ask as well with its secret, and nothing at all
  /// with a wrong one.
  package func grant(
    forClient id: Span<UInt8>, secret: Span<UInt8>?, at milliseconds: Int64
  ) -> Grant? {
    credentials.grant(forClient: id, secret: secret, at: milliseconds)
  }

  /// The origins whose pages may use this client, empty for all; nil for an unknown client.
  package func origins(ofClient id: Span<UInt8>) -> [String]? { credentials.origins(ofClient: id) }

  /// What a collector needs to know its clients while it is offline.
  package func keyRing(for collector: CollectorIdentity, at milliseconds: Int64) -> KeyRing {
    let entries = collector.projects.compactMap { self.projects[$0] }
      .sorted { $0.id.text < $1.id.text }.map(entry)
    return KeyRing(
      generation: generation, issuedMilliseconds: milliseconds, collector: collector.id,
      projects: entries)
  }

  private func entry(_ project: Project) -> KeyRing.Entry {
    let writing = keys.filter { key in
      key.project == project.id && key.status == .active && key.scope.rights.contains(.write)
    }
    let active = clients.filter { $0.project == project.id && $0.status == .active }
    return KeyRing.Entry(
      id: project.id, name: project.name, isActive: project.status == .active,
      keys: writing.map { KeyRing.Key(id: $0.id, prefix: $0.prefix, digest: $0.digest) },
      clients: active.map { KeyRing.Client(id: $0.id, secret: $0.secret, origins: $0.origins) })
  }

  private static func table(
    _ projects: [ProjectID: Project], _ keys: [APIKey], _ clients: [Client]
  ) -> CredentialTable {
    var table = CredentialTable()
    // An archived project still answers, and takes nothing more.
    func narrowed(_ grant: Grant) -> Grant {
      guard let project = grant.project, projects[project]?.status != .active else { return grant }
      return Grant(
        credential: grant.credential, project: project, rights: grant.rights.subtracting(.write))
    }
    for key in keys where key.status == .active {
      table.addKey(prefix: key.prefix, digest: key.digest, narrowed(key.grant), key.lastUse)
    }
    for client in clients where client.status == .active {
      func grant(_ rights: Rights) -> Grant {
        narrowed(Grant(credential: client.id, project: client.project, rights: rights))
      }
      table.addClient(
        id: client.id, secret: client.secret, alone: grant(.write),
        withSecret: grant([.write, .read]), origins: client.origins, client.lastUse)
    }
    return table
  }
}

/// Where the snapshot of now is found, by whoever handles a request, on any thread.
package final class TenancyBoard: Sendable {
  private let snapshot: Mutex<TenancySnapshot>

  init(_ snapshot: TenancySnapshot) { self.snapshot = Mutex(snapshot) }

  package var current: TenancySnapshot { snapshot.withLock { $0 } }

  func publish(_ new: TenancySnapshot) { snapshot.withLock { $0 = new } }
}
