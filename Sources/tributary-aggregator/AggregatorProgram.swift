import Aggregator
import Platform
import Settings

/// The program's commands, and what each of them starts.
enum AggregatorProgram {
  static var terminal: Terminal { program.terminal }

  private static let data = CommandOption.value(
    "data", "DIR", "where the aggregator keeps its data", required: true, .folder)
  private static let json = CommandOption.flag("json", "print one JSON object")

  private static let timeZone = CommandOption.value(
    "time-zone", "NAME", "an IANA name, such as Europe/Berlin: whose days its answers count")
  private static let retention = CommandOption.value(
    "retention-days", "N|none", "how long its events are kept; none keeps them for ever")

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
            options: [data, .value("name", "NAME", "what people call it"), timeZone, retention]),
          Command(
            "set", "Changes a project.",
            discussion:
              "With --retention-days, events that are older go from answers within a minute "
              + "and from the disk with the next merge, in steps of a week (of a day below thirty days). "
              + "What has gone does not come back.",
            operands: "ID", options: [data, timeZone, retention],
            examples: [
              CommandExample(
                "tributary-aggregator project set web --retention-days 395", "keeps thirteen months"
              )
            ]),
        ]),
      Command(
        "person", "Erases people.",
        subcommands: [
          Command(
            "erase", "Erases one person, with every id that was joined with the one named.",
            discussion:
              "From here on no answer has anything of the person, and what comes again is refused. "
              + "Files have nothing of it within store.erase_within, or when this returns with --now. "
              + "Backups that were made before have it until they are removed; a restore erases again.",
            options: [
              data,
              .value("project", "ID", "the person's project", required: true),
              .value("profile", "ID", "the person's profile id"),
              .value("device", "ID", "or one of the person's device ids"),
              .value("visitor", "ID", "or one of the person's visitor ids"),
              .flag("now", "waits until no file has anything of the person"),
            ]),
          Command("erasures", "Lists the erasures there were, by hashes.", options: [data]),
        ]),
      Command(
        "backup", "Makes and checks backups.",
        discussion:
          "A backup is one moment of everything: databases, packs, keys, certificates and "
          + "the configuration in the data folder. It is made while the aggregator runs, by that, or "
          + "while none does. Packs that the folder has are not copied again. Backups hold the keys: "
          + "keep them as you keep those.",
        options: [
          data, json,
          .value("to", "FOLDER", "the folder of backups; backup.to if not given", .folder),
          .value("keep", "N", "how many to keep; backup.keep if not given"),
        ],
        examples: [
          CommandExample(
            "tributary-aggregator backup --data /var/lib/tributary/aggregator --to /backup/tributary",
            "makes a backup"),
          CommandExample(
            "tributary-aggregator backup verify /backup/tributary", "reads the newest and checks it"
          ),
        ],
        subcommands: [
          Command(
            "verify", "Reads a backup, the newest of a folder, and checks every byte.",
            operands: "FOLDER", options: [json])
        ]),
      Command(
        "restore", "Makes a data folder out of a backup.",
        discussion:
          "Checks every byte first. The store begins a new incarnation, by which collectors "
          + "learn that what they sent since the backup may be missing: they send again what they "
          + "still have. Nothing is counted twice.",
        options: [
          .value(
            "from", "FOLDER", "a backup, or a folder of backups: the newest", required: true,
            .folder),
          data, json,
          .flag("replace", "move aside what is in the data folder"),
        ]),
      Command(
        "store", "Looks after the files of the store.",
        subcommands: [
          Command(
            "check", "Reads everything and says what is damaged; changes nothing.",
            discussion: "Works beside a running aggregator too. Exit code 1: something is damaged.",
            options: [data, json]),
          Command(
            "repair", "Makes the catalogue again from the files, where it is lost or damaged.",
            discussion: "For a stopped aggregator. Nothing is deleted: a database that is replaced "
              + "stays beside the new one. Exit code 1: something could not be brought in order.",
            options: [data, json]),
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
      case ["store", "check"]: terminal.wait { await StoreCommand.check(invocation) }
      case ["store", "repair"]: StoreCommand.repair(invocation)
      case ["init"]: terminal.wait { await InitCommand.run(invocation) }
      case ["backup"]: terminal.wait { await BackupCommand.make(invocation) }
      case ["backup", "verify"]: terminal.wait { await BackupCommand.verify(invocation) }
      case ["person", "erase"]: terminal.wait { await PersonCommand.erase(invocation) }
      case ["person", "erasures"]: terminal.wait { await PersonCommand.list(invocation) }
      case ["restore"]: terminal.wait { await RestoreCommand.run(invocation) }
      default: terminal.wait { await ControlCommand.run(invocation) }
      }
    }
  }

  /// The only operand of a command, made to mean the same everywhere.
  static func onePath(_ invocation: Invocation, _ meaning: String) -> String {
    guard invocation.operands.count == 1, let path = invocation.operands.first else {
      terminal.fail("\(invocation.command.joined(separator: " ")) wants \(meaning)", .usage)
    }
    do throws(SystemError) { return try Directory.absolute(path) } catch {
      terminal.fail("\(error)", .system)
    }
  }

  /// The data folder that a command names, or the end of the program.
  static func folder(_ invocation: Invocation) -> DataFolder {
    DataFolder(program.dataFolder(invocation))
  }
}
