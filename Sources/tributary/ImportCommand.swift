import Events
import HTTP
import Operator
import Platform
import Settings
import Synchronization

/// `import`: files of events, a JSON object a line, into an aggregator.
enum ImportCommand {
  static let command = Command(
    "import", "brings events from files into an aggregator, each line once",
    discussion: """
      Each line is one event as applications send them: event_id, project_id, event_name, cts,
      profile_id, device_id, session_id, props, ctx. A line without event_id gets one that the same
      line of the same file always gets, so whatever is imported twice is counted once.

      With --data the events go to the aggregator that runs on that folder, the quickest way; its
      user may do that, and needs no key. With --aggregator they go to any aggregator or collector
      that applications can send to, with their key.

      An import that was interrupted goes on where it was when the same command is run again: beside
      the first file, or in --state, it keeps up to where everything is on the aggregator's disk.
      Without that file lines are sent again and recognised. Of standard input nothing is kept.

      It ends with 0 when everything is in, with 1 when lines were refused (they are named, and go to
      --rejected), with 69 when no aggregator is there, with 75 when it was interrupted or the
      aggregator took nothing for --patience: run it again then.
      """,
    operands: "[FILE…|-]",
    options: [
      .value("data", "DIR", "the folder of the aggregator that runs on this machine", .folder),
      .value("aggregator", "URL", "an aggregator or a collector elsewhere; needs --key-file"),
      .value("key-file", "FILE", "a file with the key to write with", .file),
      .value(
        "ca", "FILE", "the authority (PEM) to trust for https; the system's if not given", .file),
      .value("project", "ID", "the project of all lines; if not given each line names its own"),
      .flag("resume", "fail if there is nothing to go on from"),
      .flag("restart", "begin at the beginning, whatever was imported before"),
      .value("state", "FILE", "keep here how far it is; FILE.tributary-import if not given", .file),
      .value("rejected", "FILE", "write the lines here that are refused, as they were", .file),
      .value("patience", "SECONDS", "how long to try while nothing gets through; 60 if not given"),
      .flag("json", "print the report as one JSON object"),
      .flag("quiet", "do not tell how far it is"),
    ],
    examples: [
      CommandExample(
        "tributary import events.ndjson --data /var/lib/tributary/aggregator",
        "into the aggregator of this machine"),
      CommandExample(
        "zcat archive/*.gz | tributary import - --data /var/lib/tributary/aggregator",
        "from standard input"),
      CommandExample(
        "tributary import events.ndjson --aggregator https://events.example.com --key-file key"
          + " --project my-shop --rejected bad.ndjson",
        "elsewhere, with the key of a project"),
    ])

  private static let terminal = OperatorProgram.terminal

  static func run(_ invocation: Invocation) -> Never {
    // Before any other thread, so that all of them leave the signals to it.
    let signals = SignalWatch()
    let options = options(invocation)
    let mustPrintJSON = invocation.isGiven("json")
    let teller = Teller(isQuiet: invocation.isGiven("quiet"))
    terminal.wait {
      do {
        let loop = try EventLoop(name: "import")
        let job = ImportJob(options, try way(invocation, loop), loop: loop)
        Task.detached(executorPreference: loop) {
          while await signals.next() != .stop {}
          job.stop()
          while await signals.next() != .stop {}
          terminal.end(.temporary)
        }
        let report = try await job.run { teller.show($0) }
        teller.finish()
        terminal.print(
          mustPrintJSON ? String(decoding: report.json, as: UTF8.self) : report.text)
        end(report)
      } catch let failure as ImportFailure {
        teller.finish()
        terminal.fail(sentence(failure), code(failure))
      } catch {
        terminal.fail("\(error)", .internal)
      }
    }
  }

  private static func end(_ report: ImportReport) -> Never {
    switch report.ending {
    case .finished: terminal.end(report.refused == 0 ? .success : .negative)
    case .stopped: terminal.fail("stopped; the same command goes on from here", .temporary)
    case .failed(let failure): terminal.fail(sentence(failure), code(failure))
    }
  }

  // MARK: What was asked for

