import Collector
import Glibc
import Platform
import Settings

/// `enroll`: joins an aggregator.
enum EnrollCommand {
  static func start(_ invocation: Invocation) throws {
    let folder = CollectorProgram.folder(invocation)
    guard let url = invocation.value("aggregator").flatMap(ServerURL.init(settingText:)) else {
      CollectorProgram.terminal.fail("--aggregator wants \(ServerURL.expectation)", .usage)
    }
    let token = invocation.value("token") ?? ""
    let name = invocation.value("name") ?? machineName
    CollectorProgram.terminal.wait { await run(folder, url, token, name) }
  }

  private static func run(
    _ folder: CollectorFolder, _ url: ServerURL, _ token: String, _ name: String
  ) async -> Never {
    do {
      let loop = try EventLoop(name: "enroll")
      let enrolment = Enrolment(
        folder, net: SystemNet(loops: [loop], resolver: Worker(name: "resolver")),
        clock: SystemClock(timers: loop), random: SystemRandom())
      let outcome = try await enrolment.run(
        url: url, token: token, name: name,
        program: "\(CollectorService.name)/\(CollectorProgram.program.version)")
      CollectorProgram.terminal.print(
        """
        This collector has joined \(url.settingText).
          id           \(outcome.collector)
          fingerprint  \(outcome.fingerprint)
          projects     \(outcome.projects.joined(separator: ", "))
        Start it with: tributary-collector run --data \(folder.directory.path)

        """)
      if let problem = outcome.helloProblem {
        CollectorProgram.terminal.warn(
          "the projects' keys are not known yet, which running will mend: \(problem)")
      }
      CollectorProgram.terminal.end(.success)
    } catch let problem as JoiningProblem {
      CollectorProgram.terminal.fail(problem.sentence, code(of: problem))
    } catch {
      CollectorProgram.terminal.fail("\(error)", .system)
    }
  }

  private static func code(of problem: JoiningProblem) -> ExitCode {
    switch problem {
    case .token: .data
    case .link: .unavailable
    case .refused: .permission
    case .unbelievable: .protocol
    case .storage: .inputOutput
    case .alreadyEnrolled: .negative
    }
  }

  private static var machineName: String {
    var name = [CChar](repeating: 0, count: 256)
    // SAFETY: at most the buffer's size is written; the last byte stays zero.
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "collector" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
