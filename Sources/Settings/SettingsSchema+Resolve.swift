internal import JSON
internal import Platform
internal import Telemetry

/// What a program was told, by whom.
package struct SettingsSources: Sendable {
  /// A key given on the command line.
  package struct Override: Equatable, Sendable {
    package let path: String
    package let text: String
    /// How it was given: `--listen`, or `--set spool.max_bytes`.
    package let flag: String

    package init(path: String, text: String, flag: String) {
      self.path = path
      self.text = text
      self.flag = flag
    }
  }

  /// The configuration file as it is called, and its content.
  package var file: (name: String, bytes: [UInt8])?
  package var environment: [String: String]
  package var overrides: [Override]

  package init(
    file: (name: String, bytes: [UInt8])? = nil, environment: [String: String] = [:],
    overrides: [Override] = []
  ) {
    self.file = file
    self.environment = environment
    self.overrides = overrides
  }
}

extension SettingsSchema {
  /// Settles every key, or says everything that is wrong. A wrong value is a problem even where a
  /// stronger source overrides it: it would surface on the day that the override goes.
  ///
  /// - Parameter readFile: reads a file that holds a secret; nil where there is none.
  package func resolve(
    _ sources: SettingsSources, readFile: (String) throws -> [UInt8]? = SettingsSources.readFile
  ) throws(SettingsProblems) -> Configuration {
    var resolution = Resolution(schema: self)
    if let file = sources.file { resolution.read(file.name, file.bytes) }
    resolution.read(environment: sources.environment)
    for override in sources.overrides { resolution.read(override) }
    resolution.readSecrets(readFile)
    guard resolution.problems.isEmpty else {
      throw SettingsProblems(problems: resolution.problems)
    }
    return Configuration(
      schema: self, entries: resolution.entries, secrets: resolution.secrets,
      warnings: resolution.warnings)
  }
}

/// The sources being read, weakest first.
private struct Resolution {
  let schema: SettingsSchema
  var entries: [String: Configuration.Entry] = [:]
  var secrets: [String: Confidential] = [:]
  var problems: [SettingsProblem] = []
  var warnings: [SettingsProblem] = []

  init(schema: SettingsSchema) {
    self.schema = schema
    for setting in schema.settings {
      entries[setting.path] = Configuration.Entry(value: setting.defaultValue, origin: .byDefault)
    }
  }

  // MARK: The file

  mutating func read(_ name: String, _ bytes: [UInt8]) {
    do throws(JSON5Error) {
      let root = try JSON5Parser.parse(bytes.span)
      guard case .object(let members) = root.content else {
        problems.append(
          SettingsProblem("\(name):\(root.position)", "expected an object, found \(describe(root))")
        )
        return
      }
      read(members, below: "", name)
    } catch {
      problems.append(SettingsProblem("\(name):\(error.position)", error.message))
    }
  }

  private mutating func read(_ members: [JSON5Member], below parent: String, _ file: String) {
    for member in members {
      let path = parent.isEmpty ? member.key : "\(parent).\(member.key)"
      if let setting = schema.setting(path) {
        do throws(AnySetting.Refusal) {
          entries[path] = Configuration.Entry(
            value: try setting.fromNode(member.value).relative(to: FilePath.folder(of: file)),
            origin: .file(file, member.value.position))
        } catch {
          problems.append(
            SettingsProblem("\(file):\(member.value.position)", "\(path): \(error.sentence)"))
        }
      } else if schema.isSection(path) {
        guard case .object(let inner) = member.value.content else {
          problems.append(
            SettingsProblem(
              "\(file):\(member.value.position)",
              "\(path): expected an object, found \(describe(member.value))"))
          continue
        }
        read(inner, below: path, file)
      } else {
        problems.append(unknown(path, at: "\(file):\(member.position)"))
      }
    }
  }

  // MARK: The environment

  mutating func read(environment: [String: String]) {
    let byVariable = Dictionary(uniqueKeysWithValues: schema.settings.map { ($0.variable, $0) })
    for (variable, text) in environment.sorted(by: { $0.key < $1.key })
    where variable.hasPrefix(AnySetting.variablePrefix) {
      guard let setting = byVariable[variable] else {
        // Others may set such variables too, without asking us: Kubernetes makes
        // TRIBUTARY_SERVICE_HOST for a service called tributary. So what cannot be meant for us is
        // only worth a warning, and what looks like a slip is refused.
        let near = Suggestion.nearest(to: variable, among: byVariable.keys.sorted())
        let isSlip = near.map { Suggestion.distance($0, variable) <= 2 } ?? false
        let problem = SettingsProblem(
          variable, "no setting has this name", hint: near.map { "did you mean \($0)?" })
        if isSlip || variable.contains("__") {
          problems.append(problem)
        } else {
          warnings.append(problem)
        }
        continue
      }
      read(text, for: setting, .variable(variable), at: variable)
    }
  }

  // MARK: Flags

  mutating func read(_ override: SettingsSources.Override) {
    guard let setting = schema.setting(override.path) else {
      if schema.isSection(override.path) {
        problems.append(
          SettingsProblem(override.flag, "\(override.path) is a group of settings, not one"))
      } else {
        problems.append(unknown(override.path, at: override.flag))
      }
      return
    }
    read(override.text, for: setting, .flag(override.flag), at: override.flag)
  }

  private mutating func read(
    _ text: String, for setting: AnySetting, _ origin: SettingOrigin, at place: String
  ) {
    do throws(AnySetting.Refusal) {
      entries[setting.path] = Configuration.Entry(value: try setting.fromText(text), origin: origin)
    } catch {
      problems.append(SettingsProblem(place, error.sentence))
    }
  }

  // MARK: Secrets

  mutating func readSecrets(_ readFile: (String) throws -> [UInt8]?) {
    for setting in schema.settings {
      guard let entry = entries[setting.path],
        let file = (entry.value as? SecretFile?) ?? nil
      else { continue }
      func report(_ reason: String) {
        problems.append(SettingsProblem("\(entry.origin)", "\(setting.path): \(reason)"))
      }
      do {
        guard var bytes = try readFile(file.path.text) else {
          report("there is no file \(file.path.text)")
          continue
        }
        while let last = bytes.last, last == 0x0A || last == 0x0D { bytes.removeLast() }
        guard let text = String(validating: bytes.span), !text.isEmpty else {
          report("\(file.path.text) holds no text")
          continue
        }
        secrets[setting.path] = Confidential(text)
      } catch {
        report("\(error)")
      }
    }
  }

  private func unknown(_ path: String, at place: String) -> SettingsProblem {
    let suggestion =
      path.hasSuffix("_file")
      ? nil : schema.setting("\(path)_file").map { "a secret stays in a file: set \($0.path)" }
    let near = schema.suggestion(for: path).map { "did you mean \($0)?" }
    return SettingsProblem(place, "unknown key \(path)", hint: suggestion ?? near)
  }
}
