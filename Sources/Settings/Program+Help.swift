internal import Platform

extension Program {
  /// What `--help` prints.
  package var help: String {
    var text = "\(name): \(summary)\n\nusage:\n"
    if let defaultCommand { text += "  \(name) [\(defaultCommand)] [options]\n" }
    text += "  \(name) COMMAND [options]\n  \(name) COMMAND --help\n\ncommands:\n"
    text += table(commands.flatMap { lines(for: $0, after: "") })
    text += "\noptions:\n" + table([row(Self.helpOption), row(Self.versionOption)])
    if !schema.settings.isEmpty {
      let path = schema.settings.first { $0.path.contains(".") }?.path ?? schema.settings[0].path
      text += """

        Every key of the configuration can be given in the file (--config), in a variable
        (\(AnySetting.variable(for: path))) or as a flag (--set \(path)=…);
        flags win over variables, variables over the file.

        """
    }
    return text + section(examples)
  }

  func help(for words: ArraySlice<String>) throws(UsageProblem) -> String {
    guard !words.isEmpty else { return help }
    var path: [String] = []
    var choices = commands
    var found: Command?
    for word in words {
      guard let command = choices.first(where: { $0.name == word }) else {
        let near = Suggestion.nearest(to: word, among: choices.map(\.name))
        throw UsageProblem(
          message: "there is no command \((path + [word]).joined(separator: " "))",
          hint: near.map { "did you mean \($0)?" } ?? "one of \(list(choices))")
      }
      path.append(word)
      found = command
      choices = command.subcommands
    }
    guard let found else { return help }
    return help(for: found, path)
  }

  func help(for command: Command, _ path: [String]) -> String {
    let line = ([name] + path).joined(separator: " ")
    var text = "\(line): \(command.summary)\n\nusage:\n"
    guard command.subcommands.isEmpty || !command.options.isEmpty else {
      text += "  \(line) COMMAND [options]\n\ncommands:\n"
      text += table(command.subcommands.flatMap { lines(for: $0, after: "") })
      return text + section(command.examples)
    }
    let required = command.options.filter(\.isRequired)
      .map { " --\($0.name) \($0.placeholder ?? "")" }.joined()
    let operands = command.operands.isEmpty ? "" : " \(command.operands)"
    text += "  \(line)\(required) [options]\(operands)\n"
    for sub in command.subcommands {
      text += "  \(line) \(sub.name) [options]\(sub.operands.isEmpty ? "" : " \(sub.operands)")\n"
    }
    if !command.discussion.isEmpty {
      text += "\n" + wrapped(command.discussion, to: 78).map { "\($0)\n" }.joined()
    }
    text += "\noptions:\n" + table(options(of: command).map(row))
    if command.takesSettings, !schema.settings.isEmpty {
      text += "\nsettings (--set KEY=VALUE), with their defaults:\n" + schema.help
    }
    return text + section(command.examples)
  }

  private func lines(for command: Command, after path: String) -> [(String, String)] {
    let name = path + command.name
    guard !command.subcommands.isEmpty else { return [(name, command.summary)] }
    let own = command.options.isEmpty ? [] : [(name, command.summary)]
    return own + command.subcommands.flatMap { lines(for: $0, after: "\(name) ") }
  }

  private func row(_ option: CommandOption) -> (String, String) {
    ("--\(option.name)" + (option.placeholder.map { " \($0)" } ?? ""), option.summary)
  }

  /// Two columns, the second wrapped.
  private func table(_ rows: [(String, String)]) -> String {
    let width = min(rows.map(\.0.unicodeScalars.count).max() ?? 0, 26)
    return rows.map { name, doc in
      let lines = wrapped(doc, to: 76 - width)
      let isLong = name.unicodeScalars.count > width
      let padding = String(repeating: " ", count: max(0, width - name.unicodeScalars.count))
      let indent = String(repeating: " ", count: width + 4)
      let head = "  \(name)\(padding)" + (isLong ? "\n" : "  \(lines.first ?? "")\n")
      return head + (isLong ? lines[...] : lines.dropFirst()).map { "\(indent)\($0)\n" }.joined()
    }.joined()
  }

  private func section(_ examples: [CommandExample]) -> String {
    guard !examples.isEmpty else { return "" }
    return "\nexamples:\n" + examples.map { "  \($0.line)\n      \($0.purpose)\n" }.joined()
  }
}
