import Collector
import HTTP
import Platform
import Service
import Settings
import Spool

/// `quarantine list` and `quarantine show`: asks a running collector, else opens the spool itself.
enum QuarantineCommand {
  static let command = Command(
    "quarantine", "Shows what was set aside because it could not be shipped.",
    discussion: """
      A running collector is asked; where none runs, the spool is opened as a start does, which \
      verifies and mends it. Nothing is taken out: the spool keeps the newest 10,000.
      """,
    subcommands: [
      Command(
        "list", "Prints one JSON object a line: events, then databases that were set aside.",
        options: [CollectorProgram.data]),
      Command(
        "show", "Prints one event of that list with its properties and its bytes.", operands: "N",
        options: [CollectorProgram.data]),
    ])

  static func run(_ invocation: Invocation) async -> Never {
    let terminal = CollectorProgram.terminal
    let folder = CollectorProgram.folder(invocation)
    let id = number(invocation)
    do throws(ControlSocket.Failure) {
      let target = id.map { "/quarantine/\($0)" } ?? "/quarantine"
      terminal.print(try await ControlSocket(path: folder.controlSocketPath).ask(.get, target))
      terminal.end(.success)
    } catch {
      switch error {
      case .notRunning: await readFiles(folder, id)
      case .refused(_, let text): terminal.fail(text, .negative)
      case .broken(let reason): terminal.fail(reason, .internal)
      }
    }
  }

  /// The N of `show`; nil for `list`.
  private static func number(_ invocation: Invocation) -> Int64? {
    guard invocation.command.last == "show" else { return nil }
    guard invocation.operands.count == 1, let id = Int64(invocation.operands[0]), id >= 0 else {
      CollectorProgram.terminal.fail("name one event by its number in the list", .usage)
    }
    return id
  }

  private static func readFiles(_ folder: CollectorFolder, _ id: Int64?) async -> Never {
    let terminal = CollectorProgram.terminal
    let spool = await SpoolCommand.open(folder)
    do {
      let quarantine = Quarantine(spool, folder)
      let bytes: [UInt8]?
      if let id {
        bytes = try await quarantine.show(id)
      } else {
        bytes = try await quarantine.list()
      }
      await spool.stop()
      guard let bytes else { terminal.fail("there is no event \(id ?? 0)", .negative) }
      terminal.print(String(decoding: bytes, as: UTF8.self))
      terminal.end(.success)
    } catch {
      terminal.fail("\(error)", .inputOutput)
    }
  }
}
