import Platform
import Telemetry

@testable import Settings

enum Policy: String, SettingChoice, Equatable { case refuse, dropOldest = "drop_oldest" }

/// The settings of a program that does not exist, with one key of each type.
enum Sample {
  static let listen = Setting(
    "listen", default: Address.tcp(host: "127.0.0.1", port: 7070), flag: "listen",
    "Where clients send events.")
  static let level = Setting("log.level", default: LogLevel.info, "The least level that is logged.")
  static let maximum = Setting(
    "spool.max_bytes", default: ByteCount.gib(10), atLeast: .mib(64),
    "How much the spool may take on disk; a full one answers 503.")
  static let linger = Setting(
    "spool.linger", default: Duration.milliseconds(250), in: .zero ... .seconds(10),
    "How long an event waits for company.")
  static let policy = Setting("spool.policy", default: Policy.refuse, "What a full spool does.")
  static let events = Setting(
    "batch.max_events", default: 1000, in: 1...100_000, "Events in a batch.")
  static let ratio = Setting("batch.ratio", default: 0.25, in: 0...1, "A part of the whole.")
  static let sync = Setting("spool.sync", default: true, "Whether it is safe.")
  static let servers = Setting(
    "aggregator.urls", default: [ServerURL](), flag: "aggregator", "Doors of the aggregator.")
  static let anonymous = Setting("anonymous_project", default: String?.none, "Who is nobody.")
  static let token = Setting(
    "metrics.token_file", default: SecretFile?.none, "Who may read the metrics.")
  static let certificate = Setting("tls.cert", default: FilePath?.none, "The certificate.")
  static let depth = Setting(
    "deep.er.level", default: 2, must: "be even", { $0 % 2 == 0 }, "A key far down.")

  static let schema = SettingsSchema(
    [
      listen, level, maximum, linger, policy, events, ratio, sync, servers, anonymous, token,
      certificate, depth,
    ],
    sections: ["spool": "The durable buffer.", "deep.er": "Far down."])

  struct Forbidden: Error, CustomStringConvertible { var description: String { "not for you" } }

  static func resolve(
    file: String? = nil, name: String = "config.json5", environment: [String: String] = [:],
    flags: [(String, String)] = [], files: [String: String] = [:]
  ) throws(SettingsProblems) -> Configuration {
    try schema.resolve(
      SettingsSources(
        file: file.map { (name: name, bytes: Array($0.utf8)) }, environment: environment,
        overrides: flags.map {
          SettingsSources.Override(path: $0.0, text: $0.1, flag: "--set \($0.0)")
        }),
      readFile: { path in
        if path == "/forbidden" { throw Forbidden() }
        return files[path].map { Array($0.utf8) }
      })
  }

  /// The problems that come of it, as their lines.
  static func problems(
    file: String? = nil, environment: [String: String] = [:], flags: [(String, String)] = [],
    files: [String: String] = [:]
  ) -> [String] {
    do {
      _ = try resolve(file: file, environment: environment, flags: flags, files: files)
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }
}
