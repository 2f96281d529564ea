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
    return router
  }
}
