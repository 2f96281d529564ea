internal import HTTP
package import Platform
package import Settings
package import Telemetry

/// Every key of an aggregator's configuration.
package enum AggregatorSettings {
  package static let plain = Setting(
    "http.listen", default: Address.tcp(host: "127.0.0.1", port: 7080), flag: "listen",
    "Where plain HTTP is served: the API and the health of this program.")
  package static let anonymousProject = Setting<String?>(
    "http.anonymous_project", default: nil,
    "The project of events that come to the plain listener without a key. Intake only.")
  package static let secure = Setting(
    "tls.listen", default: Address.tcp(host: "0.0.0.0", port: 7443), flag: "tls",
    "Where TLS is served: the same API, and collectors.")
  package static let certificate = Setting<FilePath?>(
    "tls.certificate", default: nil,
    "The server's certificate chain as PEM; by default the one that `init` made.")
  package static let certificateKey = Setting<FilePath?>(
    "tls.key", default: nil, "The private key of that certificate as PEM.")
  package static let maximumConnections = Setting(
    "http.max_connections", default: 10_000, in: 10...1_000_000,
    "Connections at one time, over all listeners; more are closed at once.")
  package static let unauthenticatedPercent = Setting(
    "http.unauthenticated_percent", default: ConnectionSlots.standardStrangerPercent, in: 1...100,
    "The part of these that those have together who have shown no key yet.")
  package static let maximumHotEvents = Setting(
    "hot.max_events", default: 4_000_000, in: 1_000...100_000_000,
    "Events in the hot tier; when it is full, intake is answered with 503.")
  package static let sealEvents = Setting(
    "hot.seal_events", default: 1_000_000, in: 100...100_000_000,
    "So many hot events are sealed into a pack.")
  package static let sealAge = Setting(
    "hot.seal_after", default: Duration.seconds(86_400),
    "After so long whatever is hot is sealed into a pack.")
  package static let mergeRate = Setting(
    "store.merge_rate", default: ByteCount.mib(64), in: .mib(1) ... .gib(16),
    "Bytes a second that merging packs may read and write together.")
  package static let mergeGrace = Setting(
    "store.merge_grace", default: Duration.seconds(86_400),
    "So long the files of packs stay that a merge has replaced; less where the disk is short.")
  package static let cacheBytes = Setting(
    "store.cache", default: ByteCount.mib(128), in: .mib(1) ... .gib(64),
    "Memory for what was read of packs.")
  package static let scrubPeriod = Setting(
    "store.scrub_period", default: Duration.seconds(7 * 86_400),
    "Within so long everything in packs is read once, to find damage before a question does.")
  package static let minimumFreeBytes = Setting(
    "store.min_free_bytes", default: ByteCount.mib(64), atLeast: .mib(16),
    "Free space on the disk below which intake is answered with 503.")
  package static let maximumWaitingBytes = Setting(
    "store.max_waiting_bytes", default: ByteCount.mib(128), in: .mib(1) ... .gib(64),
    "Memory of the requests that wait for the disk; beyond it intake is answered with 503.")
  package static let maximumWaiting = Setting(
    "store.max_waiting", default: 4_096, in: 16...1_000_000,
    "Requests that wait for the disk; beyond it intake is answered with 503.")
  package static let maximumDeadLetters = Setting(
    "store.max_dead_letters", default: 10_000, in: 0...10_000_000,
    "Dead letters that a project keeps; then its oldest go.")
  package static let maximumDeadLetterBytes = Setting(
    "store.max_dead_letter_bytes", default: ByteCount.mib(64), in: .kib(64) ... .gib(64),
    "Bytes of the dead letters that a project keeps; then its oldest go.")
  package static let backupTo = Setting<FilePath?>(
    "backup.to", default: nil,
    "The folder in which backups are made, best on another disk; by default none are.")
  package static let backupEvery = Setting(
    "backup.every", default: Duration.seconds(3_600), in: .seconds(1) ... .seconds(365 * 86_400),
    "How often a backup is made there.")
  package static let backupKeep = Setting(
    "backup.keep", default: 24, in: 1...100_000,
    "So many backups are kept; older ones are removed once a newer one is whole.")
  package static let eraseWithin = Setting(
    "store.erase_within", default: Duration.seconds(7 * 86_400),
    in: .seconds(60) ... .seconds(30 * 86_400),
    "Within so long files have nothing of erased people any more; answers have nothing at once.")
  package static let loops = Setting(
    "threads.loops", default: 0, in: 0...64,
    "Event loops; 0 takes one for each processor.")
  package static let level = Setting(
    "log.level", default: LogLevel.info, "What is logged: debug, info, warning or error.")

  package static let schema = SettingsSchema(
    [
      plain, anonymousProject, maximumConnections, unauthenticatedPercent, secure, certificate,
      certificateKey, maximumHotEvents, sealEvents, sealAge, cacheBytes, scrubPeriod, mergeRate,
      mergeGrace, eraseWithin,
      minimumFreeBytes,
      maximumWaiting, maximumWaitingBytes,
      maximumDeadLetters, maximumDeadLetterBytes, backupTo, backupEvery, backupKeep, loops, level,
    ],
    sections: [
      "http": "The plain listener, and what all listeners share.",
      "tls": "The listener for collectors, and for clients from elsewhere.",
      "hot": "Events in memory and in SQLite.",
      "store": "The disk, what waits for it, and what is kept aside.",
      "backup": "Copies of everything, for the day on which a disk is lost.",
      "threads": "What runs beside what.",
      "log": "Structured logs, one JSON object a line on standard error.",
    ])
}
