import Aggregator
import Service
import Settings

/// `run`: the aggregator until somebody stops it.
enum RunCommand {
  static func start(_ invocation: Invocation) throws {
    let program = AggregatorProgram.program
    let configuration = try program.configuration(invocation)
    let folder = AggregatorProgram.folder(invocation)
    program.serve(configuration, level: configuration[AggregatorSettings.level]) { output, failed in
      try await AggregatorService.start(
        folder, configuration, version: program.version, log: output, onFailure: failed)
    }
  }
}
