import Glibc
import Platform
import Testing

@testable import Calendar

/// Compares with Python's zoneinfo: what it once said about the zones beside this file, and what it
/// says about all zones of this system.
@Suite("Time zones as Python knows them") struct ZoneOracleTests {
  /// Lines as `Fixtures/zones.py` describes them.
  private func check(_ lines: [UInt8], _ files: ZoneFiles) throws -> (zones: Int, pairs: Int) {
    var zones: Set<String> = []
    var pairs = 0
    for line in lines.split(separator: UInt8(ascii: "\n")) {
      let words = line.split(separator: UInt8(ascii: " "))
      let name = String(decoding: words[0], as: UTF8.self)
      let zone = try files.zone(named: name)
      zones.insert(name)
      let isLocal = words[1].elementsEqual("l".utf8)
      var wrong: [String] = []
      for word in words[2...] {
        let parts = word.split(separator: UInt8(ascii: ":"))
        let first = try #require(Int64(String(decoding: parts[0], as: UTF8.self))) * 1000
        let second = try #require(Int64(String(decoding: parts[1], as: UTF8.self))) * 1000
        let found =
          isLocal
          ? zone.instant(of: LocalTime(elapsedMilliseconds: first)).milliseconds
          : zone.offsetMilliseconds(at: Instant(milliseconds: first))
        if found != second { wrong.append("\(first): \(found), not \(second)") }
        pairs += 1
      }
      #expect(wrong.isEmpty, "\(name) \(isLocal ? "local" : "offsets") \(wrong.prefix(3))")
    }
    return (zones.count, pairs)
  }

  @Test("the vectors that are kept")
  func kept() throws {
    let (zones, pairs) = try check(Fixtures.bytes("vectors.txt"), Fixtures.slim)
    #expect(zones == Fixtures.names.count)
    #expect(pairs > 4000)
  }

  private static func run(_ command: String) -> [UInt8] {
    var output: [UInt8] = []
    guard let stream = unsafe popen(command, "r") else { return output }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      // SAFETY: the buffer has as many bytes as are asked for.
      let count = unsafe fread(&buffer, 1, buffer.count, stream)
      if count == 0 { break }
      output += buffer[..<count]
    }
    unsafe pclose(stream)
    return output
  }

  private static let hasPython = !run("python3 -c 'import zoneinfo; print(1)' 2>/dev/null").isEmpty

  @Test(
    "all zones of this system",
    .enabled(if: hasPython && Directory(ZoneFiles.standardDirectory).exists))
  func all() throws {
    let output = Self.run(
      "PYTHONTZPATH=\(ZoneFiles.standardDirectory) python3 '\(Fixtures.folder)/zones.py' vectors 5 40"
    )
    let files = ZoneFiles()
    let (zones, pairs) = try check(output, files)
    #expect(zones > 300)
    #expect(pairs > 100_000)
    // And every name that is listed is a zone.
    for name in try files.names() { _ = try files.zone(named: name) }
  }
}
