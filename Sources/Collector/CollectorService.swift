import Batches
import Crypto
import Events
import HTTP
import Intake
package import Platform
package import Settings
import Spool
import Synchronization
package import Telemetry
import Tenancy

/// A running collector: its spool, its listeners, what ships, and how it ends.
package final class CollectorService: Sendable {
  package enum Failure: Error {
    case locked(String)
    case spool(String)
    case newerFormat(String)
    case identity(String)
    case certificate(String)
    case setting(String)
    case listener(SystemError)
  }

  package static let name = "tributary-collector"

  private let log: Log
  private let loops: [EventLoop]
  private let servers: [Server]
  private let spool: Spool
  private let shipping: Shipping?
  private let health: HealthBoard
  private let tls: TLSContext?
  private let credentials: @Sendable () throws -> TLSCredentials
  package let addresses: [Address]

  /// Opens the spool, then listens, then ships. `onFailure` is told when the disk has failed: the
  /// program then has to end at once, without closing anything.
  package static func start(
    _ folder: CollectorFolder, _ configuration: Configuration, version: String,
    log output: LogOutput, onFailure: @escaping @Sendable (String) -> Void
  ) async throws -> CollectorService {
    let log = Log(output)
    try folder.directory.create()
    let count = configuration[CollectorSettings.loops]
    let loops = try (0..<(count == 0 ? Processors.count : count)).map {
      try EventLoop(name: "loop-\($0)")
    }
    let clock = SystemClock(timers: loops[0])
    let random = SystemRandom()
    let identity: Identity?
    do { identity = try folder.readIdentity() } catch { throw Failure.identity("\(error)") }

    let health = HealthBoard(Self.health(version, isEnrolled: identity != nil))
    let spool = try await openSpool(folder, configuration, clock, random) { error in
      health.update { $0.set("spool", .failed, "the disk has failed") }
      onFailure("\(error)")
    }
    for finding in try await spool.status().findings {
      log.error("the spool was damaged", ["finding": .text("\(finding)")])
    }
    let board = ShippingBoard { state in
      health.update { $0.set("aggregator", Self.state(of: state), Self.detail(of: state)) }
    }
    let registry = MetricRegistry()
    registry.addProcessMetrics()
    registry.addBuildInfo(service: name, version: version)
    registry.addLogMetrics(of: output)
    let status = CollectorStatus(
      spool: spool, identity: identity, board: board, health: health,
      maximumBytes: configuration[CollectorSettings.maximumSpool].bytes, clock: clock)
    status.declare(in: registry)

    let book = KeyBook()
    let shipping = try identity.map { identity in
      try Shipping(
        identity, folder, configuration, spool: spool, board: board, book: book, loops: loops,
        clock: clock, random: random, log: log, program: "\(name)/\(version)")
    }
    let face = CollectorFace(
      intake: IntakeFace(
        sink: SpoolSink(spool, clock: clock), clock: clock,
        ids: EventIDSource(clock: clock, random: random), metrics: IntakeMetrics(registry),
        log: log, book: { book.current }),
      operations: OperationRoutes(registry: registry, health: health) { await status.refresh() },
      status: status, bodyBytes: configuration[CollectorSettings.maximumBody].bytes,
      eventsPerRequest: configuration[CollectorSettings.eventsPerRequest])
    return try CollectorService(
      loops: loops, log: log, face: face, spool: spool, shipping: shipping, health: health,
      registry: registry, folder: folder, configuration: configuration)
  }

  private init(
    loops: [EventLoop], log: Log, face: CollectorFace, spool: Spool, shipping: Shipping?,
    health: HealthBoard, registry: MetricRegistry, folder: CollectorFolder,
    configuration: Configuration
  ) throws {
    self.loops = loops
    self.log = log
    self.spool = spool
    self.shipping = shipping
    self.health = health
    credentials = Self.credentials(configuration)
    let observer = ServerMetrics(registry)
    let maximum = configuration[CollectorSettings.maximumConnections]
    func server(_ router: Router) -> Server {
      Server(
        on: loops, maximumConnections: maximum, refusal: { .problem($0) },
        observe: { observer.observe($0, $1) }, handler: { await router.respond(to: $0) })
    }
    let anonymous = try Self.anonymousProject(configuration)
    let known = server(face.router(anonymousProject: nil))
    let local = server(face.router(anonymousProject: anonymous))
    let control = server(face.controlRouter)
    servers = [known, local, control]
    let admitsAll = configuration[CollectorSettings.anonymousFromElsewhere]
    func door(_ address: Address) -> Server { address.isLocal || admitsAll ? local : known }

    var bound: [Address] = []
    do {
      for address in configuration[CollectorSettings.listen] {
        bound.append(try door(address).listen(on: address))
      }
      _ = try control.listen(on: .unix(path: folder.controlSocketPath))
    } catch { throw Failure.listener(error) }
    let secure = configuration[CollectorSettings.secure]
    if secure.isEmpty {
      tls = nil
    } else {
      let context: TLSContext
      do { context = try TLSContext(server: credentials()) } catch {
        throw Failure.certificate("\(error)")
      }
      tls = context
      do {
        for address in secure { bound.append(try door(address).listen(on: address, tls: context)) }
      } catch { throw Failure.listener(error) }
    }
    addresses = bound
    Self.declareConnections(registry, servers)
    health.update { $0.phase = .serving }
    shipping?.start()
    let loop = loops[0]
    Task(executorPreference: loop) {
      // By then the first hello has been said, and what it needed will not be needed for minutes.
      await loop.sleep(for: .seconds(3))
      ResidentMemory.releaseCode()
    }
  }

  /// Takes no more requests, commits what waits, and ends; the network is not needed for it. Five
  /// seconds at most (RELIABILITY B10).
  package func stop() async {
    health.update { $0.phase = .stopping }
    await withDiscardingTaskGroup { group in
      for server in servers {
        group.addTask { await server.shutDown(within: .seconds(2)) }
      }
      group.addTask { [shipping] in await shipping?.stop(within: .seconds(1)) }
    }
    await spool.stop()
  }

  /// Reads certificate and key again, and asks the aggregator what has changed.
  package func reload() {
    shipping?.greetNow()
    guard let tls else { return }
    do {
      try tls.replace(credentials())
      log.info("the certificate was read again")
    } catch {
      log.error(
        "the certificate could not be read again; the old one stays", ["error": .error(error)])
    }
  }
}

