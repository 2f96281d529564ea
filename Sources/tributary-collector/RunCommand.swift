import Collector
import Platform
import Settings
import Synchronization
import Telemetry

/// `run`: the collector until somebody stops it.
enum RunCommand {
  static func start(_ invocation: Invocation) throws {
    let configuration = try CollectorProgram.configuration(invocation)
    let folder = CollectorProgram.folder(invocation)
    let running = Running()
    // Before any other thread: they all inherit which signals are left to this one.
    SignalWatch.start { running.received($0) }
    Terminal.wait { await run(folder, configuration, running) }
  }

  private static func run(
    _ folder: CollectorFolder, _ configuration: Configuration, _ running: Running
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
        Terminal.exitAtOnce(.inputOutput)
      }
      log.info(
        "listening",
        [
          "addresses": .text(service.addresses.map(\.description).joined(separator: ", ")),
          "version": .text(CollectorProgram.version),
        ])
      await running.wait(reload: { service.reload() })
      log.info("stopping")
      await service.stop()
      output.flush()
      Terminal.exitAtOnce(.success)
    } catch let failure as CollectorService.Failure {
      output.flush()
      switch failure {
      case .locked(let reason): Terminal.fail("the data folder is in use: \(reason)", .temporary)
      case .certificate(let reason):
        Terminal.fail("the certificate cannot be used: \(reason)", .configuration)
      case .setting(let reason): Terminal.fail(reason, .configuration)
      case .identity(let reason):
        Terminal.fail("the identity of this collector cannot be read: \(reason)", .configuration)
      case .listener(let error): Terminal.fail("cannot listen: \(error)", .system)
      case .spool(let reason): Terminal.fail("the spool cannot be opened: \(reason)", .inputOutput)
      case .newerFormat(let what):
        Terminal.fail("the data are of a newer version of this program: \(what)", .configuration)
      }
    } catch {
      Terminal.fail("\(error)", .internal)
    }
  }
}

/// Waits for signals on behalf of a task.
private final class Running: Sendable {
  private struct State {
    var signals: [SignalWatch.Signal] = []
    var waiter: Waiter?
  }
  private let state = Mutex(State())

  func received(_ signal: SignalWatch.Signal) {
    let waiter = state.withLock { state in
      state.signals.append(signal)
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.wake()
  }

  /// Returns when the program is to stop.
  func wait(reload: () -> Void) async {
    while true {
      await Waiter.wait { waiter in
        state.withLock { state in
          if !state.signals.isEmpty { return false }
          state.waiter = waiter
          return true
        }
      }
      let signals = state.withLock { state in
        defer { state.signals = [] }
        return state.signals
      }
      for signal in signals {
        switch signal {
        case .stop: return
        case .reload: reload()
        }
      }
    }
  }
}

/// The wall clock alone: what a log needs before there are event loops.
private struct WallClock: Clock {
  var wallMilliseconds: Int64 { SystemClock.wallMilliseconds }
  var monotonicNanoseconds: UInt64 { SystemClock.monotonicNanoseconds }
  func sleep(for duration: Duration) async {}
}
