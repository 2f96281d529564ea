import Collector
import Platform
import Settings
import Telemetry

/// `run`: the collector until somebody stops it.
enum RunCommand {
  static func start(_ invocation: Invocation) throws {
    let configuration = try CollectorProgram.configuration(invocation)
    let folder = CollectorProgram.folder(invocation)
    // Before any other thread: they all inherit which signals are left to this one.
    let signals = SignalWatch()
    CollectorProgram.terminal.wait { await run(folder, configuration, signals) }
  }

  private static func run(
    _ folder: CollectorFolder, _ configuration: Configuration, _ signals: SignalWatch
  ) async -> Never {
    let output = LogOutput(
      service: CollectorService.name, level: configuration[CollectorSettings.level],
      clock: WallClock())
    let log = Log(output)
    for warning in configuration.warnings {
      log.warning("a doubtful setting", ["warning": .text("\(warning)")])
    }
    do {
      let service = try await CollectorService.start(
        folder, configuration, version: CollectorProgram.version, log: output
      ) { reason in
        log.error("the disk has failed; ending without closing anything", ["error": .text(reason)])
        output.flush()
        CollectorProgram.terminal.end(.inputOutput)
      }
      log.info(
        "listening",
        [
          "addresses": .text(service.addresses.map(\.description).joined(separator: ", ")),
          "version": .text(CollectorProgram.version),
        ])
      while await signals.next() == .reload { service.reload() }
      log.info("stopping")
      await service.stop()
      output.flush()
      CollectorProgram.terminal.end(.success)
    } catch let failure as CollectorService.Failure {
      output.flush()
      switch failure {
      case .locked(let reason):
        CollectorProgram.terminal.fail("the data folder is in use: \(reason)", .temporary)
      case .certificate(let reason):
        CollectorProgram.terminal.fail("the certificate cannot be used: \(reason)", .configuration)
      case .setting(let reason): CollectorProgram.terminal.fail(reason, .configuration)
      case .identity(let reason):
        CollectorProgram.terminal.fail(
          "the identity of this collector cannot be read: \(reason)", .configuration)
      case .listener(let error): CollectorProgram.terminal.fail("cannot listen: \(error)", .system)
      case .spool(let reason):
        CollectorProgram.terminal.fail("the spool cannot be opened: \(reason)", .inputOutput)
      case .newerFormat(let what):
        CollectorProgram.terminal.fail(
          "the data are of a newer version of this program: \(what)", .configuration)
      }
    } catch {
      CollectorProgram.terminal.fail("\(error)", .internal)
    }
  }
}

/// The wall clock alone: what a log needs before there are event loops.
private struct WallClock: Clock {
  var wallMilliseconds: Int64 { SystemClock.wallMilliseconds }
  var monotonicNanoseconds: UInt64 { SystemClock.monotonicNanoseconds }
  func sleep(for duration: Duration) async {}
}
