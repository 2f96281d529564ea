import Collector
import Platform
import Settings

/// The program's commands, and what each of them starts.
enum CollectorProgram {
  static var terminal: Terminal { program.terminal }

  static let data = CommandOption.value(
    "data", "DIR", "where the collector keeps its data", required: true, .folder)

  static let program = Program(
    name: CollectorService.name, version: "0.1.0",
    summary: "Takes events from applications, keeps them safe, and ships them to an aggregator.",
    commands: [
      Command("run", "Runs the collector.", takesSettings: true),
      Command(
        "enroll", "Joins an aggregator with a token that it made.",
        discussion: """
          The token says which aggregator to believe and for which projects this collector may \
          speak. It is good once. The collector's own key is made here and never leaves.
          """,
        options: [
          data,
          .value("aggregator", "URL", "the aggregator's address, https://…", required: true),
          .value(
            "token", "TOKEN", "what `tributary-aggregator collector add` printed",
            required: true),
          .value("name", "NAME", "what the operator sees in the list; this machine's name"),
        ]),
      Command("status", "Prints how a running collector is doing, as JSON.", options: [data]),
      Program.checkConfiguration,
      QuarantineCommand.command,
      Command(
        "spool", "Looks after the spool.",
        subcommands: [
          Command(
            "check", "Opens the spool of a collector that is not running and says what is in it.",
            options: [data])
        ]),
    ],
    defaultCommand: "run",
    examples: [
      CommandExample(
        "tributary-collector enroll --data /var/lib/tributary-collector --aggregator "
          + "https://events.example.com:7443 --token te_…", "joins an aggregator"),
      CommandExample(
        "tributary-collector run --data /var/lib/tributary-collector", "runs the collector"),
    ],
    schema: CollectorSettings.schema)

  static func main() {
    ResidentMemory.returnLargeBlocks()
    program.main { invocation in
      switch invocation.command {
      case ["run"]: try RunCommand.start(invocation)
      case ["enroll"]: try EnrollCommand.start(invocation)
      case ["status"]: terminal.wait { await StatusCommand.run(invocation) }
      case ["spool", "check"]: terminal.wait { await SpoolCommand.check(invocation) }
      case ["quarantine", "list"], ["quarantine", "show"]:
        terminal.wait { await QuarantineCommand.run(invocation) }
      default: terminal.fail("no such command", .usage)
      }
    }
  }

  /// The data folder that a command names, or the end of the program.
  static func folder(_ invocation: Invocation) -> CollectorFolder {
    CollectorFolder(program.dataFolder(invocation))
  }
}
