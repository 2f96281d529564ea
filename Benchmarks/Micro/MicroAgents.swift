import Events

/// Reads user agents: one a line of the file that is named, or one of Chrome's.
@Sendable func benchmarkAgents(_ arguments: [String]) throws {
  let one = Array(
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
      + "Chrome/134.0.0.0 Safari/537.36\n").utf8)
  let bytes = arguments.first.map(readFile) ?? one
  let agents = lines(of: bytes)
  let rounds = max(1, 10_000 / max(agents.count, 1))
  measure("user agents", bytes: bytes.count * rounds, items: agents.count * rounds) {
    var bots = 0
    for _ in 0..<rounds {
      for range in agents where UserAgent(bytes.span.extracting(range)).isBot { bots += 1 }
    }
    blackHole(bots)
  }
}

@inline(never) private func blackHole(_ value: Int) {}
