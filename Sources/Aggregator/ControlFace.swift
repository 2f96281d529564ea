import Batches
import Calendar
import Crypto
import Events
import HTTP
import Intake
import JSON
import Platform
import Telemetry
import Tenancy

/// What the operator's commands ask of a running aggregator, over a socket in its data folder that
/// only its owner can reach.
struct ControlFace: Sendable {
  let tenants: Tenants
  let folder: DataFolder
  let health: HealthBoard
  let imports: ImportRoute
  let sql: SQLRoute
  let backups: BackupRoutes
  let storeCheck: StoreCheckDesk
  let erasures: Erasures
  let refreshHealth: @Sendable () -> Void

  var router: Router {
    var router = Router { .problem($0) }
    router.add(.get, "/status") { _ in
      refreshHealth()
      return .json(health.current.whole.body)
    }
    router.add(.post, "/collectors") { request in await answer { try await addToken(request) } }
    router.add(.get, "/collectors") { _ in listCollectors() }
    router.add(.delete, "/collectors/{id}") { request in
      await answer { try await revoke(request) }
    }
    router.add(.post, "/projects") { request in await answer { try await addProject(request) } }
    router.add(.post, "/projects/{id}") { request in
      await answer { try await setProject(request) }
    }
    imports.mount(on: &router)
    sql.mount(on: &router)
    backups.mount(on: &router)
    storeCheck.mount(on: &router)
    erasures.mount(on: &router)
    return router
  }

  private func answer(_ body: () async throws -> Response) async -> Response {
    do {
      return try await body()
    } catch let error as TenancyError {
      return .problem(.badRequest, error.code.rawValue, error.message)
    } catch let error as ZoneFiles.Problem {
      return .problem(.badRequest, "bad_time_zone", error.description)
    } catch {
      return .problem(.internalServerError, "failed", "\(error)")
    }
  }

  /// A further enrolment token, for the projects named, else for all.
  private func addToken(_ request: Request) async throws -> Response {
    let snapshot = tenants.board.current
    let named = request.head.queryFields.filter { $0.name == "project" }.map(\.value)
    let projects =
      named.isEmpty
      ? snapshot.projects.keys.sorted { $0.text < $1.text } : try named.map { try ProjectID($0) }
    let authority = try folder.directory.read(DataFolder.authority, upTo: 64 << 10) ?? []
    let pin = try publicKeyPin(certificate: String(decoding: authority, as: UTF8.self))
    let token = try await tenants.addEnrolmentToken(projects: projects, pins: [pin])
    return Self.object([("enrolment_token", token.text)])
  }

  private func listCollectors() -> Response {
    var json = JSONWriter(capacity: 1_024)
    json.beginArray()
    for collector in tenants.board.current.collectors.values.sorted(by: { $0.name < $1.name }) {
      json.beginObject()
      json.key("id")
      json.string(collector.id.description)
      json.key("name")
      json.string(collector.name)
      json.key("status")
      json.string("\(collector.status)")
      json.key("fingerprints")
      json.beginArray()
      for key in collector.keys { json.string(key.key.fingerprint.hex) }
      json.endArray()
      json.key("projects")
      json.beginArray()
      for project in collector.projects.map(\.text).sorted() { json.string(project) }
      json.endArray()
      json.key("last_seen")
      if let seen = collector.lastSeen.latest { json.integer(seen) } else { json.null() }
      json.endObject()
    }
    json.endArray()
    return .json(json.bytes)
  }

  private func revoke(_ request: Request) async throws -> Response {
    guard let id = CollectorID(request.parameters[0]) else {
      return .problem(.badRequest, "bad_id", "This is not the id of a collector.")
    }
    try await tenants.revokeCollector(id)
    return Self.object([("revoked", id.description)])
  }

  private func addProject(_ request: Request) async throws -> Response {
    let id = try request.head.query("id").map { try ProjectID($0) }
    let name = request.head.query("name") ?? id?.text ?? "project"
    var settings = Project.Settings()
    try Self.changes(request).apply(to: &settings)
    let (project, writeKey, readKey) = try await tenants.addProject(
      id: id, name: name, settings: settings)
    return Self.object([
      ("project_id", project.id.text), ("write_key", writeKey.text), ("read_key", readKey.text),
    ])
  }

  private func setProject(_ request: Request) async throws -> Response {
    let changes = try Self.changes(request)
    if changes.isEmpty {
      return .problem(
        .badRequest, "nothing_to_set", "Name what to set: --time-zone or --retention-days.")
    }
    let project = try await tenants.change(try ProjectID(request.parameters[0]), changes)
    return Self.object([
      ("project_id", project.id.text), ("time_zone", project.settings.timeZone),
      ("retention_days", project.settings.retentionDays.map { "\($0)" } ?? "none"),
    ])
  }

  /// What a request says about a project; a zone that it names is one that there is.
  private static func changes(_ request: Request) throws -> ProjectChanges {
    var changes = ProjectChanges()
    if let name = request.head.query("time_zone") {
      changes.timeZone = try ZoneFiles().zone(named: name).name
    }
    if let text = request.head.query("retention_days") {
      changes.keeping = try ProjectChanges.Keeping(text)
    }
    return changes
  }

  private static func object(_ entries: [(String, String)]) -> Response {
    var json = JSONWriter(capacity: 256)
    json.beginObject()
    for (key, value) in entries {
      json.key(key)
      json.string(value)
    }
    json.endObject()
    return .json(json.bytes)
  }
}
