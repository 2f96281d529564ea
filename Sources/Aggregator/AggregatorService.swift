import Crypto
import Events
import HTTP
import Intake
package import Platform
package import Settings
import Store
import Synchronization
package import Telemetry
import Tenancy

/// A running aggregator: its store, its listeners, and how it ends.
package final class AggregatorService: Sendable {
  package enum Failure: Error {
    case notInitialised(folder: String)
    case locked(String)
    case certificate(String)
    case listener(SystemError)
    case store(String)
    case newerFormat(String)
  }

  package static let name = "tributary-aggregator"

  private let loops: [EventLoop]
  private let log: Log
  private let servers: [Server]
  private let control: Server
  private let store: Store
  private let tenants: Tenants
  private let tls: TLSContext
  private let credentials: @Sendable () throws -> TLSCredentials
  private let health: HealthBoard
  private let lock: FileLock
  package let plainAddress: Address
  package let secureAddress: Address

  /// Opens everything and listens. `onFailure` is told when the disk has failed: the program then has
  /// to end at once.
  package static func start(
    _ folder: DataFolder, _ configuration: Configuration, version: String, log output: LogOutput,
    onFailure: @escaping @Sendable (String) -> Void
  ) async throws -> AggregatorService {
    let log = Log(output)
    let lock: FileLock
    do { lock = try FileLock(folder.lockPath) } catch {
      throw Failure.locked("\(folder.directory.path): \(error)")
    }
    guard let key = try folder.readSigningKey() else {
      throw Failure.notInitialised(folder: folder.directory.path)
    }
    let count = configuration[AggregatorSettings.loops]
    let processors = count == 0 ? Processors.count : count
    let loops = try (0..<processors).map { try EventLoop(name: "loop-\($0)") }
    let clock = SystemClock(timers: loops[0])
    let random = SystemRandom()

    let health = HealthBoard(Self.health(version))
    let tenants = try Tenants.open(folder, clock: clock, random: random)
    let (ends, finding) = FailedEndsFile.open(folder.directory, disk: SystemDisk(), clock: clock)
    var storeConfiguration = Self.storeConfiguration(folder, configuration)
    storeConfiguration.pause = finding?.pause
    let store: Store
    do {
      store = try await Store.open(storeConfiguration, clock: clock, random: random) { error in
        ends.note()
        health.update { $0.set("store", .failed, "the disk has failed") }
        // Nothing is written any more. Whoever waits is to hear of it before the connections end.
        Task {
          await clock.sleep(for: .milliseconds(200))
          onFailure("\(error)")
        }
      }
    } catch .newerFormat(let what) {
      throw Failure.newerFormat(what)
    } catch {
      throw Failure.store("\(error)")
    }

    StoredBatchReport(of: store).tell(log, health)
    let intake = IntakeReport(store: store, finding: finding)
    intake.tell(log)
    let disk = DiskReport(store: store)
    let refreshHealth = { @Sendable in
      intake.refresh(health)
      disk.refresh(health)
    }
    refreshHealth()

    let registry = MetricRegistry()
    registry.addProcessMetrics()
    registry.addBuildInfo(service: name, version: version)
    registry.addLogMetrics(of: output)
    intake.declare(in: registry, ends)
    disk.declare(in: registry)
    let face = AggregatorFace(
      store: store, tenants: tenants, key: key, clock: clock, random: random, registry: registry,
      health: health, log: log, decoders: processors, refreshHealth: refreshHealth)
    let credentials = Self.credentials(folder, configuration)
    let tls: TLSContext
    do { tls = try TLSContext(server: credentials()) } catch {
      throw Failure.certificate("\(error)")
    }
    return try AggregatorService(
      loops: loops, log: log, face: face, store: store, tenants: tenants, tls: tls,
      credentials: credentials, health: health, refreshHealth: refreshHealth, registry: registry,
      lock: lock, folder: folder, configuration: configuration)
  }

  private init(
    loops: [EventLoop], log: Log, face: AggregatorFace, store: Store, tenants: Tenants,
    tls: TLSContext, credentials: @escaping @Sendable () throws -> TLSCredentials,
    health: HealthBoard, refreshHealth: @escaping @Sendable () -> Void,
    registry: MetricRegistry, lock: consuming FileLock, folder: DataFolder,
    configuration: Configuration
  ) throws {
    self.loops = loops
    self.log = log
    self.store = store
    self.tenants = tenants
    self.tls = tls
    self.credentials = credentials
    self.health = health
    self.lock = lock
    let anonymous = try configuration[AggregatorSettings.anonymousProject].map(ProjectID.init)
    let metrics = ServerMetrics(registry)
    let maximum = configuration[AggregatorSettings.maximumConnections]
    func server(_ router: Router) -> Server {
      Server(
        on: loops, maximumConnections: maximum, refusal: { .problem($0) },
        observe: { metrics.observe($0, $1) }, handler: { await router.respond(to: $0) })
    }
    let plain = server(face.plainRouter(anonymousProject: anonymous))
    let secure = server(face.secureRouter(anonymousProject: nil))
    control = server(
      ControlFace(
        tenants: tenants, folder: folder, health: health, refreshHealth: refreshHealth
      ).router)
    servers = [plain, secure]
    do {
      plainAddress = try plain.listen(on: configuration[AggregatorSettings.plain])
      secureAddress = try secure.listen(on: configuration[AggregatorSettings.secure], tls: tls)
      _ = try control.listen(on: .unix(path: folder.controlSocketPath))
    } catch { throw Failure.listener(error) }
    let all = [plain, secure, control]
    registry.gauge("tributary_http_connections", "Open connections.") {
      Double(all.reduce(0) { $0 + $1.connectionCount })
    }
    registry.counter(
      "tributary_http_connections_refused_total", "Connections closed because there were too many."
    ) { Double(all.reduce(0) { $0 + $1.refusedConnections.load(ordering: .relaxed) }) }
    registry.counter("tributary_tls_handshakes_failed_total", "TLS handshakes that failed.") {
      Double(secure.failedHandshakes.load(ordering: .relaxed))
    }
    health.update { $0.phase = .serving }
    saveUsesNowAndThen()
  }

  private static func health(_ version: String) -> Health {
    var health = Health(service: name, version: version)
    health.add("store", .readiness)
    health.add("tenancy", .readiness)
    health.add(StoredBatchReport.part, .informative)
    health.add(IntakeReport.part, .readiness)
    health.add(DiskReport.part, .readiness)
    return health
  }

  private static func storeConfiguration(
    _ folder: DataFolder, _ configuration: Configuration
  ) -> Store.Configuration {
    var store = Store.Configuration(path: folder.storePath)
    store.maximumHotEvents = configuration[AggregatorSettings.maximumHotEvents]
    store.minimumFreeBytes = configuration[AggregatorSettings.minimumFreeBytes].bytes
    store.ballastBytes = 16 << 20
    store.waiting = StoreInbox.Limits(
      bytes: configuration[AggregatorSettings.maximumWaitingBytes].bytes,
      requests: configuration[AggregatorSettings.maximumWaiting])
    store.maximumDeadLetters = configuration[AggregatorSettings.maximumDeadLetters]
    store.maximumDeadLetterBytes = configuration[AggregatorSettings.maximumDeadLetterBytes].bytes
    return store
  }

  private static func credentials(
    _ folder: DataFolder, _ configuration: Configuration
  ) -> @Sendable () throws -> TLSCredentials {
    let chain = configuration[AggregatorSettings.certificate]?.text ?? folder.certificatePath
    let key = configuration[AggregatorSettings.certificateKey]?.text ?? folder.certificateKeyPath
    return {
      func read(_ path: String) throws -> [UInt8] {
        guard let bytes = try SettingsSources.readFile(path) else {
          throw Failure.certificate("there is no file \(path)")
        }
        return bytes
      }
      return TLSCredentials(chain: try read(chain), key: try read(key))
    }
  }

  /// Reads certificate and key again; if they are bad the old ones stay.
  package func reload() {
    do {
      try tls.replace(credentials())
      log.info("the certificate was read again")
    } catch {
      log.error(
        "the certificate could not be read again; the old one stays", ["error": .error(error)])
    }
  }

  /// Lets requests at hand finish within five seconds, and closes everything.
  package func stop() async {
    health.update { $0.phase = .stopping }
    await withDiscardingTaskGroup { group in
      for server in servers + [control] {
        group.addTask { await server.shutDown(within: .seconds(4)) }
      }
    }
    await saveUses()
    await store.stop()
  }

  /// When keys were last used is of interest, and not worth a commit each time.
  private func saveUsesNowAndThen() {
    Task { [loops, weak self] in
      while let self {
        await self.saveUses()
        await loops[0].sleep(for: .seconds(60))
      }
    }
  }

  private func saveUses() async {
    do {
      try await tenants.saveUses()
    } catch {
      health.update { $0.set("tenancy", .degraded, "the last use of keys could not be written") }
      log.warning("the last use of keys could not be written", ["error": .error(error)])
    }
  }
}
