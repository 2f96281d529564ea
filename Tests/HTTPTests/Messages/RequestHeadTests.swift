import Testing

@testable import HTTP

@Suite("Request heads") struct RequestHeadTests {
  @Test("a plain request says what it asks for")
  func plainRequest() throws {
    var head = RequestHead()
    let text = "GET /a/b?x=1&y=2 HTTP/1.1\r\nHost: example.org:8080\r\nAccept: */*\r\n\r\n"
    #expect(head.parse(text) == .complete(byteCount: text.utf8.count))
    #expect(head.method == .get)
    #expect(head.path == "/a/b")
    #expect(head.query == "x=1&y=2")
    #expect(head.target.form == .origin)
    #expect(head.version == .http11)
    #expect(head.host == "example.org:8080")
    #expect(head.value(of: "ACCEPT") == "*/*")
    #expect(head.value(of: "Cookie") == nil)
    #expect(head.body == .none)
    #expect(head.keepsAlive)
    #expect(!head.expectsContinue)
    #expect(head.path(is: "/a/b"))
    #expect(!head.path(is: "/a/c"))
  }

  @Test("a value loses the white space around it and keeps what is inside")
  func valueWhiteSpace() throws {
    let head = try RequestHead(
      valid: "GET / HTTP/1.1\r\nHost:a\r\nX: \t b \t c\t \r\nY:\r\nZ: \r\n\r\n")
    #expect(head.fields.all.map(\.name) == ["Host", "X", "Y", "Z"])
    #expect(head.fields.all.map(\.value) == ["a", "b \t c", "", ""])
  }

  @Test("values of one name keep their order, and only one is the only one")
  func repeatedFields() throws {
    let head = try RequestHead(
      valid: "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-b: 2\r\nx-a: 3\r\n\r\n")
    #expect(head.fields.values(of: "x-a") == ["1", "3"])
    #expect(head.fields.onlyValue(of: "x-a") == nil)
    #expect(head.fields.onlyValue(of: "x-b") == "2")
    #expect(head.fields.value(of: "X-B", is: "2"))
    #expect(head.fields.withValue(of: "x-a") { $0.count } == 1)
  }

  @Test(
    "the body's framing follows from the fields",
    arguments: [
      ("Content-Length: 0", BodyFraming.none), ("Content-Length: 5", .length(5)),
      ("content-length:\t9223372036854775807 ", .length(.max)), ("Content-Length: 007", .length(7)),
      ("Transfer-Encoding: chunked", .chunked), ("transfer-encoding: Chunked", .chunked),
      ("Accept: x", .none),
    ])
  func framing(line: String, body: BodyFraming) throws {
    let head = try RequestHead(valid: "POST / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n")
    #expect(head.body == body)
  }

  @Test(
    "a connection lives on by default in HTTP/1.1 and by request in HTTP/1.0",
    arguments: [
      ("1.1", "", true), ("1.1", "Connection: close", false), ("1.1", "connection: CLOSE", false),
      ("1.1", "Connection: keep-alive, Upgrade", true), ("1.1", "Connection: x, close , y", false),
      ("1.1", "Connection: closed", true), ("1.0", "", false),
      ("1.0", "Connection: Keep-Alive", true), ("1.0", "Connection: keep-alive, close", false),
      ("1.1", "Connection: keep-alive\r\nConnection: close", false), ("1.1", "Connection: ,", true),
    ])
  func keepsAlive(version: String, line: String, lives: Bool) throws {
    let lines = line.isEmpty ? "" : line + "\r\n"
    let head = try RequestHead(valid: "GET / HTTP/\(version)\r\nHost: a\r\n\(lines)\r\n")
    #expect(head.keepsAlive == lives)
  }

  @Test("an expectation is heard in HTTP/1.1 only")
  func expectation() throws {
    let line = "Host: a\r\nExpect: 100-Continue\r\n\r\n"
    #expect(try RequestHead(valid: "POST / HTTP/1.1\r\n" + line).expectsContinue)
    #expect(try !RequestHead(valid: "POST / HTTP/1.0\r\n" + line).expectsContinue)
    let other = try RequestHead(valid: "POST / HTTP/1.0\r\nExpect: 200-ok\r\n\r\n")
    #expect(!other.expectsContinue)
  }

