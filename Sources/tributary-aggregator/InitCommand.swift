import Aggregator
import Events
import Platform
import Settings

/// `init`: a new aggregator's folder.
enum InitCommand {
  static func run(_ invocation: Invocation) async -> Never {
    let folder = AggregatorProgram.folder(invocation)
    do {
      let loop = try EventLoop(name: "init")
      let project = try ProjectID(invocation.value("project") ?? "my-app")
      let made = try await Initialisation(
        folder, clock: SystemClock(timers: loop), random: SystemRandom()
      ).run(
        project: project, projectName: project.text,
        ownerEmail: invocation.value("owner") ?? "owner@localhost.localdomain",
        hostNames: invocation.values("host"))
      if invocation.isGiven("json") {
        AggregatorProgram.terminal.print(String(decoding: made.json, as: UTF8.self))
      } else {
        AggregatorProgram.terminal.print(made.text)
      }
      AggregatorProgram.terminal.end(.success)
    } catch Initialisation.Problem.alreadyInitialised {
      AggregatorProgram.terminal.fail(
        "\(folder.directory.path) belongs to an aggregator already", .negative)
    } catch let problem as ProjectID.Problem {
      AggregatorProgram.terminal.fail("--project is no project id: \(problem)", .usage)
    } catch {
      AggregatorProgram.terminal.fail("\(error)", .inputOutput)
    }
  }
}
