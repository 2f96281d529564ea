private import Glibc
package import Platform

extension SettingsSources {
  /// No configuration is larger.
  package static let maximumFileByteCount = 1 << 20
  /// The name that a data folder's own configuration has.
  package static let fileName = "config.json5"

  /// What a program was told by its command line, its environment and its file: the one that
  /// `--config` names, else the data folder's own, where there is one. `TRIBUTARY_CONFIG` and
  /// `TRIBUTARY_DATA` stand for flags that are not given.
  ///
  /// - Parameter readFile: reads a file, nil where there is none.
  package static func gather(
    _ invocation: Invocation, environment: [String: String],
    readFile: (String) throws -> [UInt8]?
  ) throws(SettingsProblems) -> SettingsSources {
    var environment = environment
    let config = environment.removeValue(forKey: "TRIBUTARY_CONFIG")
    let data = environment.removeValue(forKey: "TRIBUTARY_DATA")
    var sources = SettingsSources(environment: environment, overrides: invocation.overrides)
    let named = invocation.configFile ?? config
    guard let path = named ?? (invocation.dataFolder ?? data).map({ Directory($0).file(fileName) })
    else { return sources }
    do {
      if let bytes = try readFile(path) {
        sources.file = (name: path, bytes: bytes)
      } else if named != nil {
        throw SettingsProblem(path, "there is no such file", hint: "name one with --config")
      }
    } catch let problem as SettingsProblem {
      throw SettingsProblems(problems: [problem])
    } catch {
      throw SettingsProblems(problems: [SettingsProblem(path, "\(error)")])
    }
    return sources
  }

  /// Where a program keeps its data: `--data`, else `TRIBUTARY_DATA`.
  package static func dataFolder(
    _ invocation: Invocation, environment: [String: String]
  ) -> String? {
    invocation.dataFolder ?? environment["TRIBUTARY_DATA"]
  }

  /// The whole of a configuration's or a secret's file; nil where there is none.
  package static func readFile(_ path: String) throws(SystemError) -> [UInt8]? {
    do throws(SystemError) {
      let file = try File(path, for: .reading)
      let bytes = try file.read(maximumFileByteCount + 1, at: 0)
      guard bytes.count <= maximumFileByteCount else {
        throw SystemError(code: EFBIG, call: "read", subject: path)
      }
      return bytes
    } catch {
      if error.isMissing { return nil }
      throw error
    }
  }

  /// The variables of this process. Read once at start, before there are other threads.
  package static var processEnvironment: [String: String] {
    var variables: [String: String] = [:]
    var next = unsafe environ
    // SAFETY: the list ends with a null, each entry with a zero, and nobody changes either now.
    while let entry = unsafe next.pointee {
      let text = unsafe String(cString: entry)
      if let equals = text.firstIndex(of: "=") {
        variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      unsafe next += 1
    }
    return variables
  }
}
