internal import Platform

/// A command line that was understood.
package struct Invocation: Equatable, Sendable {
  /// The names of the command: `["run"]`, `["store", "check"]`.
  package let command: [String]
  package let operands: [String]
  /// The configuration's keys that were given, in their order.
  package let overrides: [SettingsSources.Override]
  fileprivate let values: [String: [String]]

  package func isGiven(_ option: String) -> Bool { values[option] != nil }
  /// The value of an option that is given once at most.
  package func value(_ option: String) -> String? { values[option]?.first }
  package func values(_ option: String) -> [String] { values[option] ?? [] }

  package var configFile: String? { value("config") }
  package var dataFolder: String? { value("data") }
}

/// What is wrong with a command line, and what would be right. Ends a program with `ExitCode.usage`.
package struct UsageProblem: Error, Equatable, Sendable, CustomStringConvertible {
  package let message: String
  package let hint: String

  package var description: String { "\(message); \(hint)" }
  package var exitCode: ExitCode { .usage }
}

extension Program {
  package enum Request: Equatable, Sendable {
    case run(Invocation)
    /// A text that was asked for: to be printed to standard output, and that is all.
    case print(String)
  }

  /// Understands a command line, given without the program's own name.
  package func parse(_ arguments: [String]) throws(UsageProblem) -> Request {
    var rest = arguments[...]
    switch rest.first {
    case "--version", "-V": return .print("\(name) \(version)\n")
    case "--help", "-h": return .print(help)
    case "help": return .print(try help(for: rest.dropFirst()))
    default: break
    }
    let (path, command) = try takeCommand(from: &rest)
    if command.name == "completion" { return .print(try completion(rest)) }
    return try parse(rest, for: command, path)
  }

  /// Takes the words that name a command off the front.
  private func takeCommand(
    from rest: inout ArraySlice<String>
  ) throws(UsageProblem) -> ([String], Command) {
    if rest.first?.hasPrefix("-") ?? true {
      guard let defaultCommand, let command = commands.first(where: { $0.name == defaultCommand })
      else {
        throw UsageProblem(
          message: "no command", hint: "one of \(list(commands)), or \(name) --help")
      }
      return ([defaultCommand], command)
    }
    var path: [String] = []
    var choices = commands
    while true {
      guard let word = rest.first, let command = choices.first(where: { $0.name == word }) else {
        throw unknownCommand(rest.first, among: choices, after: path)
      }
      rest.removeFirst()
      path.append(command.name)
      let wantsHelp = rest.first == "--help" || rest.first == "-h"
      if command.subcommands.isEmpty || wantsHelp { return (path, command) }
      // One with options of its own does something by itself as well.
      let isNamed = command.subcommands.contains { $0.name == rest.first }
      if !command.options.isEmpty, !isNamed { return (path, command) }
      choices = command.subcommands
    }
  }

  private func unknownCommand(
    _ word: String?, among choices: [Command], after path: [String]
  ) -> UsageProblem {
    let before = ([name] + path).joined(separator: " ")
    guard let word else {
      return UsageProblem(
        message: "\(before) wants to know what to do", hint: "one of \(list(choices))")
    }
    let near = Suggestion.nearest(to: word, among: choices.map(\.name))
    return UsageProblem(
      message: "\(before) has no command \(word)",
      hint: near.map { "did you mean \($0)?" } ?? "one of \(list(choices))")
  }

  private func parse(
    _ arguments: ArraySlice<String>, for command: Command, _ path: [String]
  ) throws(UsageProblem) -> Request {
    let known = options(of: command)
    var rest = arguments
    var operands: [String] = []
    var values: [String: [String]] = [:]
    var overrides: [SettingsSources.Override] = []
    while let word = rest.popFirst() {
      if word == "-h" || word == "--help" { return .print(help(for: command, path)) }
      if word == "--" {
        operands += rest
        break
      }
      guard word.hasPrefix("-"), word != "-" else {
        operands.append(word)
        continue
      }
      let (option, attached) = try find(word, among: known, path)
      let value = try value(of: option, attached, &rest)
      guard option.isRepeatable || values[option.name] == nil else {
        throw UsageProblem(message: "--\(option.name) is given twice", hint: "once is enough")
      }
      values[option.name, default: []].append(value)
      if command.takesSettings, let override = try override(option, value) {
        overrides.append(override)
      }
    }
    if command.operands.isEmpty, let extra = operands.first {
      throw UsageProblem(
        message: "\(path.joined(separator: " ")) takes no argument, and \(extra) is one",
        hint: commands.contains { $0.name == extra }
          ? "a command comes before its options: \(name) \(extra) …"
          : "see \(name) \(path.joined(separator: " ")) --help")
    }
    for option in known where option.isRequired && values[option.name] == nil {
      throw UsageProblem(
        message: "\(path.joined(separator: " ")) wants --\(option.name)",
        hint: "as in --\(option.name) \(option.placeholder ?? "")")
    }
    return .run(
      Invocation(command: path, operands: operands, overrides: overrides, values: values))
  }

  private func find(
    _ word: String, among known: [CommandOption], _ path: [String]
  ) throws(UsageProblem) -> (CommandOption, attached: String?) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let text = String(parts[0])
    if text.hasPrefix("--"), let option = known.first(where: { "--\($0.name)" == text }) {
      return (option, parts.count == 2 ? String(parts[1]) : nil)
    }
    let near = Suggestion.nearest(to: text, among: known.map { "--\($0.name)" })
    let command = path.joined(separator: " ")
    throw UsageProblem(
      message: "\(command) has no option \(text)",
      hint: near.map { "did you mean \($0)?" } ?? "see \(name) \(command) --help")
  }

  private func value(
    of option: CommandOption, _ attached: String?, _ rest: inout ArraySlice<String>
  ) throws(UsageProblem) -> String {
    guard let placeholder = option.placeholder else {
      guard attached == nil else {
        throw UsageProblem(
          message: "--\(option.name) takes no value", hint: "leave out what follows =")
      }
      return ""
    }
    if let attached { return attached }
    // A value that begins with two dashes is far more often a value forgotten.
    guard let next = rest.first, !next.hasPrefix("--") else {
      throw UsageProblem(
        message: "--\(option.name) wants a value", hint: "as in --\(option.name) \(placeholder)")
    }
    rest.removeFirst()
    return next
  }

  private func override(
    _ option: CommandOption, _ value: String
  ) throws(UsageProblem) -> SettingsSources.Override? {
    if option.name == Self.setOption.name {
      guard let equals = value.firstIndex(of: "="), equals != value.startIndex else {
        throw UsageProblem(
          message: "--set wants KEY=VALUE, found \(quoted(value))",
          hint: "as in --set \(schema.settings.first?.path ?? "KEY")=VALUE")
      }
      let path = String(value[..<equals])
      return SettingsSources.Override(
        path: path, text: String(value[value.index(after: equals)...]), flag: "--set \(path)")
    }
    guard let setting = schema.settings.first(where: { $0.flag == option.name }) else { return nil }
    return SettingsSources.Override(path: setting.path, text: value, flag: "--\(option.name)")
  }

  private func completion(_ rest: ArraySlice<String>) throws(UsageProblem) -> String {
    if rest.first == "--help" || rest.first == "-h" { return try help(for: ["completion"]) }
    guard rest.count == 1, let shell = rest.first.flatMap(Shell.init(rawValue:)) else {
      throw UsageProblem(
        message: "completion wants the name of a shell", hint: "one of bash, zsh, fish")
    }
    return completion(for: shell)
  }

  func list(_ commands: [Command]) -> String { commands.map(\.name).joined(separator: ", ") }
}
