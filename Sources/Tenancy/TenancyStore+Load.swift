internal import Batches
internal import Crypto
internal import Events
internal import SQLite

extension TenancyStore {
  /// Everything that the tables hold, as a snapshot. A row that makes no sense is an error: guessing
  /// about who may do what is worse than not starting.
  func load() throws(TenancyError) -> TenancySnapshot {
    let generation = try run { () throws(SQLiteError) in
      try database.integer("SELECT generation FROM tenancy") ?? 0
    }
    return TenancySnapshot(
      generation: generation, projects: try loadProjects(), keys: try loadKeys(),
      clients: try loadClients(), collectors: try loadCollectors(), users: try loadUsers())
  }

  /// The rows of a query, each read by `read`; where that answers nil, the row makes no sense.
  private func rows<Row>(
    _ table: String, _ sql: StaticString, _ read: (Statement) -> Row?
  ) throws(TenancyError) -> [Row] {
    let found = try run { () throws(SQLiteError) in
      try database.withStatement(sql) { (statement) throws(SQLiteError) in
        var found: [Row?] = []
        while try statement.step() { found.append(read(statement)) }
        return found
      }
    }
    let good = found.compactMap { $0 }
    guard good.count == found.count else {
      throw TenancyError(.damaged, "a row of \(table) makes no sense")
    }
    return good
  }

  private func loadProjects() throws(TenancyError) -> [Project] {
    try rows(
      "project",
      """
      SELECT id, name, description, status, time_zone, retention_days, max_custom_attributes,
        allowed_event_names, created_at, updated_at FROM project ORDER BY id
      """
    ) { row in
      guard let id = project(row.text(0)), let status = Project.Status(rawValue: row.text(3)) else {
        return nil
      }
      var settings = Project.Settings()
      settings.timeZone = row.text(4)
      settings.retentionDays = row.optional(5).map(Int.init)
      settings.maximumCustomAttributes = row.optional(6).map(Int.init)
      if !row.isNull(7) {
        guard let names = texts(row.text(7)) else { return nil }
        settings.allowedEventNames = names
      }
      return Project(
        id: id, name: row.text(1), description: row.text(2), status: status, settings: settings,
        createdMilliseconds: row.int64(8), updatedMilliseconds: row.int64(9))
    }
  }

  private func loadKeys() throws(TenancyError) -> [APIKey] {
    try rows(
      "api_key",
      """
      SELECT id, prefix, digest, scope, project, name, status, created_at, last_used_at
      FROM api_key ORDER BY created_at, id
      """
    ) { row in
      let owner = row.isNull(4) ? nil : project(row.text(4))
      guard let digest = digest(row.blob(2)), let scope = KeyScope(rawValue: row.text(3)),
        let status = CredentialStatus(rawValue: row.text(6)), (owner == nil) == (scope == .admin)
      else { return nil }
      return APIKey(
        id: row.text(0), prefix: row.text(1), digest: digest, scope: scope, project: owner,
        name: row.text(5), status: status, createdMilliseconds: row.int64(7),
        lastUse: use(of: row.text(0), saved: row.optional(8)))
    }
  }

  private func loadClients() throws(TenancyError) -> [Client] {
    try rows(
      "client",
      """
      SELECT id, project, name, secret, origins, status, created_at, last_used_at
      FROM client ORDER BY created_at, id
      """
    ) { row in
      let secret = row.isNull(3) ? nil : digest(row.blob(3))
      guard let owner = project(row.text(1)), let origins = texts(row.text(4)),
        let status = CredentialStatus(rawValue: row.text(5)), row.isNull(3) == (secret == nil)
      else { return nil }
      return Client(
        id: row.text(0), project: owner, name: row.text(2), secret: secret, origins: origins,
        status: status, createdMilliseconds: row.int64(6),
        lastUse: use(of: row.text(0), saved: row.optional(7)))
    }
  }

  private func loadCollectors() throws(TenancyError) -> [CollectorIdentity] {
    let keys = try rows(
      "collector_key",
      "SELECT id, public_key, collector, status, created_at FROM collector_key ORDER BY created_at, id"
    ) { row -> (String, CollectorIdentity.Key)? in
      let bytes = row.blob(1)
      guard let status = CredentialStatus(rawValue: row.text(3)),
        let key = try? VerifyingKey(checking: bytes.span),  // A key that is none makes no sense.
        row.text(0) == KeyID(of: key).description
      else { return nil }
      return (
        row.text(2),
        CollectorIdentity.Key(
          id: KeyID(of: key), key: key, status: status, createdMilliseconds: row.int64(4))
      )
    }
    let projects = try rows("collector_project", "SELECT collector, project FROM collector_project")
    {
      row in project(row.text(1)).map { (row.text(0), $0) }
    }
    let keysByCollector = Dictionary(grouping: keys) { $0.0 }
    let projectsByCollector = Dictionary(grouping: projects) { $0.0 }
    return try rows(
      "collector",
      "SELECT id, name, status, created_at, last_seen_at FROM collector ORDER BY created_at, id"
    ) { row in
      guard let id = CollectorID(row.text(0)), let status = CredentialStatus(rawValue: row.text(2))
      else { return nil }
      return CollectorIdentity(
        id: id, name: row.text(1), status: status,
        keys: (keysByCollector[id.description] ?? []).map(\.1),
        projects: Set((projectsByCollector[id.description] ?? []).map(\.1)),
        createdMilliseconds: row.int64(3), lastSeen: use(of: id.description, saved: row.optional(4))
      )
    }
  }

  private func loadUsers() throws(TenancyError) -> [User] {
    try rows(
      "user",
      """
      SELECT id, email, full_name, company, role, status, password, created_at
      FROM user ORDER BY created_at, id
      """
    ) { row in
      guard let role = User.Role(rawValue: row.text(4)),
        let status = CredentialStatus(rawValue: row.text(5))
      else { return nil }
      return User(
        id: row.text(0), email: row.text(1), fullName: row.text(2), company: row.text(3),
        role: role, status: status, createdMilliseconds: row.int64(7),
        passwordHash: row.isNull(6) ? nil : row.text(6))
    }
  }

  private func project(_ text: String) -> ProjectID? { try? ProjectID(text) }  // Nil says it all.
  private func digest(_ bytes: [UInt8]) -> Digest? { Digest(bytes.span) }
}

extension Statement {
  fileprivate func optional(_ column: Int32) -> Int64? { isNull(column) ? nil : int64(column) }
}
