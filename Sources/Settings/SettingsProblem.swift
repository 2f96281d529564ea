/// One thing that is wrong with a configuration or a command line: where, what, and what to do.
package struct SettingsProblem: Error, Equatable, Sendable, CustomStringConvertible {
  /// `config.json5:3:5`, `TRIBUTARY_SPOOL__MAX_BYTES`, `--set spool.max_bytes`.
  package let place: String
  package let message: String
  package let hint: String?

  init(_ place: String, _ message: String, hint: String? = nil) {
    self.place = place
    self.message = message
    self.hint = hint
  }

  package var description: String {
    "\(place): \(message)" + (hint.map { "; \($0)" } ?? "")
  }
}

/// Everything that is wrong, so that it can be mended in one go.
package struct SettingsProblems: Error, Equatable, Sendable, CustomStringConvertible {
  package let problems: [SettingsProblem]

  package var description: String { problems.map(\.description).joined(separator: "\n") }

  /// A flag of its own with a wrong value is a wrong call; anything else, `--set` as well, is the
  /// configuration that wants to be mended.
  package var exitCode: ExitCode {
    let isCall = problems.allSatisfy {
      $0.place.hasPrefix("--") && !$0.place.hasPrefix("--set")
    }
    return isCall ? .usage : .configuration
  }
}
