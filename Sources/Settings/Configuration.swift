package import JSON
package import Telemetry

/// Who said what a setting is. Later ones win: default, file, environment, flag.
package enum SettingOrigin: Equatable, Sendable, CustomStringConvertible {
  case byDefault
  case file(String, TextPosition)
  case variable(String)
  case flag(String)

  package var description: String {
    switch self {
    case .byDefault: "default"
    case .file(let name, let position): "\(name):\(position)"
    case .variable(let name): name
    case .flag(let name): name
    }
  }
}

/// A program's settings, complete and checked: whoever holds one never checks again.
package struct Configuration: Sendable {
  struct Entry: Sendable {
    let value: any SettingValue
    let origin: SettingOrigin
  }

  package let schema: SettingsSchema
  /// What is odd without being wrong.
  package let warnings: [SettingsProblem]
  private let entries: [String: Entry]
  private let secrets: [String: Confidential]

  init(
    schema: SettingsSchema, entries: [String: Entry], secrets: [String: Confidential],
    warnings: [SettingsProblem]
  ) {
    self.schema = schema
    self.entries = entries
    self.secrets = secrets
    self.warnings = warnings
  }

  /// The value of a setting that the schema declares; asking for another one traps.
  package subscript<Value>(setting: Setting<Value>) -> Value {
    guard let value = entries[setting.path]?.value as? Value else {
      preconditionFailure("\(setting.path) is not in the schema, or of another type")
    }
    return value
  }

  package func origin<Value>(of setting: Setting<Value>) -> SettingOrigin {
    entries[setting.path]?.origin ?? .byDefault
  }

  /// The content of the file that the setting names, without a line feed at its end.
  package func secret(_ setting: Setting<SecretFile?>) -> Confidential? { secrets[setting.path] }

  /// Every key with its value and who said so, for `check-config`.
  package var listing: String {
    schema.settings.map { setting in
      let entry = entries[setting.path]
      let value = entry?.value.settingLiteral ?? "null"
      return "\(setting.path) = \(value)  (\(entry?.origin.description ?? "default"))\n"
    }.joined()
  }
}
