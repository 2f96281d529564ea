// Throws bytes at the parsers of foreign bytes; called through `scripts/fuzz`. A target is a function
// in a file of its own and has a line in `targets`. It traps where a promise is broken; the
// sanitizers find the rest. libFuzzer brings `main`, and calls the two functions at the end.
import Glibc

enum Fuzz {
  typealias Target = @Sendable (Span<UInt8>) -> Void

  static let targets: [(name: String, run: Target)] = [
    ("http-request", fuzzRequestHead),
    ("http-response", fuzzResponseHead),
    ("http-chunks", fuzzChunkedBody),
    ("json", fuzzJSON),
    ("calendar", fuzzCalendar),
    ("zones", fuzzZone),
    ("dialects", fuzzDialects),
    ("record", fuzzRecord),
    ("deflate", fuzzDeflate),
    ("gzip", fuzzGzip),
    ("zstd", fuzzZstd),
    ("patterns", fuzzPatterns),
    ("batch-body", fuzzBatchBody),
    ("batch-records", fuzzBatchRecords),
    ("batch-header", fuzzBatchHeader),
  ]

  /// The target that `FUZZ_TARGET` names.
  static let chosen: Target = {
    let name = unsafe getenv("FUZZ_TARGET").map { unsafe String(cString: $0) }
    if let target = targets.first(where: { $0.name == name }) { return target.run }
    print("targets: \(targets.map(\.name).joined(separator: " "))")
    exit(2)
  }()
}

@c(LLVMFuzzerInitialize)
public func initialize(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutableRawPointer
) -> CInt {
  _ = Fuzz.chosen
  return 0
}

@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  // SAFETY: libFuzzer lends `count` bytes for the time of the call.
  let buffer = unsafe UnsafeBufferPointer(start: bytes, count: count)
  Fuzz.chosen(unsafe buffer.span)
  return 0
}
