import Aggregator
import JSON
import Platform
import Settings

/// `restore`: a data folder out of a backup.
enum RestoreCommand {
  static func run(_ invocation: Invocation) async -> Never {
    let terminal = AggregatorProgram.terminal
    let folder = AggregatorProgram.folder(invocation)
    guard let from = invocation.value("from") else {
      terminal.fail("restore wants --from FOLDER", .usage)
    }
    do {
      let verifier = try BackupVerifier(from)
      BackupCommand.warn(of: verifier)
      let restored = try await BackupRestore(
        verifier, into: folder, clock: SystemClock(timers: try EventLoop(name: "restore")),
        random: SystemRandom()
      ).run(isReplacing: invocation.isGiven("replace"))
      if invocation.isGiven("json") {
        let answer = BackupAnswer(manifest: restored.manifest, folder: verifier.path)
        terminal.print(
          BackupCommand.json(answer) { json in
            json.key("data")
            json.string(folder.directory.path)
            json.key("restored_events")
            json.integer(restored.events)
            json.key("new_incarnation")
            json.integer(restored.incarnation)
            json.key("moved_aside")
            if let before = restored.before { json.string(before) } else { json.null() }
          } + "\n")
      } else {
        terminal.print(
          "restored \(restored.manifest.name) into \(folder.directory.path): \(restored.events) "
            + "events; collectors will send again what they still have\n"
            + (restored.before.map { "what was there before is in \($0)\n" } ?? ""))
      }
      terminal.end(.success)
    } catch let problem as BackupProblem {
      terminal.fail(problem.sentence, BackupCommand.exitCode(problem.code))
    } catch {
      terminal.fail("\(error)", .inputOutput)
    }
  }
}
