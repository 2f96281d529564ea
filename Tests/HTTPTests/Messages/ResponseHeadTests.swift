import Testing

@testable import HTTP

@Suite("Response heads") struct ResponseHeadTests {
  static func head(_ text: String, toHead: Bool = false) throws -> ResponseHead {
    var head = ResponseHead()
    let bytes = Array(text.utf8)
    let outcome = head.parse(bytes.span, toHead: toHead)
    try #require(outcome == .complete(byteCount: bytes.count), "\(text.debugDescription)")
    return head
  }

  @Test("a plain response says what it is")
  func plain() throws {
    let head = try Self.head(
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 3\r\n\r\n")
    #expect(head.status == .serviceUnavailable)
    #expect(head.value(of: "retry-after") == "7")
    #expect(head.body == .length(3))
    #expect(head.keepsAlive)
  }

  @Test(
    "the body's framing follows from status, method and fields",
    arguments: [
      ("200 OK\r\nContent-Length: 5", false, BodyFraming.length(5), true),
      ("200 OK\r\nContent-Length: 0", false, .none, true),
      ("200 OK\r\nTransfer-Encoding: chunked", false, .chunked, true),
      ("200 OK", false, .untilClose, false), ("200", false, .untilClose, false),
      ("200 \r\nX: y", false, .untilClose, false),
      ("200 OK\r\nContent-Length: 5", true, .none, true),
      ("200 OK", true, .none, true), ("204 No Content", false, .none, true),
      ("204 No Content\r\nContent-Length: 5", false, .none, false),
      ("204 No Content\r\nTransfer-Encoding: chunked", false, .none, false),
      ("304 Not Modified\r\nContent-Length: 5", false, .none, true),
      ("200 OK\r\nConnection: close\r\nContent-Length: 5", false, .length(5), false),
      ("404 caf\u{e9}\t!\r\nContent-Length: 1", false, .length(1), true),
      ("200 OK\r\nHost: a\r\nHost: b\r\nExpect: x\r\nContent-Length: 1", false, .length(1), true),
    ])
  func framing(lines: String, toHead: Bool, body: BodyFraming, lives: Bool) throws {
    let head = try Self.head("HTTP/1.1 \(lines)\r\n\r\n", toHead: toHead)
    #expect(head.body == body)
    #expect(head.keepsAlive == lives)
  }

  @Test("HTTP/1.0 closes unless it says otherwise")
  func http10() throws {
    let length = "Content-Length: 1\r\n\r\n"
    #expect(try !Self.head("HTTP/1.0 200 OK\r\n\(length)").keepsAlive)
    #expect(try Self.head("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\(length)").keepsAlive)
  }

  @Test("interim responses are skipped, and a continue is noticed at once")
  func interim() throws {
    let goOn = "HTTP/1.1 100 Continue\r\n\r\n"
    let text =
      goOn + "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\n"
      + "Content-Length: 2\r\n\r\n"
    let head = try Self.head(text)
    #expect(head.status == .created)
    #expect(head.fields.count == 1)
    #expect(head.sawContinue)
    var waiting = ResponseHead()
    let bytes = Array(goOn.utf8)
    let outcome = waiting.parse(bytes.span, toHead: false)
    #expect(outcome == .needMore)
    #expect(waiting.sawContinue)
  }

  @Test("is refused by name, wherever it is cut", arguments: hostile)
  func refuses(text: String, problem: HTTPProblem) {
    let bytes = Array(text.utf8)
    var head = ResponseHead()
    let outcome = head.parse(bytes.span, toHead: false)
    #expect(outcome == .refused(problem))
    expectSameAnswer(bytes, outcome)
  }

  static let hostile: [(String, HTTPProblem)] = [
    ("HTTP/1.1 20 OK\r\n\r\n", .badStatusLine), ("HTTP/1.1 2000 OK\r\n\r\n", .badStatusLine),
    ("HTTP/1.1 099 X\r\n\r\n", .badStatusLine), ("HTTP/1.1 600 X\r\n\r\n", .badStatusLine),
    ("HTTP/1.1 +20 X\r\n\r\n", .badStatusLine), ("HTTP/1.1  200 OK\r\n\r\n", .badStatusLine),
    ("HTTP/1.1\t200 OK\r\n\r\n", .badStatusLine), ("HTTP/1.1 200OK\r\n\r\n", .badStatusLine),
    ("HTTP/1.1 OK\r\n\r\n", .badStatusLine), ("HTTP/1.1\r\n\r\n", .badStatusLine),
    ("http/1.1 200 OK\r\n\r\n", .badStatusLine), ("ICY 200 OK\r\n\r\n", .badStatusLine),
    ("\r\nHTTP/1.1 200 OK\r\n\r\n", .badStatusLine), ("<html>\r\n\r\n", .badStatusLine),
    ("HTTP/2.0 200 OK\r\n\r\n", .unsupportedVersion),
    ("HTTP/1.2 200 OK\r\n\r\n", .unsupportedVersion),
    ("HTTP/1.1 200 OK\n\n", .bareLineFeed), ("HTTP/1.1 200 O\rK\r\n\r\n", .bareCarriageReturn),
    ("HTTP/1.1 200 O\0K\r\n\r\n", .badStatusLine), ("HTTP/1.1 200\n\r\n", .bareLineFeed),
    ("HTTP/1.1 101 Switching\r\n\r\n", .unexpectedUpgrade),
    (String(repeating: "HTTP/1.1 100 X\r\n\r\n", count: 9), .tooManyInterimResponses),
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      .lengthWithTransferEncoding
    ),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", .duplicateContentLength),
    ("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n", .badContentLength),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .unsupportedTransferCoding),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", .badTransferEncoding),
    ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingInHTTP10),
    ("HTTP/1.1 200 OK\r\nX : y\r\n\r\n", .spaceBeforeColon),
    ("HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n", .foldedLine),
    ("HTTP/1.1 200 OK\r\nX: \u{1}\r\n\r\n", .badFieldValue),
    ("HTTP/1.1 100 OK\r\nX y\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", .spaceBeforeColon),
  ]

  @Test("every response of ours is read by our client, wherever it is cut", arguments: 100...599)
  func ownResponses(code: Int) throws {
    let status = try #require(HTTPStatus(code))
    guard !status.isInterim else { return }
    var bytes: [UInt8] = []
    OutgoingResponse(status, FieldLines(["X": "y"]), body: .length(3))
      .append(to: &bytes, date: DateLine(at: 0))
    var head = ResponseHead()
    let outcome = head.parse(bytes.span, toHead: false)
    #expect(outcome == .complete(byteCount: bytes.count))
    #expect(head.status == status)
    #expect(head.body == (status.isBodiless ? .none : .length(3)))
    if code % 50 == 0 { expectSameAnswer(bytes, outcome) }
  }

  @Test("mutated responses get one answer, wherever they are cut", arguments: 0..<16)
  func mutated(seed: UInt64) {
    var generator = HeadGenerator(seed: seed)
    for _ in 0..<60 {
      // The fields of a random request behind a status line.
      var bytes = generator.head()
      let lineEnd = bytes.firstIndex(of: 10).map { $0 + 1 } ?? 0
      bytes.replaceSubrange(
        ..<lineEnd, with: Array("HTTP/1.1 100 X\r\n\r\nHTTP/1.1 200 OK\r\n".utf8))
      bytes = generator.mutated(bytes)
      var head = ResponseHead()
      let outcome = head.parse(bytes.span, toHead: false)
      expectSameAnswer(bytes, outcome)
    }
  }

  private func expectSameAnswer(_ bytes: [UInt8], _ answer: HeadOutcome) {
    var dripping = ResponseHead()
    var isSettled = false
    for end in 0...bytes.count {
      let prefix = Array(bytes[..<end])
      var fresh = ResponseHead()
      let outcome = fresh.parse(prefix.span, toHead: false)
      let isFine = outcome == answer || outcome == .needMore
      #expect(isFine, "\(outcome), not \(answer), at \(end)")
      if !isSettled {
        let drip = dripping.parse(prefix.span, toHead: false)
        let isFine = drip == answer || drip == .needMore
        #expect(isFine, "\(drip), not \(answer), at \(end)")
        isSettled = drip != .needMore
      }
    }
  }
}
