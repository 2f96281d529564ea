import Collector
import Platform
import Settings
import Spool

/// `spool check`: opens the spool as a start does, which verifies and mends it, and says what it
/// holds.
enum SpoolCommand {
  static func check(_ invocation: Invocation) async -> Never {
    let folder = CollectorProgram.folder(invocation)
    guard Directory(folder.spoolPath).exists else {
      CollectorProgram.terminal.fail("there is no spool in \(folder.directory.path)", .noInput)
    }
    do {
      let loop = try EventLoop(name: "check")
      let spool = try await Spool.open(
        SpoolConfiguration(directory: folder.spoolPath), worker: Worker(name: "spool"),
        clock: SystemClock(timers: loop), random: SystemRandom()
      ) { CollectorProgram.terminal.fail("the disk has failed: \($0)", .inputOutput) }
      let status = try await spool.status()
      await spool.stop()
      CollectorProgram.terminal.print(
        """
        epoch        \(status.epoch)
        events       \(status.backlogEvents)
        bytes        \(status.backlogBytes)
        quarantined  \(status.quarantinedEvents)

        """)
      CollectorProgram.terminal.end(.success)
    } catch {
      switch error as? SpoolError {
      case .locked:
        CollectorProgram.terminal.fail("the collector is running: ask it with status", .temporary)
      case .newerSchema(let found, let known):
        CollectorProgram.terminal.fail(
          "the spool has schema \(found), and this program knows \(known)", .configuration)
      default: CollectorProgram.terminal.fail("\(error)", .inputOutput)
      }
    }
  }
}
