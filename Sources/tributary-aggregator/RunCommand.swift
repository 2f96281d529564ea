import Aggregator
import Platform
import Settings
import Telemetry

/// `run`: the aggregator until somebody stops it.
enum RunCommand {
  static func start(_ invocation: Invocation) throws {
    let configuration = try AggregatorProgram.configuration(invocation)
    let folder = AggregatorProgram.folder(invocation)
    let signals = SignalWatch()
    AggregatorProgram.terminal.wait { await run(folder, configuration, signals) }
  }

  private static func run(
    _ folder: DataFolder, _ configuration: Configuration, _ signals: SignalWatch
  ) async -> Never {
    let output = LogOutput(
      service: AggregatorService.name, level: configuration[AggregatorSettings.level],
      clock: WallClock())
    let log = Log(output)
    for warning in configuration.warnings {
      log.warning("a doubtful setting", ["warning": .text("\(warning)")])
    }
    do {
      let service = try await AggregatorService.start(
        folder, configuration, version: AggregatorProgram.version, log: output
      ) { reason in
        log.error("the disk has failed; ending without closing anything", ["error": .text(reason)])
        output.flush()
        AggregatorProgram.terminal.end(.inputOutput)
      }
      log.info(
        "listening",
        [
          "http": .text("\(service.plainAddress)"), "tls": .text("\(service.secureAddress)"),
          "version": .text(AggregatorProgram.version),
        ])
      while await signals.next() == .reload { service.reload() }
      log.info("stopping")
      await service.stop()
      output.flush()
      AggregatorProgram.terminal.end(.success)
    } catch let failure as AggregatorService.Failure {
      output.flush()
      switch failure {
      case .notInitialised(let folder):
        AggregatorProgram.terminal.fail(
          "\(folder) is no aggregator's folder; make one with: tributary-aggregator init --data \(folder)",
          .configuration)
      case .locked(let reason):
        AggregatorProgram.terminal.fail("the data folder cannot be had: \(reason)", .temporary)
      case .certificate(let reason):
        AggregatorProgram.terminal.fail("the certificate cannot be used: \(reason)", .configuration)
      case .listener(let error): AggregatorProgram.terminal.fail("cannot listen: \(error)", .system)
      case .store(let reason):
        AggregatorProgram.terminal.fail("the store cannot be opened: \(reason)", .inputOutput)
      case .newerFormat(let what):
        AggregatorProgram.terminal.fail(
          "the data are of a newer version of this program: \(what)", .configuration)
      }
    } catch {
      AggregatorProgram.terminal.fail("\(error)", .internal)
    }
  }
}

/// The wall clock alone: what a log needs before there are event loops.
private struct WallClock: Clock {
  var wallMilliseconds: Int64 { SystemClock.wallMilliseconds }
  var monotonicNanoseconds: UInt64 { SystemClock.monotonicNanoseconds }
  func sleep(for duration: Duration) async {}
}
