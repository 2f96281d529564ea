import Collector
import Platform
import Settings
import Spool

/// `spool check`: opens the spool as a start does, which verifies and mends it, and says what it
/// holds.
enum SpoolCommand {
  static func check(_ invocation: Invocation) async -> Never {
    let terminal = CollectorProgram.terminal
    let spool = await open(CollectorProgram.folder(invocation))
    do {
      let status = try await spool.status()
      await spool.stop()
      terminal.print(
        """
        epoch        \(status.epoch)
        events       \(status.backlogEvents)
        bytes        \(status.backlogBytes)
        quarantined  \(status.quarantinedEvents)

        """)
      terminal.end(.success)
    } catch {
      terminal.fail("\(error)", .inputOutput)
    }
  }

  /// The spool of a collector that is not running, or the end of the program.
  static func open(_ folder: CollectorFolder) async -> Spool {
    let terminal = CollectorProgram.terminal
    guard Directory(folder.spoolPath).exists else {
      terminal.fail("there is no spool in \(folder.directory.path)", .noInput)
    }
    do {
      let loop = try EventLoop(name: "check")
      return try await Spool.open(
        SpoolConfiguration(directory: folder.spoolPath), worker: Worker(name: "spool"),
        clock: SystemClock(timers: loop), random: SystemRandom()
      ) { terminal.fail("the disk has failed: \($0)", .inputOutput) }
    } catch {
      switch error as? SpoolError {
      case .locked:
        terminal.fail("the collector is running: ask it with status", .temporary)
      case .newerSchema(let found, let known):
        terminal.fail(
          "the spool has schema \(found), and this program knows \(known)", .configuration)
      default: terminal.fail("\(error)", .inputOutput)
      }
    }
  }
}