// MARK: - The parts of a start

extension CollectorService {
  private static func health(_ version: String, isEnrolled: Bool) -> Health {
    var health = Health(service: name, version: version)
    health.add("spool", .readiness)
    health.add(
      "enrolment", .readiness, isEnrolled ? .ok : .failed,
      isEnrolled ? nil : "run tributary-collector enroll")
    health.add("aggregator", .informative)
    return health
  }

  private static func state(of shipping: ShippingBoard.State) -> HealthState {
    shipping.trouble == nil && shipping.hold == nil ? .ok : .degraded
  }

  private static func detail(of shipping: ShippingBoard.State) -> String? {
    let held: String? =
      switch shipping.hold {
      case .retired: "shipping has stopped: the aggregator has retired this collector"
      case .otherStore: "shipping has stopped: another store answers, or one that was set back"
      case .breaker: "shipping has stopped: too many events are called wrong"
      case nil: nil
      }
    return held ?? shipping.trouble.map { "\($0.code): \($0.detail)" }
  }

  private static func openSpool(
    _ folder: CollectorFolder, _ configuration: Configuration, _ clock: any Clock,
    _ random: any RandomSource, onFailure: @escaping @Sendable (SpoolError) -> Void
  ) async throws -> Spool {
    var settings = SpoolConfiguration(directory: folder.spoolPath)
    settings.maximumBytes = configuration[CollectorSettings.maximumSpool].bytes
    do throws(SpoolError) {
      return try await Spool.open(
        settings, worker: Worker(name: "spool"), clock: clock, random: random,
        onFailure: onFailure)
    } catch {
      switch error {
      case .locked(let holder):
        let process = holder.map { " by process \($0)" } ?? ""
        throw Failure.locked("\(folder.spoolPath) is held\(process)")
      case .newerSchema(let found, let known):
        throw Failure.newerFormat("the spool has schema \(found), and this program knows \(known)")
      case .networkFileSystem(let name):
        throw Failure.setting("\(folder.spoolPath) lies on \(name), which keeps no promises")
      case .full, .stopping, .failed: throw Failure.spool("\(error)")
      }
    }
  }

  private static func anonymousProject(_ configuration: Configuration) throws -> ProjectID? {
    guard let text = configuration[CollectorSettings.anonymousProject] else { return nil }
    do { return try ProjectID(text) } catch {
      throw Failure.setting("anonymous_project is no project id: \(text)")
    }
  }

  private static func credentials(
    _ configuration: Configuration
  ) -> @Sendable () throws -> TLSCredentials {
    let chain = configuration[CollectorSettings.certificate]?.text
    let key = configuration[CollectorSettings.certificateKey]?.text
    return {
      func read(_ path: String?, _ name: String) throws -> [UInt8] {
        guard let path else { throw Failure.certificate("\(name) is not set") }
        guard let bytes = try SettingsSources.readFile(path) else {
          throw Failure.certificate("there is no file \(path)")
        }
        return bytes
      }
      return TLSCredentials(
        chain: try read(chain, "tls.certificate"), key: try read(key, "tls.key"))
    }
  }

  private static func declareConnections(_ registry: MetricRegistry, _ servers: [Server]) {
    registry.gauge("tributary_http_connections", "Open connections.") {
      Double(servers.reduce(0) { $0 + $1.connectionCount })
    }
    registry.counter(
      "tributary_http_connections_refused_total", "Connections closed because there were too many."
    ) { Double(servers.reduce(0) { $0 + $1.refusedConnections.load(ordering: .relaxed) }) }
    registry.counter("tributary_tls_handshakes_failed_total", "TLS handshakes that failed.") {
      Double(servers.reduce(0) { $0 + $1.failedHandshakes.load(ordering: .relaxed) })
    }
  }
}
