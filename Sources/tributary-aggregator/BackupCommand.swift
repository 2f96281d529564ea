import Aggregator
import HTTP
import JSON
import Platform
import Service
import Settings

/// `backup` and `backup verify`.
enum BackupCommand {
  private static var terminal: Terminal { AggregatorProgram.terminal }

  // MARK: backup

  static func make(_ invocation: Invocation) async -> Never {
    let folder = AggregatorProgram.folder(invocation)
    let keep = invocation.value("keep")
    if let keep, Int(keep).map({ $0 > 0 }) != true {
      terminal.fail("--keep wants a number, 1 at least; found \(keep)", .usage)
    }
    let target = invocation.value("to").map(absolute)
    do throws(ControlSocket.Failure) {
      let status = try await askRunning(folder, target, keep)
      let isJSON = invocation.isGiven("json")
      if let made = status["made"] {
        terminal.print((isJSON ? made.text : sentence(made)) + "\n")
        terminal.end(.success)
      }
      let problem = status["problem"]
      terminal.fail(
        problem?["message"]?.string ?? "nobody knows what became of the backup",
        exitCode(problem?["code"]?.string))
    } catch {
      switch error {
      case .notRunning: await makeOffline(invocation, folder, target, Int(keep ?? "") ?? 24)
      case .refused(_, let text):
        terminal.fail(message(in: text), .temporary)
      case .broken(let reason):
        terminal.fail("the aggregator ended before the backup was whole (\(reason))", .temporary)
      }
    }
  }

  /// Has the running aggregator make it, and waits for the end. Who stops waiting does not stop it.
  private static func askRunning(
    _ folder: DataFolder, _ target: String?, _ keep: String?
  ) async throws(ControlSocket.Failure) -> JSONValue {
    let socket = ControlSocket(path: folder.controlSocketPath)
    let parameters = [
      target.map { "to=" + PercentCoding.encode($0) }, keep.map { "keep=\($0)" },
    ].compactMap { $0 }
    let begun = parse(
      try await socket.ask(.post, "/backups?" + parameters.joined(separator: "&")))
    let pause = Worker(name: "pause")
    while true {
      let status: JSONValue
      do throws(ControlSocket.Failure) {
        status = parse(try await socket.ask(.get, "/backups"))
      } catch {
        // It was there a moment ago.
        if case .notRunning = error { throw .broken("it does not answer any more") }
        throw error
      }
      let isOurs = status["number"]?.integer == begun["number"]?.integer
      if !isOurs || status["running"]?.bool != true { return status }
      await rest(on: pause)
    }
  }

  private static func rest(on worker: Worker) async {
    await Task(executorPreference: worker) { Pace.sleep(milliseconds: 50) }.value
  }

  private static func makeOffline(
    _ invocation: Invocation, _ folder: DataFolder, _ target: String?, _ keep: Int
  ) async -> Never {
    guard let target else {
      terminal.fail("name the folder with --to FOLDER: no aggregator is running", .usage)
    }
    do {
      guard folder.directory.exists, !folder.isHalfRestored, try folder.readSigningKey() != nil
      else { terminal.fail("\(folder.directory.path) is no aggregator's folder", .configuration) }
      let lock = try FileLock(folder.lockPath)
      defer { withExtendedLifetime(lock) {} }
      let maker = BackupMaker(
        .resting(folder), to: target, version: AggregatorProgram.program.version,
        clock: SystemClock(timers: try EventLoop(name: "backup")))
      let made = try await maker.make(keep: keep)
      let answer = parse(
        json(BackupAnswer(manifest: made.manifest, folder: target, copied: made.copiedBytes)))
      terminal.print((invocation.isGiven("json") ? answer.text : sentence(answer)) + "\n")
      terminal.end(.success)
    } catch let problem as BackupProblem {
      terminal.fail(problem.sentence, exitCode(problem.code))
    } catch let problem as FileLock.Problem {
      terminal.fail("\(folder.directory.path) cannot be had: \(problem)", .temporary)
    } catch {
      terminal.fail("\(error)", .inputOutput)
    }
  }

  // MARK: backup verify

  static func verify(_ invocation: Invocation) async -> Never {
    let path = AggregatorProgram.onePath(invocation, "the folder of a backup, or of backups")
    do throws(BackupProblem) {
      let verifier = try BackupVerifier(path)
      warn(of: verifier)
      try verifier.verify()
      let answer = parse(
        json(BackupAnswer(manifest: verifier.manifest, folder: verifier.path)))
      terminal.print(
        (invocation.isGiven("json") ? answer.text : "good: " + sentence(answer)) + "\n")
      terminal.end(.success)
    } catch {
      terminal.fail(error.sentence, exitCode(error.code))
    }
  }

  /// The newest may be of no use, and then an older one is what is looked at.
  static func warn(of verifier: BackupVerifier) {
    guard let newer = verifier.newerUnusable() else { return }
    terminal.warn(
      "\(newer) is newer, and its manifest is missing, damaged or of a newer program; this is "
        + verifier.manifest.name)
  }

  // MARK: Words

  static func exitCode(_ code: String?) -> ExitCode {
    switch code {
    case "no_backup": .noInput
    case "damaged", "other_store", "unusable": .data
    case "locked", "stopped": .temporary
    case "disk_full", "disk_failed": .inputOutput
    case "not_empty": .negative
    case "newer_format": .configuration
    default: .internal
    }
  }

  private static func sentence(_ answer: JSONValue) -> String {
    var text = "backup \(answer["name"]?.string ?? "") in \(answer["folder"]?.string ?? ""): "
    text += "\(answer["events"]?.integer ?? 0) events, \(answer["packs"]?.integer ?? 0) packs, "
    text += "\(answer["bytes"]?.integer ?? 0) bytes"
    if let copied = answer["copied_bytes"]?.integer { text += ", \(copied) of them copied" }
    if let missing = answer["missing_packs"]?.array, !missing.isEmpty {
      text += "; \(missing.count) packs are missing in the store itself, and so here"
    }
    return text
  }

  static func json(_ answer: BackupAnswer, more: (inout JSONWriter) -> Void = { _ in }) -> String {
    var json = JSONWriter(capacity: 512)
    answer.write(to: &json, more: more)
    return String(decoding: json.bytes, as: UTF8.self)
  }

  private static func parse(_ text: String) -> JSONValue {
    let bytes = Array(text.utf8)
    return (try? JSONValue(parsing: bytes.span)) ?? .null  // What is no answer says nothing.
  }

  private static func message(in text: String) -> String {
    let problem = parse(text)
    return problem["message"]?.string ?? problem["detail"]?.string ?? text
  }

  private static func absolute(_ path: String) -> String {
    do throws(SystemError) { return try Directory.absolute(path) } catch {
      terminal.fail("\(error)", .system)
    }
  }
}

extension JSONValue {
  var text: String {
    var json = JSONWriter(capacity: 512)
    json.value(self)
    return String(decoding: json.bytes, as: UTF8.self)
  }
}
