import Crypto
import JSON
import Platform
import Settings
import Store

/// `store repair`: for whoever has the folder alone.
package struct StoreRepairCommand {
  private let folder: DataFolder
  private let isJSON: Bool

  package init(_ folder: DataFolder, isJSON: Bool) {
    self.folder = folder
    self.isJSON = isJSON
  }

  /// `isDamaged`: something could not be brought in order.
  package func run() -> StoreCheckCommand.Outcome {
    guard folder.directory.exists else {
      return .failed("there is no folder \(folder.directory.path)", .noInput)
    }
    do throws(FileLock.Problem) {
      let lock = try FileLock(folder.lockPath)
      let outcome = repair()
      _ = consume lock
      return outcome
    } catch .held(let holder) {
      return .failed("\(FileLock.Problem.held(by: holder)): stop it first", .temporary)
    } catch { return .failed("\(error)", .noInput) }
  }

  private func repair() -> StoreCheckCommand.Outcome {
    do {
      let clock = SystemClock(timers: try EventLoop(name: "repair"))
      let report = try StoreRepair(
        .init(database: folder.storePath, packs: folder.packsPath), clock: clock,
        random: SystemRandom()
      ).run()
      return .done(text(report) + "\n", isDamaged: !report.impossible.isEmpty)
    } catch { return .failed("\(error)", .inputOutput) }
  }

  private func text(_ report: StoreRepair.Report) -> String {
    if !isJSON {
      let lines =
        report.done.map { "done: \($0)" } + report.impossible.map { "impossible: \($0)" }
      return lines.isEmpty ? "nothing to do" : lines.joined(separator: "\n")
    }
    var json = JSONWriter(capacity: 512)
    json.beginObject()
    for (key, lines) in [("done", report.done), ("impossible", report.impossible)] {
      json.key(key)
      json.beginArray()
      for line in lines { json.string(line) }
      json.endArray()
    }
    json.endObject()
    return String(decoding: json.bytes, as: UTF8.self)
  }
}
