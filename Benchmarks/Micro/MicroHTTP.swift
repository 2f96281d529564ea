import HTTP

/// Parses the heads that a load generator, a command line, an SDK and a browser send, one value for
/// all of a kind, as a connection does; and composes the answer to them.
@Sendable func benchmarkHTTP(_ arguments: [String]) {
  let rounds = 20_000
  for (label, lines) in requests {
    let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    var head = RequestHead()
    measure("\(label), \(bytes.count) bytes", bytes: bytes.count * rounds, items: rounds) {
      for _ in 0..<rounds {
        let outcome = head.parse(bytes.span)
        precondition(outcome == .complete(byteCount: bytes.count))
      }
    }
  }
  let response = OutgoingResponse(
    .ok, FieldLines(["Content-Type": "application/json"]), body: .length(27))
  let date = DateLine(at: 784_111_777)
  var out: [UInt8] = []
  response.append(to: &out, date: date)
  measure("response, \(out.count) bytes", bytes: out.count * rounds, items: rounds) {
    for _ in 0..<rounds {
      out.removeAll(keepingCapacity: true)
      response.append(to: &out, date: date)
    }
  }
  measureChunks()
}

/// A body in chunks of 64 bytes: mostly lines between the data, the slowest there is to take apart.
private func measureChunks() {
  var wire: [UInt8] = []
  for _ in 0..<1000 {
    ChunkedEncoder.appendHead(of: 64, to: &wire)
    wire += [UInt8](repeating: 0x61, count: 64)
    ChunkedEncoder.appendTail(to: &wire)
  }
  ChunkedEncoder.appendEnd(to: &wire)
  measure("chunks of 64 bytes", bytes: wire.count, items: 1000) {
    var decoder = ChunkedDecoder(maximumBytes: 1 << 20)
    var position = 0
    var data = 0
    reading: while true {
      switch try? decoder.next(wire.span, at: &position) {  // Nil: we wrote something wrong.
      case .data(let range): data += range.count
      case .end: break reading
      case .needMore, nil: fatalError("the body is whole")
      }
    }
    precondition(data == 64_000)
  }
}

private let requests: [(label: String, lines: [String])] = [
  ("wrk", ["GET /hello HTTP/1.1", "Host: localhost:8080"]),
  (
    "curl",
    [
      "GET /api/v1/events HTTP/1.1", "Host: localhost:8080", "User-Agent: curl/7.88.1",
      "Accept: */*",
    ]
  ),
  (
    "sdk",
    [
      "POST /track HTTP/1.1", "Host: collect.example.org", "User-Agent: okhttp/4.12.0",
      "Content-Type: application/json",
      "Authorization: Bearer trk_0123456789abcdef0123456789abcdef", "Accept-Encoding: gzip",
      "Connection: keep-alive", "Content-Length: 412",
    ]
  ),
  (
    "browser",
    [
      "GET /console/projects/acme-web/live?range=24h HTTP/1.1", "Host: tributary.example.org",
      "Connection: keep-alive",
      #"sec-ch-ua: "Chromium";v="128", "Not;A=Brand";v="24", "Google Chrome";v="128""#,
      "sec-ch-ua-mobile: ?0", #"sec-ch-ua-platform: "Linux""#, "Upgrade-Insecure-Requests: 1",
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Chrome/128.0.0.0 Safari/537.36",
      "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
        + "image/apng,*/*;q=0.8",
      "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate", "Sec-Fetch-User: ?1",
      "Sec-Fetch-Dest: document", "Accept-Encoding: gzip, deflate, br, zstd",
      "Accept-Language: en-US,en;q=0.9",
      "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark",
    ]
  ),
]
