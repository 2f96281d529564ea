import Crypto
import Events
import HTTP
import Intake
package import Platform
import Service
package import Settings
import Store
import Synchronization
package import Telemetry
import Tenancy

/// A running aggregator: its store, its listeners, and how it ends.
package final class AggregatorService: RunningService {
  package enum Failure: Error {
    case notInitialised(folder: String)
    case halfRestored(folder: String)
    case isBackup(folder: String)
    case locked(String)
    case certificate(String)
    case listener(SystemError)
    case store(String)
    case newerFormat(String)
  }

  package static let name = "tributary-aggregator"

  private let loops: [EventLoop]
  private let log: Log
  private let servers: ServerGroup
  private let store: Store
  private let tenants: Tenants
  private let certificate: ServerCertificate
  private let health: HealthBoard
  private let lock: FileLock
  private let backups: Backups
  private let erasures: Erasures
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
    guard !folder.isHalfRestored else {
      throw Failure.halfRestored(folder: folder.directory.path)
    }
    guard !folder.isBackup else { throw Failure.isBackup(folder: folder.directory.path) }
    guard let key = try folder.readSigningKey() else {
      throw Failure.notInitialised(folder: folder.directory.path)
    }
    let loops = try ServerGroup.loops(configuration[AggregatorSettings.loops])
    let clock = SystemClock(timers: loops[0])
    let random = SystemRandom()

    let health = HealthBoard(Self.health(version))
    let tenants = try Tenants.open(folder, clock: clock, random: random)
    let (ends, problem) = FailedEndsFile.open(
      "failures", in: folder.directory.path, disk: SystemDisk(), clock: clock)
    let finding = IntakeFinding(ends, problem)
    var storeConfiguration = Self.storeConfiguration(folder, configuration)
    storeConfiguration.pause = finding?.pause
    let store: Store
    do {
      store = try await Store.open(storeConfiguration, clock: clock, random: random) { failure in
        if failure.isNoted { ends.note() }
        health.update { $0.set("store", .failed, "the disk has failed") }
        // Nothing is written any more. Whoever waits is to hear of it before the connections end.
        Task {
          await clock.sleep(for: .milliseconds(200))
          onFailure("\(failure)")
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
    let packs = PackReport(store: store)
    packs.tell(log)
    let backups = Backups(
      Self.backupSchedule(configuration), folder: folder, store: store, tenants: tenants,
      reserveBytes: configuration[AggregatorSettings.minimumFreeBytes].bytes, version: version,
      clock: clock, log: log)
    let erasures = Erasures(
      store: store, within: configuration[AggregatorSettings.eraseWithin],
      backups: Self.backupSchedule(configuration).to, clock: clock, log: log)
    let backupReport = BackupReport(board: backups.board)
    let refreshHealth = { @Sendable in
      backupReport.refresh(health)
      packs.refresh(health)
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
    packs.declare(in: registry)
    erasures.declare(in: registry)
    backupReport.declare(in: registry)
    MergeReport(store: store).declare(in: registry)
    let face = AggregatorFace(
      store: store, tenants: tenants, key: key, clock: clock, random: random, registry: registry,
      health: health, log: log, decoders: loops.count, refreshHealth: refreshHealth)
    let certificate: ServerCertificate
    do {
      certificate = try ServerCertificate(
        chain: configuration[AggregatorSettings.certificate]?.text ?? folder.certificatePath,
        key: configuration[AggregatorSettings.certificateKey]?.text ?? folder.certificateKeyPath)
    } catch { throw Failure.certificate("\(error)") }
    return try AggregatorService(
      loops: loops, log: log, face: face, store: store, tenants: tenants,
      certificate: certificate, health: health, refreshHealth: refreshHealth, registry: registry,
      care: StoreCare(store: store, tenants: tenants, clock: clock, log: log), lock: lock,
      backups: backups, erasures: erasures, folder: folder, configuration: configuration)
  }

  private init(
    loops: [EventLoop], log: Log, face: AggregatorFace, store: Store, tenants: Tenants,
    certificate: ServerCertificate, health: HealthBoard,
    refreshHealth: @escaping @Sendable () -> Void, registry: MetricRegistry,
    care: StoreCare, lock: consuming FileLock, backups: Backups, erasures: Erasures,
    folder: DataFolder,
    configuration: Configuration
  ) throws {
    self.loops = loops
    self.log = log
    self.store = store
    self.tenants = tenants
    self.certificate = certificate
    self.health = health
    self.lock = lock
    self.backups = backups
    self.erasures = erasures
    let anonymous = try configuration[AggregatorSettings.anonymousProject].map(ProjectID.init)
    let slots = ConnectionSlots(
      configuration[AggregatorSettings.maximumConnections],
      strangerPercent: configuration[AggregatorSettings.unauthenticatedPercent])
    servers = ServerGroup(
      [
        face.plainRouter(anonymousProject: anonymous), face.secureRouter(anonymousProject: nil),
        ControlFace(
          tenants: tenants, folder: folder, health: health, imports: face.imports,
          sql: face.sql, backups: BackupRoutes(backups: backups),
          storeCheck: StoreCheckDesk(folder), erasures: erasures,
          refreshHealth: refreshHealth
        ).router,
      ],
      on: loops, slots: slots, registry: registry)
    do {
      plainAddress = try servers[0].listen(on: configuration[AggregatorSettings.plain])
      secureAddress = try servers[1].listen(
        on: configuration[AggregatorSettings.secure], tls: certificate.context)
      _ = try servers[2].listen(on: .unix(path: folder.controlSocketPath))
    } catch { throw Failure.listener(error) }
    registry.counter(
      "tributary_http_collector_connections_refused_total",
      "Connections refused to collectors that had their most."
    ) { Double(slots.refusedPeers.load(ordering: .relaxed)) }
    health.update { $0.phase = .serving }
    saveUsesNowAndThen()
    backups.followSchedule()
    erasures.follow()
    tendNowAndThen(care)
  }

  private static func backupSchedule(_ configuration: Configuration) -> Backups.Schedule {
    Backups.Schedule(
      // A path in the configuration file is meant from there; one elsewhere from the working folder.
      to: configuration[AggregatorSettings.backupTo]
        .flatMap { try? Directory.absolute($0.text) },
      every: configuration[AggregatorSettings.backupEvery],
      keep: configuration[AggregatorSettings.backupKeep])
  }

  private static func health(_ version: String) -> Health {
    var health = Health(service: name, version: version)
    health.add("store", .readiness)
    health.add("tenancy", .readiness)
    health.add(StoredBatchReport.part, .informative)
    health.add(PackReport.part, .informative)
    health.add(BackupReport.part, .informative)
    health.add(IntakeReport.part, .readiness)
    health.add(DiskReport.part, .readiness)
    return health
  }

  private static func storeConfiguration(
    _ folder: DataFolder, _ configuration: Configuration
  ) -> Store.Configuration {
    var store = Store.Configuration(path: folder.storePath)
    store.packFolder = folder.packsPath
    store.cacheBytes = configuration[AggregatorSettings.cacheBytes].bytes
    store.maximumHotEvents = configuration[AggregatorSettings.maximumHotEvents]
    store.sealEvents = configuration[AggregatorSettings.sealEvents]
    store.sealAge = configuration[AggregatorSettings.sealAge]
    store.scrubPeriod = configuration[AggregatorSettings.scrubPeriod]
    store.mergeBytesPerSecond = configuration[AggregatorSettings.mergeRate].bytes
    store.mergeGrace = configuration[AggregatorSettings.mergeGrace]
    store.minimumFreeBytes = configuration[AggregatorSettings.minimumFreeBytes].bytes
    store.ballastBytes = 16 << 20
    store.waiting = StoreInbox.Limits(
      bytes: configuration[AggregatorSettings.maximumWaitingBytes].bytes,
      requests: configuration[AggregatorSettings.maximumWaiting])
    store.maximumDeadLetters = configuration[AggregatorSettings.maximumDeadLetters]
    store.maximumDeadLetterBytes = configuration[AggregatorSettings.maximumDeadLetterBytes].bytes
    return store
  }

  package var whereabouts: LogFields {
    ["http": .text("\(plainAddress)"), "tls": .text("\(secureAddress)")]
  }

  /// Reads certificate and key again; if they are bad the old ones stay.
  package func reload() { certificate.reload(log) }

  /// Lets requests at hand finish within five seconds, and closes everything.
  package func stop() async {
    health.update { $0.phase = .stopping }
    backups.stop()
    erasures.stop()
    await servers.shutDown(within: .seconds(4))
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

  private func tendNowAndThen(_ care: StoreCare) {
    Task { [loops, weak self] in
      while self != nil {
        await loops[0].sleep(for: StoreCare.pause)
        if self != nil { await care.tend() }
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

extension AggregatorService.Failure: StartFailure {
  package var sentence: String {
    switch self {
    case .notInitialised(let folder):
      "\(folder) is no aggregator's folder; make one with: tributary-aggregator init --data \(folder)"
    case .halfRestored(let folder):
      "a restore into \(folder) has not come to its end: run it again"
    case .isBackup(let folder):
      "\(folder) is a backup: make a data folder of it with: "
        + "tributary-aggregator restore --from \(folder) --data DIR"
    case .locked(let reason): "the data folder cannot be had: \(reason)"
    case .certificate(let reason): "the certificate cannot be used: \(reason)"
    case .listener(let error): "cannot listen: \(error)"
    case .store(let reason): "the store cannot be opened: \(reason)"
    case .newerFormat(let what): "the data are of a newer version of this program: \(what)"
    }
  }

  package var exitCode: ExitCode {
    switch self {
    case .notInitialised, .halfRestored, .isBackup, .certificate, .newerFormat: .configuration
    case .locked: .temporary
    case .listener: .system
    case .store: .inputOutput
    }
  }
}
