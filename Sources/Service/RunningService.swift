import Platform
package import Settings
package import Telemetry

/// A program that serves until somebody stops it, once it has started.
package protocol RunningService: Sendable {
  /// What the log says about where it can be reached.
  var whereabouts: LogFields { get }
  /// Reads again what may change while it runs.
  func reload()
  /// Ends in good order.
  func stop() async
}

/// Why a service does not start, for whoever started it.
package protocol StartFailure: Error {
  var sentence: String { get }
  var exitCode: ExitCode { get }
}

extension Program {
  /// Starts a service, and keeps it running until a signal stops it; then the program ends. `start`
  /// is given the log's output, and what to call when the disk has failed: that ends the program at
  /// once, without closing anything (RELIABILITY S6).
  package func serve(
    _ configuration: Configuration, level: LogLevel,
    _ start:
      @escaping @Sendable (LogOutput, @escaping @Sendable (String) -> Void) async throws
      -> any RunningService
  ) -> Never {
    // Before any other thread: they all inherit which signals are left to this one.
    let signals = SignalWatch()
    let output = LogOutput(service: name, level: level, clock: WallClock())
    terminal.wait { await serve(configuration, output, signals, start) }
  }

  private func serve(
    _ configuration: Configuration, _ output: LogOutput, _ signals: SignalWatch,
    _ start: (LogOutput, @escaping @Sendable (String) -> Void) async throws -> any RunningService
  ) async -> Never {
    let log = Log(output)
    let terminal = terminal
    for warning in configuration.warnings {
      log.warning("a doubtful setting", ["warning": .text("\(warning)")])
    }
    do {
      let service = try await start(output) { reason in
        log.error("the disk has failed; ending without closing anything", ["error": .text(reason)])
        output.flush()
        terminal.end(.inputOutput)
      }
      var fields = service.whereabouts
      fields.append("version", .text(version))
      log.info("listening", fields)
      while await signals.next() == .reload { service.reload() }
      log.info("stopping")
      await service.stop()
      output.flush()
      terminal.end(.success)
    } catch let failure as any StartFailure {
      output.flush()
      terminal.fail(failure.sentence, failure.exitCode)
    } catch {
      output.flush()
      terminal.fail("\(error)", .internal)
    }
  }
}

/// The wall clock alone: what a log needs before there are event loops.
private struct WallClock: Clock {
  var wallMilliseconds: Int64 { SystemClock.wallMilliseconds }
  var monotonicNanoseconds: UInt64 { SystemClock.monotonicNanoseconds }
  func sleep(for duration: Duration) async {}
}
