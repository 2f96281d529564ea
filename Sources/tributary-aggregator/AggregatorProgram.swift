import Aggregator
import Events
import HTTP
import JSON
import Platform
import Settings
import Synchronization
import Telemetry

/// The program's commands, and what each of them starts.
enum AggregatorProgram {
  static let version = "0.1.0"
  static let terminal = Terminal(program: AggregatorService.name)

  private static let data = CommandOption.value(
    "data", "DIR", "where the aggregator keeps its data", required: true, .folder)
  private static let json = CommandOption.flag("json", "print one JSON object")

  static let program = Program(
    name: AggregatorService.name, version: version,
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
      Command(
        "check-config", "Checks the configuration and prints every key with where it comes from.",
        options: [.flag("example", "print a commented example instead")], takesSettings: true),
    ],
    defaultCommand: "run",
    examples: [
      CommandExample(
        "tributary-aggregator init --data /var/lib/tributary", "makes the data folder"),
      CommandExample("tributary-aggregator run --data /var/lib/tributary", "runs the aggregator"),
    ],
    schema: AggregatorSettings.schema)

  static func main() {
    Terminal.keepFilesPrivate()
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
    case ["init"]: terminal.wait { await InitCommand.run(invocation) }
    case ["check-config"]: try checkConfiguration(invocation)
    default: terminal.wait { await ControlCommand.run(invocation) }
    }
  }

  private static func checkConfiguration(_ invocation: Invocation) throws {
    if invocation.isGiven("example") {
      return terminal.print(AggregatorSettings.schema.example(for: program.name))
    }
    let configuration = try configuration(invocation)
    for warning in configuration.warnings { terminal.warn("\(warning)") }
    terminal.print(configuration.listing)
  }

  static func configuration(_ invocation: Invocation) throws -> Configuration {
    let sources = try SettingsSources.gather(
      invocation, environment: SettingsSources.processEnvironment,
      readFile: SettingsSources.readFile)
    return try AggregatorSettings.schema.resolve(sources) { path in
      try SettingsSources.readFile(path) ?? []
    }
  }

  /// The data folder that a command names, or the end of the program.
  static func folder(_ invocation: Invocation) -> DataFolder {
    let environment = SettingsSources.processEnvironment
    guard let path = SettingsSources.dataFolder(invocation, environment: environment) else {
      terminal.fail("the data folder is missing: name it with --data DIR", .usage)
    }
    return DataFolder(path)
  }
}
