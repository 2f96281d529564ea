import Batches
import Crypto
import Events
import HTTP
import Intake
package import Platform
import Service
package import Settings
import Spool
import Synchronization
package import Telemetry
import Tenancy

/// A running collector: its spool, its listeners, what ships, and how it ends.
package final class CollectorService: RunningService {
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
  private let servers: ServerGroup
  private let spool: Spool
  private let shipping: Shipping?
  private let health: HealthBoard
  /// Nil where no listener speaks TLS.
  private let certificate: ServerCertificate?
  package let addresses: [Address]

  /// Opens the spool, then listens, then ships. `onFailure` is told when the disk has failed: the
  /// program then has to end at once, without closing anything.
  package static func start(
    _ folder: CollectorFolder, _ configuration: Configuration, version: String,
    log output: LogOutput, onFailure: @escaping @Sendable (String) -> Void
  ) async throws -> CollectorService {
    let log = Log(output)
    try folder.directory.create()
    let loops = try ServerGroup.loops(configuration[CollectorSettings.loops])
    let clock = SystemClock(timers: loops[0])
    let random = SystemRandom()
    let identity: Identity?
    do { identity = try folder.readIdentity() } catch { throw Failure.identity("\(error)") }

    let health = HealthBoard(Self.health(version, isEnrolled: identity != nil))
    let spool = try await openSpool(folder, configuration, clock, random) { finding in
      log.error("the spool is damaged", ["finding": .text("\(finding)")])
    } onFailure: { error in
      health.update { $0.set("spool", .failed, "the disk has failed") }
      onFailure("\(error)")
    }
    let opened = try await spool.status()
    for finding in opened.findings {
      log.error("the spool was damaged", ["finding": .text("\(finding)")])
    }
    if opened.isDraining {
      log.error("the disk has failed too often: what is kept is shipped, and nothing is taken in")
    }
    let board = ShippingBoard { state in
      health.update { $0.set("aggregator", state.health, state.healthDetail) }
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
      status: status, quarantine: Quarantine(spool, folder),
      bodyBytes: configuration[CollectorSettings.maximumBody].bytes,
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
    let anonymous = try Self.anonymousProject(configuration)
    servers = ServerGroup(
      [
        face.router(anonymousProject: nil), face.router(anonymousProject: anonymous),
        face.controlRouter,
      ],
      on: loops,
      slots: ConnectionSlots(
        configuration[CollectorSettings.maximumConnections],
        strangerPercent: configuration[CollectorSettings.unauthenticatedPercent]),
      registry: registry)
    let (known, local, control) = (servers[0], servers[1], servers[2])
    let admitsAll = configuration[CollectorSettings.anonymousFromElsewhere]
    func door(_ address: Address) -> Server { address.isLocal || admitsAll ? local : known }

    let secure = configuration[CollectorSettings.secure]
    certificate = secure.isEmpty ? nil : try Self.certificate(configuration)
    var bound: [Address] = []
    do {
      for address in configuration[CollectorSettings.listen] {
        bound.append(try door(address).listen(on: address))
      }
      for address in secure {
        bound.append(try door(address).listen(on: address, tls: certificate?.context))
      }
      _ = try control.listen(on: .unix(path: folder.controlSocketPath))
    } catch { throw Failure.listener(error) }
    addresses = bound
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
      group.addTask { [servers] in await servers.shutDown(within: .seconds(2)) }
      group.addTask { [shipping] in await shipping?.stop(within: .seconds(1)) }
    }
    await spool.stop()
  }

  /// Reads certificate and key again, and asks the aggregator what has changed.
  package func reload() {
    shipping?.greetNow()
    certificate?.reload(log)
  }

  package var whereabouts: LogFields {
    ["addresses": .text(addresses.map(\.description).joined(separator: ", "))]
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

  private static func openSpool(
    _ folder: CollectorFolder, _ configuration: Configuration, _ clock: any Clock,
    _ random: any RandomSource, onFinding: @escaping @Sendable (SpoolFinding) -> Void,
    onFailure: @escaping @Sendable (SpoolError) -> Void
  ) async throws -> Spool {
    var settings = SpoolConfiguration(directory: folder.spoolPath)
    settings.maximumBytes = configuration[CollectorSettings.maximumSpool].bytes
    settings.keptFor = configuration[CollectorSettings.keptFor]
    do throws(SpoolError) {
      return try await Spool.open(
        settings, worker: Worker(name: "spool"), clock: clock, random: random,
        onFinding: onFinding, onFailure: onFailure)
    } catch {
      switch error {
      case .locked(let holder):
        let process = holder.map { " by process \($0)" } ?? ""
        throw Failure.locked("\(folder.spoolPath) is held\(process)")
      case .newerSchema(let found, let known):
        throw Failure.newerFormat("the spool has schema \(found), and this program knows \(known)")
      case .networkFileSystem(let name):
        throw Failure.setting("\(folder.spoolPath) lies on \(name), which keeps no promises")
      case .full, .draining, .stopping, .failed: throw Failure.spool("\(error)")
      }
    }
  }

  private static func anonymousProject(_ configuration: Configuration) throws -> ProjectID? {
    guard let text = configuration[CollectorSettings.anonymousProject] else { return nil }
    do { return try ProjectID(text) } catch {
      throw Failure.setting("anonymous_project is no project id: \(text)")
    }
  }

  private static func certificate(_ configuration: Configuration) throws -> ServerCertificate {
    func path(_ setting: Setting<FilePath?>) throws -> String {
      guard let path = configuration[setting]?.text else {
        throw Failure.certificate("\(setting.path) is not set")
      }
      return path
    }
    let chain = try path(CollectorSettings.certificate)
    let key = try path(CollectorSettings.certificateKey)
    do { return try ServerCertificate(chain: chain, key: key) } catch {
      throw Failure.certificate("\(error)")
    }
  }
}

extension CollectorService.Failure: StartFailure {
  package var sentence: String {
    switch self {
    case .locked(let reason): "the data folder is in use: \(reason)"
    case .certificate(let reason): "the certificate cannot be used: \(reason)"
    case .setting(let reason): reason
    case .identity(let reason): "the identity of this collector cannot be read: \(reason)"
    case .listener(let error): "cannot listen: \(error)"
    case .spool(let reason): "the spool cannot be opened: \(reason)"
    case .newerFormat(let what): "the data are of a newer version of this program: \(what)"
    }
  }

  package var exitCode: ExitCode {
    switch self {
    case .locked: .temporary
    case .certificate, .setting, .identity, .newerFormat: .configuration
    case .listener: .system
    case .spool: .inputOutput
    }
  }
}
