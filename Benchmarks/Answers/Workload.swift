import Query

/// The twenty questions of `Benchmarks/README.md`, by the names of the files in `Benchmarks/queries`.
enum Workload {
  /// Asks, and writes the rows as one JSON array: what is timed. Rows that are exported go to the
  /// file, where there is one, and the array is empty.
  typealias Ask =
    @Sendable (
      _ parameters: Parameters, _ asker: Asker, _ file: String?
    ) async throws -> [UInt8]

  struct Asked: Sendable {
    let name: String
    let columns: [String]
    let ask: Ask
  }

  static var questions: [Asked] { series + people + lists }

  static func asked(
    _ name: String, _ columns: [String],
    _ rows: @escaping @Sendable (Parameters, Asker, inout Rows) async throws -> Void
  ) -> Asked {
    Asked(name: name, columns: columns) { parameters, asker, _ in
      var output = Rows()
      try await rows(parameters, asker, &output)
      return output.finished()
    }
  }
}
