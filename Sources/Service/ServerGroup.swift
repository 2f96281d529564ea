package import HTTP
import Intake
package import Platform
import Synchronization
package import Telemetry

/// The HTTP servers of one program: they share loops, limits and metrics, and end together.
package struct ServerGroup: Sendable {
  package let loops: [EventLoop]
  private let servers: [Server]

  /// One server for each router, in their order, which share these slots. What all of them count is
  /// declared here.
  package init(
    _ routers: [Router], on loops: [EventLoop], slots: ConnectionSlots, registry: MetricRegistry
  ) {
    self.loops = loops
    let metrics = ServerMetrics(registry)
    let servers = routers.enumerated().map { number, router in
      Server(
        on: loops, slots: slots, refusal: { .problem($0) },
        observe: { metrics.observe($0, $1, of: number) }, handler: { await router.respond(to: $0) })
    }
    self.servers = servers
    registry.addConnectionMetrics(of: servers, slots)
  }

  package subscript(number: Int) -> Server { servers[number] }

  /// Lets the requests at hand finish within the deadline, and closes everything.
  package func shutDown(within deadline: Duration) async {
    await withDiscardingTaskGroup { group in
      for server in servers { group.addTask { await server.shutDown(within: deadline) } }
    }
  }

  /// Event loops for a program: as many as it was told, one a core where that is 0.
  package static func loops(_ count: Int) throws(SystemError) -> [EventLoop] {
    var loops: [EventLoop] = []
    for number in 0..<(count == 0 ? Processors.count : count) {
      loops.append(try EventLoop(name: "loop-\(number)"))
    }
    return loops
  }
}
