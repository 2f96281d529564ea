/// One word of a program's command line that does something, such as `export` or `store check`:
/// declared once, and parsed, explained and completed from that.
package struct Command: Sendable {
  package let name: String
  /// What it does, as the rest of a sentence: "writes signed batches to a file".
  package let summary: String
  /// More about it, for its own help.
  package let discussion: String
  /// What follows the options, such as `FILE…`; empty where nothing may.
  package let operands: String
  package let options: [CommandOption]
  /// Whether it takes the program's configuration: `--config`, `--data`, `--set` and each key's flag.
  package let takesSettings: Bool
  package let examples: [CommandExample]
  package let subcommands: [Command]

  package init(
    _ name: String, _ summary: String, discussion: String = "", operands: String = "",
    options: [CommandOption] = [], takesSettings: Bool = false, examples: [CommandExample] = [],
    subcommands: [Command] = []
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.operands = operands
    self.options = options
    self.takesSettings = takesSettings
    self.examples = examples
    self.subcommands = subcommands
  }
}

/// A line to copy, and what it is good for.
package struct CommandExample: Sendable {
  package let line: String
  package let purpose: String

  package init(_ line: String, _ purpose: String) {
    self.line = line
    self.purpose = purpose
  }
}

/// A `--name` or `--name VALUE` of a command.
package struct CommandOption: Sendable {
  /// What a shell offers in place of the value.
  package enum Completion: Equatable, Sendable {
    case nothing, file, folder
    case words([String])
  }

  /// Without dashes.
  package let name: String
  /// What stands for the value in help; nil for an option that takes none.
  package let placeholder: String?
  package let summary: String
  package let isRepeatable: Bool
  package let isRequired: Bool
  package let completion: Completion

  /// An option that is given or not.
  package static func flag(_ name: String, _ summary: String) -> CommandOption {
    CommandOption(
      name: name, placeholder: nil, summary: summary, isRepeatable: false, isRequired: false,
      completion: .nothing)
  }

  /// An option with a value.
  package static func value(
    _ name: String, _ placeholder: String, _ summary: String, repeats: Bool = false,
    required: Bool = false, _ completion: Completion = .nothing
  ) -> CommandOption {
    CommandOption(
      name: name, placeholder: placeholder, summary: summary, isRepeatable: repeats,
      isRequired: required, completion: completion)
  }
}

/// A program as its users see it.
package struct Program: Sendable {
  package let name: String
  package let version: String
  /// What it is, as a sentence.
  package let summary: String
  package let commands: [Command]
  /// What runs where no command is named.
  package let defaultCommand: String?
  package let examples: [CommandExample]
  package let schema: SettingsSchema

  package init(
    name: String, version: String, summary: String, commands: [Command],
    defaultCommand: String? = nil, examples: [CommandExample] = [],
    schema: SettingsSchema = SettingsSchema([])
  ) {
    precondition(defaultCommand == nil || commands.contains { $0.name == defaultCommand })
    self.name = name
    self.version = version
    self.summary = summary
    self.commands = commands + [Self.completion(for: name)]
    self.defaultCommand = defaultCommand
    self.examples = examples
    self.schema = schema
  }

  static let configOption = CommandOption.value(
    "config", "FILE", "Reads this configuration file (JSON5).", .file)
  static let dataOption = CommandOption.value(
    "data", "DIR", "Keeps everything in this folder; its config.json5 is read if there is one.",
    .folder)
  static let setOption = CommandOption.value(
    "set", "KEY=VALUE", "Sets one key of the configuration.", repeats: true)
  static let helpOption = CommandOption.flag("help", "Explains, and does nothing else.")
  static let versionOption = CommandOption.flag("version", "Prints the version.")

  /// The options of a command, with those that it shares with others.
  func options(of command: Command) -> [CommandOption] {
    guard command.takesSettings else { return command.options + [Self.helpOption] }
    let flags = schema.settings.compactMap { setting in
      setting.flag.map { CommandOption.value($0, setting.placeholder, setting.doc) }
    }
    return command.options + [Self.configOption, Self.dataOption, Self.setOption] + flags
      + [Self.helpOption]
  }

  private static func completion(for name: String) -> Command {
    Command(
      "completion", "prints what a shell needs to complete this program's command lines",
      operands: "bash|zsh|fish",
      examples: [
        CommandExample(
          "\(name) completion bash > /etc/bash_completion.d/\(name)", "for all users of bash"),
        CommandExample(
          "\(name) completion fish > ~/.config/fish/completions/\(name).fish", "for you, in fish"),
      ])
  }
}
