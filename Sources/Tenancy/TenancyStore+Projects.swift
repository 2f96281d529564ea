package import Events
internal import JSON
internal import SQLite

extension TenancyStore {
  /// Makes a project. Without an id it gets one like `proj_k3x9…`.
  package func addProject(
    id: ProjectID? = nil, name: String, description: String = "",
    settings: Project.Settings = Project.Settings()
  ) throws(TenancyError) -> Project {
    let id = id ?? Self.projectID(freshName("proj_"))
    guard snapshot.projects[id] == nil else {
      throw TenancyError(.taken, "there is a project \(id) already")
    }
    let now = now
    let project = Project(
      id: id, name: name, description: description, status: .active, settings: settings,
      createdMilliseconds: now, updatedMilliseconds: now)
    try check(project)
    try change { () throws(SQLiteError) in try write(project) }
    return project
  }

  /// Puts changed names, status or settings in the place of those that a project has.
  package func update(_ project: Project) throws(TenancyError) -> Project {
    guard snapshot.projects[project.id] != nil else { throw unknown(project.id) }
    var project = project
    project.updatedMilliseconds = now
    try check(project)
    try change { () throws(SQLiteError) in try write(project) }
    return project
  }

  func unknown(_ project: ProjectID) -> TenancyError {
    TenancyError(.unknownProject, "there is no project \(project)")
  }

  func requireProject(_ id: ProjectID) throws(TenancyError) {
    guard snapshot.projects[id] != nil else { throw unknown(id) }
  }

  private func check(_ project: Project) throws(TenancyError) {
    guard !project.name.isEmpty, project.name.utf8.count <= 200 else {
      throw TenancyError(.invalid, "a project's name has 1 to 200 bytes")
    }
    guard project.description.utf8.count <= 4096 else {
      throw TenancyError(.invalid, "a project's description has at most 4096 bytes")
    }
    guard project.settings.retentionDays.map({ (1...36_500).contains($0) }) ?? true else {
      throw TenancyError(.invalid, "data are kept for 1 to 36500 days, or for ever")
    }
    guard project.settings.maximumCustomAttributes.map({ (0...10_000).contains($0) }) ?? true else {
      throw TenancyError(.invalid, "a project has 0 to 10000 custom attributes")
    }
  }

  private func write(_ project: Project) throws(SQLiteError) {
    try database.withStatement(
      """
      INSERT INTO project (id, name, description, status, time_zone, retention_days,
        max_custom_attributes, allowed_event_names, created_at, updated_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description,
        status = excluded.status, time_zone = excluded.time_zone,
        retention_days = excluded.retention_days,
        max_custom_attributes = excluded.max_custom_attributes,
        allowed_event_names = excluded.allowed_event_names, updated_at = excluded.updated_at
      """
    ) { (statement) throws(SQLiteError) in
      statement.bind(1, project.id.text)
      statement.bind(2, project.name)
      statement.bind(3, project.description)
      statement.bind(4, project.status.rawValue)
      statement.bind(5, project.settings.timeZone)
      statement.bind(6, project.settings.retentionDays.map(Int64.init))
      statement.bind(7, project.settings.maximumCustomAttributes.map(Int64.init))
      statement.bind(8, project.settings.allowedEventNames.map(jsonText))
      statement.bind(9, project.createdMilliseconds)
      statement.bind(10, project.updatedMilliseconds)
      try statement.run()
    }
  }

  private static func projectID(_ text: String) -> ProjectID {
    guard let id = try? ProjectID(text) else {  // Its letters are ours.
      preconditionFailure("\(text) is no project id")
    }
    return id
  }
}

/// A list of texts as JSON, which is how a column holds it.
func jsonText(_ texts: [String]) -> String {
  JSONValue.array(texts.map(JSONValue.string)).description
}

extension Statement {
  func bind(_ index: Int32, _ value: Int64?) {
    if let value { bind(index, value) } else { bindNull(index) }
  }

  func bind(_ index: Int32, _ value: String?) {
    if let value { bind(index, value) } else { bindNull(index) }
  }
}