  private static func options(_ invocation: Invocation) -> ImportJob.Options {
    let paths = invocation.operands.isEmpty ? ["-"] : invocation.operands
    guard paths.filter({ $0 == "-" }).count < 2 else {
      terminal.fail("standard input can be read once only", .usage)
    }
    guard !(invocation.isGiven("resume") && invocation.isGiven("restart")) else {
      terminal.fail("--resume and --restart contradict each other", .usage)
    }
    var options = ImportJob.Options(inputs: paths.map { ImportInput(path: $0) })
    if let text = invocation.value("project") {
      do { options.project = try ProjectID(text) } catch {
        terminal.fail("--project \(text) is no id of a project", .usage)
      }
    }
    if invocation.isGiven("resume") { options.resuming = .required }
    if invocation.isGiven("restart") { options.resuming = .never }
    options.statePath = invocation.value("state")
    options.rejectedPath = invocation.value("rejected")
    if let text = invocation.value("patience") {
      guard let seconds = Int(text), (0...1_000_000).contains(seconds) else {
        terminal.fail("--patience has to be a number of seconds", .usage)
      }
      options.patience = .seconds(seconds)
    }
    return options
  }

  private static func way(_ invocation: Invocation, _ loop: EventLoop) throws -> ImportWay {
    let net = SystemNet(loops: [loop], resolver: Worker(name: "resolver"))
    switch (invocation.value("data"), invocation.value("aggregator")) {
    case (let folder?, nil):
      let path = Directory(folder).file("control.sock")
      let client = HTTPClient(net: net, address: .unix(path: path), host: "localhost", tls: nil)
      return ImportWay(.control, client: client, host: "localhost", name: folder)
    case (nil, let text?):
      guard let url = ServerURL(settingText: text) else {
        terminal.fail("--aggregator is no URL such as https://localhost:7443", .usage)
      }
      guard let keyFile = invocation.value("key-file") else {
        terminal.fail("--aggregator needs --key-file, a file with the key to write with", .usage)
      }
      let key = String(decoding: read(keyFile, upTo: 4_096), as: UTF8.self)
      let trust: TLSTrust =
        invocation.value("ca").map { .authorities(read($0, upTo: 1 << 20)) } ?? .system
      let client = HTTPClient(
        net: net, address: .tcp(host: url.host, port: url.port), host: url.host,
        tls: url.isSecure ? try TLSContext(client: trust) : nil)
      return ImportWay(
        .intake(prefix: url.prefix, key: key.split(whereSeparator: \.isWhitespace).joined()),
        client: client, host: url.authority, name: url.settingText)
    default:
      terminal.fail(
        "say where to: --data DIR for the aggregator of this machine, or --aggregator URL", .usage)
    }
  }

  private static func read(_ path: String, upTo limit: Int) -> [UInt8] {
    do { return try File(path, for: .readingThroughLinks).read(limit, at: 0) } catch {
      terminal.fail("\(error)", .noInput)
    }
  }

  // MARK: What went wrong

  private static func code(_ failure: ImportFailure) -> ExitCode {
    switch failure {
    case .unreadable, .noState: .noInput
    case .unwritable: .inputOutput
    case .unreachable: .unavailable
    case .gaveUp: .temporary
    case .forbidden: .permission
    case .refused: .protocol
    case .mistake: .internal
    }
  }

  private static func sentence(_ failure: ImportFailure) -> String {
    switch failure {
    case .unreadable(let error): "an input cannot be read: \(error)"
    case .unwritable(let error): "a file cannot be written: \(error)"
    case .noState(let text), .mistake(let text): text
    case .unreachable(let text): "\(text); start it with `tributary-aggregator run`"
    case .gaveUp(let text): "\(text); the same command goes on from here later"
    case .forbidden(let text): "the key is not good for this: \(text)"
    case .refused(let text): "the events are not taken: \(text)"
    }
  }
}

/// Tells how far an import is: on a terminal a line that is written over again and again, elsewhere a
/// line now and then.
private final class Teller: Sendable {
  private let isQuiet: Bool
  private let isWatched = Terminal.isWatched
  private let calls = Mutex(0)

  /// 10 seconds.
  private static let callsBetweenLines = 40

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  func show(_ progress: ImportProgress) {
    if isQuiet { return }
    let call = calls.withLock { calls in
      calls += 1
      return calls
    }
    if isWatched {
      OperatorProgram.terminal.tell("\r" + progress.line(withBar: true) + "\u{1B}[K")
    } else if call % Self.callsBetweenLines == 0 {
      OperatorProgram.terminal.tell(progress.line(withBar: false) + "\n")
    }
  }

  /// Leaves the last line as it is.
  func finish() {
    guard !isQuiet, isWatched, calls.withLock({ $0 }) > 0 else { return }
    OperatorProgram.terminal.tell("\n")
  }
}
