package import Batches
package import Crypto
package import Events
package import Platform
import SQLite
package import Tenancy

/// The book of tenants on a thread of its own: changes wait there for the disk, and every request
/// reads the board.
package actor Tenants {
  private let worker: Worker
  private let store: TenancyStore
  package nonisolated let board: TenancyBoard

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe worker.asUnownedSerialExecutor()  // SAFETY: stored, so it outlives the actor.
  }

  /// Opens or makes the book.
  package static func open(
    _ folder: DataFolder, clock: any Clock, random: any RandomSource
  ) throws -> Tenants {
    try Tenants(path: folder.tenancyPath, clock: clock, random: random)
  }

  private init(path: String, clock: any Clock, random: any RandomSource) throws {
    worker = Worker(name: "tenancy")
    let database = try Database(path: path, configuration: .owner(exclusively: true))
    let store = try TenancyStore(database, clock: clock, random: random)
    board = store.board
    self.store = store
  }

  /// What the first start of an aggregator needs.
  package struct First: Sendable {
    package let project: Project
    package let writeKey: Secret
    package let readKey: Secret
    package let adminKey: Secret
    package let client: Client
    package let clientSecret: Secret
    package let owner: User
    package let token: EnrolmentToken
  }

  package func makeFirst(
    project id: ProjectID, name: String, ownerEmail: String, ownerPassword: PasswordHash,
    pins: [Digest]
  ) throws(TenancyError) -> First {
    let project = try store.addProject(id: id, name: name)
    let (_, writeKey) = try store.addKey(.write, project: id, name: "first")
    let (_, readKey) = try store.addKey(.read, project: id, name: "first")
    let (_, adminKey) = try store.addKey(.admin, project: nil, name: "first")
    let (client, clientSecret) = try store.addClient(project: id, name: "first")
    let owner = try store.addUser(
      email: ownerEmail, role: .owner, passwordHash: ownerPassword.text)
    let token = try store.addEnrolmentToken(projects: [id], pins: pins)
    return First(
      project: project, writeKey: writeKey, readKey: readKey, adminKey: adminKey, client: client,
      clientSecret: clientSecret, owner: owner, token: token)
  }

  package func addProject(
    id: ProjectID?, name: String, settings: Project.Settings = Project.Settings()
  ) throws(TenancyError) -> (project: Project, writeKey: Secret, readKey: Secret) {
    let project = try store.addProject(id: id, name: name, settings: settings)
    let (_, writeKey) = try store.addKey(.write, project: project.id, name: "first")
    let (_, readKey) = try store.addKey(.read, project: project.id, name: "first")
    return (project, writeKey, readKey)
  }

  /// The name of a zone has been looked up: a project never names one that nobody knows.
  package func change(
    _ id: ProjectID, _ changes: ProjectChanges
  ) throws(TenancyError) -> Project {
    try store.change(id, changes)
  }

  package func addEnrolmentToken(
    projects: [ProjectID], pins: [Digest]
  ) throws(TenancyError) -> EnrolmentToken {
    try store.addEnrolmentToken(projects: projects, pins: pins)
  }

  /// Whether such a token was ever given out.
  package func knows(token: Digest) throws(TenancyError) -> Bool {
    try store.knows(token: token)
  }

  package func enrol(
    token: Digest, key: VerifyingKey, name: String
  ) throws(TenancyError) -> Enrolment {
    try store.enrol(token: token, key: key, name: name)
  }

  package func revokeCollector(_ id: CollectorID) throws(TenancyError) {
    try store.revokeCollector(id)
  }

  package func saveUses() throws(TenancyError) { try store.saveUses() }

  /// Copies the book as it is now into a new file: a few pages, so nobody waits for long.
  func copy(to path: String) throws(TenancyError) { try store.copy(to: path) }
}
