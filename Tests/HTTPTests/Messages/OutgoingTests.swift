import Testing

@testable import HTTP

@Suite("Composed heads") struct OutgoingTests {
  static let date = DateLine(at: 784_111_777)

  static func text(_ response: OutgoingResponse) -> String {
    var out: [UInt8] = []
    response.append(to: &out, date: date)
    return String(decoding: out, as: UTF8.self)
  }

  @Test("a response is line, date, fields, length, connection")
  func response() throws {
    var fields = FieldLines(["Content-Type": "application/json"])
    try fields.append("X-Name", "caf\u{e9}\t!")
    fields.append("Retry-After", 30)
    let response = OutgoingResponse(.ok, fields, body: .length(1234), connection: .close)
    #expect(
      Self.text(response) == """
        HTTP/1.1 200 OK\r
        Date: Sun, 06 Nov 1994 08:49:37 GMT\r
        Content-Type: application/json\r
        X-Name: caf\u{e9}\t!\r
        Retry-After: 30\r
        Content-Length: 1234\r
        Connection: close\r
        \r\n
        """)
  }

  @Test(
    "the body's framing is announced as the status allows",
    arguments: [
      (HTTPStatus.ok, BodyFraming.none, "Content-Length: 0\r\n"), (.noContent, .none, ""),
      (.notModified, .length(5), ""), (.ok, .chunked, "Transfer-Encoding: chunked\r\n"),
      (.ok, .untilClose, "Connection: close\r\n"),
      (
        .notFound, .length(.max),
        "Content-Length: 9223372036854775807\r\n"
      ),
    ])
  func framing(status: HTTPStatus, body: BodyFraming, lines: String) {
    let text = Self.text(OutgoingResponse(status, body: body))
    #expect(text.hasSuffix("GMT\r\n\(lines)\r\n"))
  }

  @Test("every status from 100 to 599 has a line our own client reads", arguments: 100...599)
  func statusLines(code: Int) throws {
    let status = try #require(HTTPStatus(code))
    let text = Self.text(OutgoingResponse(status))
    #expect(text.hasPrefix("HTTP/1.1 \(code) "))
    #expect(HTTPStatus(99) == nil)
    #expect(HTTPStatus(600) == nil)
  }

  @Test("the connection line answers what the request said")
  func connectionLine() throws {
    let modern = try RequestHead(valid: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    let closing = try RequestHead(valid: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    let old = try RequestHead(valid: "GET / HTTP/1.0\r\n\r\n")
    let oldAlive = try RequestHead(valid: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    #expect(ConnectionLine(answering: modern, weKeepAlive: true) == .silent)
    #expect(ConnectionLine(answering: modern, weKeepAlive: false) == .close)
    #expect(ConnectionLine(answering: closing, weKeepAlive: true) == .close)
    #expect(ConnectionLine(answering: old, weKeepAlive: true) == .close)
    #expect(ConnectionLine(answering: oldAlive, weKeepAlive: true) == .keepAlive)
    #expect(BodyFraming.streamed(to: .http10) == .untilClose)
  }

  @Test(
    "nothing put into a field can end its line",
    arguments: [
      "a\r\nSet-Cookie: x", "a\nb", "a\rb", "a\0", "\r\n\r\n<html>", "a\u{7f}", "\u{1b}[0m",
      "a\u{b}b",
    ])
  func injection(value: String) {
    var fields = FieldLines(["X": "y"])
    let before = fields
    #expect(throws: FieldLines.Problem.badValue) { try fields.append("X-Name", value) }
    #expect(throws: FieldLines.Problem.badName) { try fields.append(name: value, value: "x") }
    #expect(fields == before)
  }

  @Test(
    "names are tokens, and those of framing are the composer's own",
    arguments: [
      ("", FieldLines.Problem.badName), ("a b", .badName), ("a:", .badName), ("\u{e9}", .badName),
      ("Content-Length", .reservedName), ("transfer-encoding", .reservedName),
      ("CONNECTION", .reservedName), ("Host", .reservedName), ("date", .reservedName),
    ])
  func names(name: String, problem: FieldLines.Problem) {
    var fields = FieldLines()
    #expect(throws: problem) { try fields.append(name: name, value: "x") }
    #expect(fields.isEmpty)
  }

  @Test("a request is what our own parser reads")
  func request() throws {
    var fields = FieldLines(["Accept": "*/*"])
    try fields.append("Authorization", "Bearer x")
    var request = try OutgoingRequest(
      .post, target: "/a%20b?c=d", host: "[::1]:8080", fields: fields, body: .length(7))
    request.closes = true
    request.expectsContinue = true
    var out: [UInt8] = []
    request.append(to: &out)
    let head = try RequestHead(valid: String(decoding: out, as: UTF8.self))
    #expect(head.method == .post)
    #expect(head.path == "/a%20b")
    #expect(head.query == "c=d")
    #expect(head.host == "[::1]:8080")
    #expect(head.value(of: "authorization") == "Bearer x")
    #expect(head.body == .length(7))
    #expect(!head.keepsAlive)
    #expect(head.expectsContinue)
  }

  @Test("a request without a body announces that only where one is usual")
  func requestWithoutBody() throws {
    for (method, line) in [(Method.get, ""), (.post, "Content-Length: 0\r\n"), (.delete, "")] {
      var out: [UInt8] = []
      try OutgoingRequest(method, target: "/", host: "a").append(to: &out)
      let text = String(decoding: out, as: UTF8.self)
      #expect(text == "\(method.text) / HTTP/1.1\r\nHost: a\r\n\(line)\r\n")
    }
  }

  @Test(
    "a request to nowhere is not made",
    arguments: [
      ("", "a", OutgoingRequest.Problem.badTarget), ("a", "a", .badTarget),
      ("/a b", "a", .badTarget),
      ("/\r\nX: y", "a", .badTarget), ("/#", "a", .badTarget), ("/\u{e9}", "a", .badTarget),
      ("/", "", .badHost), ("/", "a\r\nX: y", .badHost), ("/", "a/b", .badHost),
    ])
  func badRequests(target: String, host: String, problem: OutgoingRequest.Problem) {
    #expect(throws: problem) { try OutgoingRequest(.get, target: target, host: host) }
    #expect(throws: OutgoingRequest.Problem.badMethod) {
      try OutgoingRequest(.other(Array("A B".utf8)), target: "/", host: "a")
    }
  }

  @Test("numbers are written as the standard library writes them")
  func numbers() {
    for number in [0, 1, 9, 10, 15, 16, 255, 256, 4095, 65536, 1_000_000, Int.max, -1, Int.min] {
      var decimal: [UInt8] = []
      decimal.append(decimal: number)
      #expect(String(decoding: decimal, as: UTF8.self) == String(number))
      guard number >= 0 else { continue }
      var hexadecimal: [UInt8] = []
      hexadecimal.append(hexadecimal: number)
      #expect(String(decoding: hexadecimal, as: UTF8.self) == String(number, radix: 16))
    }
  }
}

@Suite("The date line") struct DateLineTests {
  @Test("the date line changes with the second")
  func dateLine() {
    var line = DateLine(at: 0)
    line.update(to: 784_111_777)
    #expect(line.bytes == Array("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".utf8))
  }
}
