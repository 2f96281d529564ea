import HTTP
import JSON
import Platform
import Service
package import Settings
import Store

/// `store check`: alone with the folder, or through the program that has it.
package struct StoreCheckCommand {
  package enum Outcome {
    /// What to print, and whether anything is damaged.
    case done(String, isDamaged: Bool)
    case failed(String, ExitCode)
  }

  private let folder: DataFolder
  private let isJSON: Bool
  private let tell: (String) -> Void

  /// `tell` hears how far it is, now and then; not at all where it is nil.
  package init(_ folder: DataFolder, isJSON: Bool, tell: ((String) -> Void)?) {
    self.folder = folder
    self.isJSON = isJSON
    self.tell = tell ?? { _ in }
  }

  package func run() async -> Outcome {
    guard folder.directory.exists else {
      return .failed("there is no folder \(folder.directory.path)", .noInput)
    }
    do throws(FileLock.Problem) {
      let lock = try FileLock(folder.lockPath)
      let outcome = alone()
      _ = consume lock
      return outcome
    } catch .held {
      return await throughProgram()
    } catch { return .failed("\(error)", .noInput) }
  }

  private func alone() -> Outcome {
    var last = SystemClock.monotonicNanoseconds
    let report = StoreCheck(
      .init(database: folder.storePath, packs: folder.packsPath), isRunning: false
    ) { progress in
      let now = SystemClock.monotonicNanoseconds
      if now - last > 1_000_000_000 {
        last = now
        tell(Self.line(done: progress.done, total: progress.total))
      }
      return true
    }.run()
    let text = isJSON ? String(decoding: report.json, as: UTF8.self) : report.text
    return .done(text + "\n", isDamaged: report.isDamaged)
  }

  private func throughProgram() async -> Outcome {
    do {
      let loop = try EventLoop(name: "waiting")
      let socket = ControlSocket(path: folder.controlSocketPath)
      var answer = try JSONValue(parsing: try await socket.ask(.post, "/store/check"))
      var turns = 0
      while answer["running"]?.bool == true {
        await loop.sleep(for: .milliseconds(200))
        answer = try JSONValue(parsing: try await socket.ask(.get, "/store/check"))
        turns += 1
        if turns % 5 == 0 {
          tell(
            Self.line(
              done: Int(answer["done"]?.integer ?? 0), total: Int(answer["total"]?.integer ?? 0)))
        }
      }
      let form = isJSON ? "json" : "text"
      let text = try await socket.ask(.get, "/store/check/report?form=\(form)")
      return .done(text + "\n", isDamaged: answer["damaged"]?.bool ?? true)
    } catch ControlSocket.Failure.notRunning {
      return .failed("a program has the folder and does not answer", .unavailable)
    } catch { return .failed("\(error)", .internal) }
  }

  private static func line(done: Int, total: Int) -> String {
    let percent = total > 0 ? done * 100 / total : 100
    return "\(done >> 20) of \(total >> 20) MiB, \(percent) %\n"
  }
}
