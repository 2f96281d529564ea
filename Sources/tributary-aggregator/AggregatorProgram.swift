import Aggregator
import Settings

/// The program's commands, and what each of them starts.
enum AggregatorProgram {
  static var terminal: Terminal { program.terminal }

  private static let data = CommandOption.value(
    "data", "DIR", "where the aggregator keeps its data", required: true, .folder)
  private static let json = CommandOption.flag("json", "print one JSON object")

  static let program = Program(
    name: AggregatorService.name, version: "0.1.0",
    summary: "Takes events from collectors and applications, keeps them, and answers questions.",
    commands: [
      Command("run", "Runs the aggregator.", options: [], takesSettings: true),
      Command(
        "init", "Makes a new aggregator: keys, certificates, and a first project.",
        options: [
          data, json,
          .value("project", "ID", "the first project's id; my-app if not given"),
          .value("owner", "EMAIL", "the owner's address; owner@localhost.localdomain if not given"),
          .value("host", "NAME", "a further name or address of this machine", repeats: true),
        ]),
      Command(
        "collector", "Lets collectors in and shuts them out.",
        subcommands: [
          Command(
            "add", "Makes an enrolment token, good once within 24 hours.",
            options: [
              data, json,
              .value("project", "ID", "a project it is for; all if not given", repeats: true),
            ]),
          Command("list", "Lists the collectors.", options: [data]),
          Command("revoke", "Shuts a collector out.", operands: "ID", options: [data]),
        ]),
      Command(
        "project", "Manages projects.",
        subcommands: [
          Command(
            "add", "Makes a project with a write key and a read key.", operands: "[ID]",
            options: [data, .value("name", "NAME", "what people call it")])
        ]),
      Program.checkConfiguration,
    ],
    defaultCommand: "run",
    examples: [
      CommandExample(
        "tributary-aggregator init --data /var/lib/tributary", "makes the data folder"),
      CommandExample("tributary-aggregator run --data /var/lib/tributary", "runs the aggregator"),
    ],
    schema: AggregatorSettings.schema)

  static func main() {
    program.main { invocation in
      switch invocation.command {
      case ["run"]: try RunCommand.start(invocation)
      case ["init"]: terminal.wait { await InitCommand.run(invocation) }
      default: terminal.wait { await ControlCommand.run(invocation) }
      }
    }
  }

  /// The data folder that a command names, or the end of the program.
  static func folder(_ invocation: Invocation) -> DataFolder {
    DataFolder(program.dataFolder(invocation))
  }
}
