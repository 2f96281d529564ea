// What a program does with its own command line, before and beside what its commands do.
extension Program {
  /// Where its words go.
  package var terminal: Terminal { Terminal(program: name) }

  /// Understands the process's command line and carries it out, `check-config` and requests for help
  /// by itself, every other command by `start`. What is wrong with the call or the configuration ends
  /// the program in words.
  package func main(_ start: (Invocation) throws -> Void) {
    Terminal.keepFilesPrivate()
    do {
      switch try parse(Array(CommandLine.arguments.dropFirst())) {
      case .print(let text): terminal.print(text)
      case .run(let invocation) where invocation.command == [Self.checkConfiguration.name]:
        try checkConfiguration(invocation)
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

  /// The command that every program with a configuration has, and that `main` carries out.
  package static let checkConfiguration = Command(
    "check-config", "Checks the configuration and prints every key with where it comes from.",
    options: [.flag("example", "print a commented example instead")], takesSettings: true)

  private func checkConfiguration(_ invocation: Invocation) throws {
    if invocation.isGiven("example") { return terminal.print(schema.example(for: name)) }
    let configuration = try configuration(invocation)
    for warning in configuration.warnings { terminal.warn("\(warning)") }
    terminal.print(configuration.listing)
  }

  /// The program's settings as the command line, the environment and the file say them.
  package func configuration(_ invocation: Invocation) throws -> Configuration {
    let sources = try SettingsSources.gather(
      invocation, environment: SettingsSources.processEnvironment,
      readFile: SettingsSources.readFile)
    return try schema.resolve(sources) { path in try SettingsSources.readFile(path) ?? [] }
  }

  /// The path of the data folder that a command names, or the end of the program.
  package func dataFolder(_ invocation: Invocation) -> String {
    let environment = SettingsSources.processEnvironment
    guard let path = SettingsSources.dataFolder(invocation, environment: environment) else {
      terminal.fail("the data folder is missing: name it with --data DIR", .usage)
    }
    return path
  }
}
