import Platform

/// Heads as they should be, heads as they should not be, and what lies a byte or two between them.
struct HeadGenerator {
  var random: RandomGenerator

  init(seed: UInt64) { random = RandomGenerator(SeededRandom(seed: seed)) }

  static let firstLines = [
    "GET / HTTP/1.1", "POST /track HTTP/1.1", "GET /a?b=c&d HTTP/1.1", "HEAD /x HTTP/1.0",
    "OPTIONS * HTTP/1.1", "GET http://a.b:80/c?d HTTP/1.1", "PUT /%41/%2e HTTP/1.1",
    "GET https://[::1]/ HTTP/1.1", "POST /?? HTTP/1.0", "PATCH /~a;b=c HTTP/1.1",
    "get / HTTP/1.1", "GET  / HTTP/1.1", "GET /", "PRI * HTTP/2.0", "GET / HTTP/1.2",
    "GET /\u{e9} HTTP/1.1", "GET /#f HTTP/1.1", "CONNECT a:1 HTTP/1.1", "GET * HTTP/1.1",
  ]
  static let lines = [
    "Host: a", "host: example.org:8080", "Host:", "Host: a b", "HOST: [::1]:80", "Host: a:70000",
    "Content-Length: 5", "Content-Length: 0", "content-length: +5", "Content-Length: 5,5",
    "Content-Length: 0x5", "Content-Length: 99999999999999999999", "Content-Length : 5",
    "Content-Length: 18446744073709551616", "Content-Length:",
    "Content-Length: 9223372036854775808",
    "Transfer-Encoding: chunked", "Transfer-Encoding: xchunked", "transfer-encoding: CHUNKED",
    "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding:\tchunked", "Transfer_Encoding: chunked", "Transfer-Encoding : chunked",
    "Connection: close", "Connection: keep-alive", "connection: Upgrade, Keep-Alive",
    "Connection: x,,close", "Expect: 100-continue", "Expect: 200", "User-Agent: curl/8",
    "Accept: */*", "X-Empty:", "X-Long: \(String(repeating: "v", count: 40))", ": no name",
    " folded: line", "no colon", "X: \u{1}", "X: caf\u{e9}", "N\u{e9}: x", "X:\ty\t", "X: a\u{7f}",
  ]

  mutating func head() -> [UInt8] {
    var bytes = Bool.random(using: &random) ? [] : Array("\r\n".utf8)
    if Int.random(in: 0..<8, using: &random) > 0 { bytes = [] }
    let isTame = Bool.random(using: &random)
    let first =
      isTame
      ? Self.firstLines[Int.random(in: 0..<10, using: &random)]
      : Self.firstLines.randomElement(using: &random)!
    bytes += Array(first.utf8) + [13, 10]
    if isTame { bytes += Array("Host: a\r\n".utf8) }
    for _ in 0..<Int.random(in: 0..<6, using: &random) {
      let line =
        isTame
        ? ["User-Agent: x", "Accept: */*", "X-A:  b\t", "Connection: close", "Cookie: \u{e9}=1"]
          .randomElement(using: &random)!
        : Self.lines.randomElement(using: &random)!
      bytes += Array(line.utf8) + [13, 10]
    }
    return bytes + [13, 10]
  }

  static let spices: [[UInt8]] = [
    [0], [9], [10], [11], [12], [13], [13, 10], [32], [58], [0x3F], [0x23], [0x7F], [0x80], [0xFF],
    [0x2C], [0x30], [0x41], [0x5F], [13, 10, 32], [13, 13, 10], [10, 10],
    Array("Content-Length: 1\r\n".utf8), Array("Transfer-Encoding: chunked\r\n".utf8),
  ]

  /// The same with one to three bytes changed, taken away, or put in.
  mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: 0...bytes.count, using: &random)
      let spice = Self.spices.randomElement(using: &random)!
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes.insert(contentsOf: spice, at: place)
      case 1 where place < bytes.count: bytes.remove(at: place)
      case 2 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case _ where place < bytes.count: bytes[place] = spice[0]
      default: bytes.append(contentsOf: spice)
      }
    }
    return bytes
  }
}
