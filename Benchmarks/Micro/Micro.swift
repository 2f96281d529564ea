// Measures single parts on one core, without sockets and disks: `micro <benchmark> [file]`.
// Each benchmark is a function in a file of its own and has a line in `benchmarks`.
import JSON

@main enum Micro {
  static let benchmarks: [(name: String, run: @Sendable ([String]) async throws -> Void)] = [
    ("agents", benchmarkAgents),
    ("batches", benchmarkBatches),
    ("columns", benchmarkColumns),
    ("compression", benchmarkCompression),
    ("crypto", benchmarkCrypto),
    ("http", benchmarkHTTP),
    ("ids", benchmarkIDs),
    ("strays", benchmarkStrays),
    ("json", benchmarkJSON),
    ("patterns", benchmarkPatterns),
    ("request", benchmarkRequest),
    ("spool", benchmarkSpool),
    ("store", benchmarkStore),
    ("dialects", benchmarkDialects),
    ("sections", benchmarkSections),
    ("people", benchmarkPeople),
  ]

  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let name = arguments.first,
      let benchmark = benchmarks.first(where: { $0.name == name })
    else {
      print("usage: micro <benchmark> [arguments]")
      for benchmark in benchmarks { print("  \(benchmark.name)") }
      return
    }
    try await benchmark.run(Array(arguments.dropFirst()))
  }
}
