import Glibc

/// Runs `body` again and again for about two seconds and prints its best time: on a busy machine the
/// best is what the code can do, everything above it is the neighbours.
func measure(_ label: String, bytes: Int, items: Int, _ body: () throws -> Void) rethrows {
  let clock = ContinuousClock()
  let deadline = clock.now + .seconds(2)
  var best = Duration.seconds(1_000_000)
  var rounds = 0
  repeat {
    best = min(best, try clock.measure { try body() })
    rounds += 1
  } while clock.now < deadline || rounds < 3
  let seconds = best / .seconds(1)
  let speed = Int(Double(bytes) / seconds / 1e6)
  let each = Int(seconds * 1e9 / Double(max(items, 1)))
  print("\(label): \(speed) MB/s, \(each) ns an item")
}

func readFile(_ path: String) -> [UInt8] {
  guard let file = unsafe fopen(path, "rb") else { fatalError("cannot open \(path)") }
  defer { unsafe fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 20)
  while true {
    let count = unsafe fread(&chunk, 1, chunk.count, file)
    guard count > 0 else { return bytes }
    bytes.append(contentsOf: chunk[..<count])
  }
}

/// The lines of NDJSON, without their ends.
func lines(of bytes: [UInt8]) -> [Range<Int>] {
  var lines: [Range<Int>] = []
  var start = 0
  for (index, byte) in bytes.enumerated() where byte == 0x0A {
    lines.append(start..<index)
    start = index + 1
  }
  return lines
}