  @Test("HTTP/1.0 needs no Host")
  func hostOfHTTP10() throws {
    let head = try RequestHead(valid: "GET / HTTP/1.0\r\n\r\n")
    #expect(head.version == .http10)
    #expect(head.host == nil)
  }

  @Test(
    "an absolute target names its own host, path and query",
    arguments: [
      ("http://b:1/p?q", "b:1", "/p", "q"), ("HTTPS://b/", "b", "/", nil),
      ("http://b", "b", "", nil), ("http://[::1]:80?x/y", "[::1]:80", "", "x/y"),
      ("http://b?/?", "b", "", "/?"),
    ])
  func absoluteTarget(target: String, host: String, path: String, query: String?) throws {
    let head = try RequestHead(valid: "GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(head.target.form == .absolute)
    #expect(head.host == host)
    #expect(head.path == path)
    #expect(head.query == query)
  }

  @Test("the asterisk is for OPTIONS")
  func asterisk() throws {
    let head = try RequestHead(valid: "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(head.target.form == .asterisk)
    #expect(head.path.isEmpty)
  }

  @Test(
    "methods have their names, and unknown tokens keep theirs",
    arguments: [
      "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "PROPFIND", "G!",
    ])
  func methods(name: String) throws {
    let head = try RequestHead(valid: "\(name) / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(head.method.text == name)
    let isKnown = if case .other = head.method { false } else { true }
    #expect(isKnown == (name == name.uppercased() && name.count < 8 && name != "G!"))
  }

  @Test("one head is read after the other from the same bytes, and one value serves them all")
  func pipelined() throws {
    let texts = [
      "GET /1 HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n", "\r\nPOST /22?q HTTP/1.0\r\nHost: b\r\n\r\n",
      "DELETE /333 HTTP/1.1\r\nHost: c\r\nCookie: long enough to need more room\r\n\r\n",
    ]
    let stream = Array(texts.joined().utf8)
    var head = RequestHead()
    var position = 0
    for (number, text) in texts.enumerated() {
      let outcome = head.parse(stream.span.extracting(position..<stream.count))
      #expect(outcome == .complete(byteCount: text.utf8.count))
      #expect(head.path == ["/1", "/22", "/333"][number])
      #expect(head.host == ["a", "b", "c"][number])
      #expect(head.fields.contains("X") == (number == 0))
      position += text.utf8.count
    }
    #expect(position == stream.count)
    let rest = head.parse(stream.span.extracting(position..<position))
    #expect(rest == .needMore)
  }

  @Test("a head that drips in byte by byte is the head that came at once")
  func dripping() throws {
    let text = "POST /track HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n"
    let bytes = Array(text.utf8)
    var head = RequestHead()
    for end in 0..<bytes.count {
      let outcome = head.parse(bytes.span.extracting(0..<end))
      #expect(outcome == .needMore)
    }
    #expect(head.parse(text) == .complete(byteCount: bytes.count))
    #expect(head.body == .length(12))
  }

  @Test("a copy of a head keeps its content when the next one is parsed")
  func copies() throws {
    var head = try RequestHead(valid: "GET /one HTTP/1.1\r\nHost: a\r\n\r\n")
    let first = head
    #expect(head.parse("GET /two HTTP/1.1\r\nHost: b\r\n\r\n") == .complete(byteCount: 30))
    #expect(first.path == "/one")
    #expect(first.host == "a")
  }
}

extension RequestHead {
  mutating func parse(_ text: String, limits: HTTPLimits = .standard) -> HeadOutcome {
    let bytes = Array(text.utf8)
    return parse(bytes.span, limits: limits)
  }

  /// The head that is all of `text`; whatever else it is, the test fails.
  init(valid text: String) throws {
    self.init()
    let outcome = parse(text)
    try #require(outcome == .complete(byteCount: text.utf8.count), "\(outcome): \(text)")
  }
}
