package import HTTP
import Synchronization
package import Telemetry

/// A program's health, kept where everybody can say how their part is doing.
package final class HealthBoard: Sendable {
  private let health: Mutex<Health>

  package init(_ health: Health) { self.health = Mutex(health) }

  package var current: Health { health.withLock { $0 } }

  package func update(_ body: (inout sending Health) -> Void) { health.withLock { body(&$0) } }
}

/// What machines ask about the program itself: health and metrics.
package struct OperationRoutes: Sendable {
  private let registry: MetricRegistry
  private let health: HealthBoard
  private let prepare: @Sendable () async -> Void

  /// `prepare` is awaited before an answer is made: what is only looked at when somebody asks costs
  /// nothing while nobody does.
  package init(
    registry: MetricRegistry, health: HealthBoard,
    prepare: @escaping @Sendable () async -> Void = {}
  ) {
    self.registry = registry
    self.health = health
    self.prepare = prepare
  }

  package func mount(on router: inout Router) {
    for path in ["/health", "/api/v1/health", "/api/health"] {
      router.add(.get, path) { _ in
        await prepare()
        return Self.answer(health.current.whole)
      }
    }
    router.add(.get, "/health/live") { _ in Self.answer(health.current.liveness) }
    router.add(.get, "/health/ready") { _ in Self.answer(health.current.readiness) }
    router.add(.get, "/metrics") { _ in
      await prepare()
      return Response(.ok, Self.metricsFields, body: .bytes(registry.exposition().bytes))
    }
  }

  private static func answer(_ answer: Health.Answer) -> Response {
    .json(answer.body, HTTPStatus(answer.status) ?? .internalServerError)
  }

  private static let metricsFields = FieldLines([
    "Content-Type": "text/plain; version=0.0.4; charset=utf-8"
  ])
}
