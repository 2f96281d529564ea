import Events
import HTTP
import Intake
import Platform
import Telemetry

/// The collector's HTTP face: which routes stand on which listener.
struct CollectorFace: Sendable {
  let intake: IntakeFace
  let operations: OperationRoutes
  let status: CollectorStatus
  let quarantine: Quarantine
  let bodyBytes: Int
  let eventsPerRequest: Int

  /// What clients and supervisors are served.
  func router(anonymousProject: ProjectID?) -> Router {
    var router = Router { .problem($0) }
    var options = IntakeFace.Options()
    options.anonymousProject = anonymousProject
    options.bodyBytes = bodyBytes
    options.eventsPerRequest = eventsPerRequest
    intake.mount(on: &router, options)
    operations.mount(on: &router)
    return router
  }

  /// What the operator's commands are served, over a socket in the data folder.
  var controlRouter: Router {
    var router = Router { .problem($0) }
    router.add(.get, "/status") { _ in .json(await status.json()) }
    router.add(.get, "/quarantine") { _ in
      await answer { .json(try await quarantine.list()) }
    }
    router.add(.get, "/quarantine/{id}") { request in
      await answer {
        guard let id = Int64(request.parameters[0]), let event = try await quarantine.show(id)
        else { return .problem(.notFound, "unknown_event", "There is no such event.") }
        return .json(event)
      }
    }
    return router
  }

  private func answer(_ body: () async throws -> Response) async -> Response {
    do { return try await body() } catch {
      return .problem(.internalServerError, "failed", "\(error)")
    }
  }
}
