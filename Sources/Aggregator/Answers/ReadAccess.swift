import Events
import HTTP
import Tenancy

/// Why a request may not do what it wants to.
struct AccessRefusal: Error {
  let response: Response

  static let missing = AccessRefusal(
    response: .problem(
      .unauthorized, "missing_key",
      "This needs a read key: send it as X-API-Key, or as Authorization: Bearer."))
  static let unknown = AccessRefusal(
    response: .problem(.unauthorized, "invalid_key", "This key is not known, or was revoked."))
  static let forbidden = AccessRefusal(
    response: .problem(.forbidden, "forbidden", "This key may not read."))
}

/// Finds out which project a question may be about.
struct ReadAccess: Sendable {
  let board: TenancyBoard

  /// The project of the key that the request shows. An admin key names the project itself.
  func project(of request: Request, at now: Int64) throws(AccessRefusal) -> ProjectID {
    let snapshot = board.current
    guard let grant = try grant(of: request, snapshot, now) else { throw .missing }
    request.standing.prove()
    guard grant.rights.contains(.read) else { throw .forbidden }
    if let project = grant.project {
      guard let asked = request.head.query("project_id") ?? request.head.value(of: "x-project-id"),
        asked != project.text
      else { return project }
      throw .forbidden
    }
    return try named(request, snapshot)
  }

  private func grant(
    of request: Request, _ snapshot: TenancySnapshot, _ now: Int64
  ) throws(AccessRefusal) -> Grant? {
    let found: Grant?
    if let shown = request.head.presentedKey {
      found = snapshot.grant(forKey: shown.utf8.span, at: now)
    } else if let client = request.head.presentedClient {
      if let secret = client.secret {
        found = snapshot.grant(
          forClient: client.id.utf8.span, secret: secret.utf8.span, at: now)
      } else {
        found = snapshot.grant(forClient: client.id.utf8.span, secret: nil, at: now)
      }
    } else {
      return nil
    }
    guard let found else { throw .unknown }
    return found
  }

  private func named(
    _ request: Request, _ snapshot: TenancySnapshot
  ) throws(AccessRefusal) -> ProjectID {
    if let text = request.head.query("project_id") ?? request.head.value(of: "x-project-id") {
      guard let id = try? ProjectID(text), snapshot.projects[id] != nil else {
        throw AccessRefusal(
          response: .problem(.notFound, "unknown_project", "There is no such project."))
      }
      return id
    }
    if snapshot.projects.count == 1, let only = snapshot.projects.keys.first { return only }
    let all = snapshot.projects.keys.map(\.text).sorted().prefix(100).joined(separator: ", ")
    throw AccessRefusal(
      response: .problem(
        .badRequest, "project_needed", "Name the project in project_id: one of \(all)."))
  }
}
