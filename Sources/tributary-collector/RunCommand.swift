import Collector
import Service
import Settings

/// `run`: the collector until somebody stops it.
enum RunCommand {
  static func start(_ invocation: Invocation) throws {
    let program = CollectorProgram.program
    let configuration = try program.configuration(invocation)
    let folder = CollectorProgram.folder(invocation)
    program.serve(configuration, level: configuration[CollectorSettings.level]) { output, failed in
      try await CollectorService.start(
        folder, configuration, version: program.version, log: output, onFailure: failed)
    }
  }
}
