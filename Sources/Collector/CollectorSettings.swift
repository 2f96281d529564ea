internal import HTTP
package import Platform
package import Settings
package import Telemetry

/// Every key of a collector's configuration.
package enum CollectorSettings {
  package static let listen = Setting(
    "listen", default: [Address.tcp(host: "127.0.0.1", port: 7070)], flag: "listen",
    "Where clients send events over plain HTTP.")
  package static let anonymousProject = Setting<String?>(
    "anonymous_project", default: nil,
    "The project of events without a key that come from this machine.")
  package static let anonymousFromElsewhere = Setting(
    "anonymous_from_elsewhere", default: false,
    "Whether events without a key are taken on listeners that other machines can reach, too.")

  package static let secure = Setting(
    "tls.listen", default: [Address](), "Where clients send events over TLS.")
  package static let certificate = Setting<FilePath?>(
    "tls.certificate", default: nil, "The certificate chain of these listeners as PEM.")
  package static let certificateKey = Setting<FilePath?>(
    "tls.key", default: nil, "The private key of that certificate as PEM.")

  package static let aggregators = Setting(
    "aggregator.urls", default: [ServerURL](), flag: "aggregator",
    "The aggregator's address; several are doors of one store, tried in turn.")
  package static let authority = Setting<FilePath?>(
    "aggregator.ca", default: nil,
    "The authorities that may vouch for the aggregator, as PEM; by default what enrolment brought.")

  package static let maximumSpool = Setting(
    "spool.max_bytes", default: ByteCount.gib(10), atLeast: .mib(16),
    "How much the spool may take on disk; when it is full, events are answered with 503.")

  package static let keptFor = Setting(
    "spool.keep_acknowledged", default: Duration.seconds(72 * 3_600),
    in: .zero ... .seconds(720 * 3_600),
    "How long acknowledged events are kept for an aggregator that is restored from a backup, in at most a quarter of the spool; 0 for not at all."
  )

  package static let maximumBody = Setting(
    "limits.body", default: ByteCount.mib(32), in: .kib(64) ... .mib(256),
    "A request's body, after decompression; more is answered with 413.")
  package static let eventsPerRequest = Setting(
    "limits.events_per_request", default: 1_000, in: 1...100_000,
    "Events in one request; more is answered with 413.")
  package static let maximumConnections = Setting(
    "limits.connections", default: 10_000, in: 10...1_000_000,
    "Connections at one time, over all listeners; more are closed at once.")

  package static let unauthenticatedPercent = Setting(
    "limits.unauthenticated_percent", default: ConnectionSlots.standardStrangerPercent, in: 1...100,
    "The part of these that those have together who have shown no key yet.")

  package static let loops = Setting(
    "threads.loops", default: 0, in: 0...64, "Event loops; 0 takes one for each processor.")
  package static let level = Setting(
    "log.level", default: LogLevel.info, "What is logged: debug, info, warning or error.")

  package static let schema = SettingsSchema(
    [
      listen, anonymousProject, anonymousFromElsewhere, secure, certificate, certificateKey,
      aggregators, authority, maximumSpool, keptFor, maximumBody, eventsPerRequest,
      maximumConnections,
      unauthenticatedPercent, loops, level,
    ],
    sections: [
      "tls": "Listeners for clients from elsewhere.",
      "aggregator": "Where events are shipped to.",
      "spool": "The durable buffer between clients and aggregator.",
      "limits": "What clients may ask for.",
      "threads": "What runs beside what.",
      "log": "Structured logs, one JSON object a line on standard error.",
    ])
}
