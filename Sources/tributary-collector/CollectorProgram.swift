import Collector
import Platform
import Settings

/// The program's commands, and what each of them starts.
enum CollectorProgram {
  static let version = "0.1.0"
  static let terminal = Terminal(program: CollectorService.name)

  private static let data = CommandOption.value(
    "data", "DIR", "where the collector keeps its data", required: true, .folder)

  static let program = Program(
    name: CollectorService.name, version: version,
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
      Command(
        "check-config", "Checks the configuration and prints every key with where it comes from.",
        options: [.flag("example", "print a commented example instead")], takesSettings: true),
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
    Terminal.keepFilesPrivate()
    ResidentMemory.returnLargeBlocks()
    do {
      switch try program.parse(Array(CommandLine.arguments.dropFirst())) {
      case .print(let text): terminal.print(text)
      case .run(let invocation): try start(invocation)
      }
    } catch let problem as UsageProblem {
      terminal.fail("\(problem)", .usage)
    } catch let problems as SettingsProblems {
      terminal.fail("\(problems)", problems.exitCode)
    } catch {
      terminal.fail("\(error)", .internal)
    }
  }

  private static func start(_ invocation: Invocation) throws {
    switch invocation.command {
    case ["run"]: try RunCommand.start(invocation)
    case ["enroll"]: try EnrollCommand.start(invocation)
    case ["status"]: terminal.wait { await StatusCommand.run(invocation) }
    case ["spool", "check"]: terminal.wait { await SpoolCommand.check(invocation) }
    case ["check-config"]: try checkConfiguration(invocation)
    default: terminal.fail("no such command", .usage)
    }
  }

  private static func checkConfiguration(_ invocation: Invocation) throws {
    if invocation.isGiven("example") {
      return terminal.print(CollectorSettings.schema.example(for: program.name))
    }
    let configuration = try configuration(invocation)
    for warning in configuration.warnings { terminal.warn("\(warning)") }
    terminal.print(configuration.listing)
  }

  static func configuration(_ invocation: Invocation) throws -> Configuration {
    let sources = try SettingsSources.gather(
      invocation, environment: SettingsSources.processEnvironment,
      readFile: SettingsSources.readFile)
    return try CollectorSettings.schema.resolve(sources) { path in
      try SettingsSources.readFile(path) ?? []
    }
  }

  /// The data folder that a command names, or the end of the program.
  static func folder(_ invocation: Invocation) -> CollectorFolder {
    let environment = SettingsSources.processEnvironment
    guard let path = SettingsSources.dataFolder(invocation, environment: environment) else {
      terminal.fail("the data folder is missing: name it with --data DIR", .usage)
    }
    return CollectorFolder(path)
  }
}
