import Testing

@testable import HTTP

/// A request nobody honest sends, after the lists others have drawn up: llhttp's cases, the desync
/// guardian's classes, the trophies of the HTTP garden.
enum HostileRequest: CustomTestStringConvertible {
  /// Only the fields behind `Host`, of a GET or a POST.
  case get(String), post(String)
  /// Only the request line; only the value of Host; everything.
  case line(String), host(String), raw(String)

  var bytes: [UInt8] {
    switch self {
    case .get(let fields): Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n".utf8)
    case .post(let fields): Array("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n".utf8)
    case .line(let line): Array("\(line)\r\nHost: a\r\n\r\n".utf8)
    case .host(let host): Array("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8)
    case .raw(let text): Array(text.utf8)
    }
  }

  var testDescription: String { String(decoding: bytes.prefix(80), as: UTF8.self).debugDescription }

  static var all: [(String, HostileRequest, HTTPProblem)] {
    framing + names + values + host + requestLine
  }
}

@Suite("Hostile requests") struct HostileRequestTests {
  @Test("is refused by name, wherever it is cut", arguments: HostileRequest.all)
  func refuses(name: String, request: HostileRequest, problem: HTTPProblem) {
    let bytes = request.bytes
    var head = RequestHead()
    let outcome = head.parse(bytes.span)
    #expect(outcome == .refused(problem), "\(name)")
    #expect(ModelRequest(bytes) == nil, "\(name): the model accepts it")
    expectSameAnswer(whereverCut: bytes)
  }

  @Test("there are enough of them")
  func count() { #expect(HostileRequest.all.count >= 150) }

  @Test("each problem has a status of its class and a sentence")
  func sentences() {
    for problem in HTTPProblem.allCases {
      #expect([400, 413, 414, 417, 431, 501, 505].contains(problem.status))
      #expect(problem.sentence.hasSuffix("."))
      #expect(problem.sentence.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
    }
    #expect(Set(HTTPProblem.allCases.map(\.sentence)).count == HTTPProblem.allCases.count)
  }

  @Test("every byte is allowed in a name, a value and a target exactly where the grammar says so")
  func everyByte() {
    for byte in UInt8.min...UInt8.max {
      let places: [([UInt8], [UInt8])] = [
        (Array("GET / HTTP/1.1\r\nHost: a\r\nX".utf8), Array(": b\r\n\r\n".utf8)),
        (Array("GET / HTTP/1.1\r\nHost: a\r\nX: b".utf8), Array("c\r\n\r\n".utf8)),
        (Array("GET /a".utf8), Array("b HTTP/1.1\r\nHost: a\r\n\r\n".utf8)),
        (Array("GET / HTTP/1.1\r\nHost: a".utf8), Array("b\r\n\r\n".utf8)),
        (Array("G".utf8), Array("T / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)),
      ]
      for (before, after) in places {
        let bytes = before + [byte] + after
        var head = RequestHead()
        let outcome = head.parse(bytes.span)
        let isAccepted = if case .complete = outcome { true } else { false }
        #expect(isAccepted == (ModelRequest(bytes) != nil), "\(byte) behind \(before.count)")
      }
    }
  }
}

@Suite("Limits of a request head") struct RequestLimitTests {
  static func head(target: Int = 1, fields: Int = 1, padding: Int = 0) -> [UInt8] {
    var text = "GET /\(String(repeating: "a", count: target - 1)) HTTP/1.1\r\nHost: a\r\n"
    for number in 1..<fields { text += "X-\(number): y\r\n" }
    if padding > 0 { text += "X:\(String(repeating: "p", count: padding - 4))\r\n" }
    return Array((text + "\r\n").utf8)
  }

  static func outcome(_ bytes: [UInt8], _ limits: HTTPLimits = .standard) -> HeadOutcome {
    var head = RequestHead()
    return head.parse(bytes.span, limits: limits)
  }

  @Test("a target of the greatest length passes, one byte more is 414, and so is one without end")
  func target() {
    let fits = Self.head(target: 8192)
    #expect(Self.outcome(fits) == .complete(byteCount: fits.count))
    #expect(Self.outcome(Self.head(target: 8193)) == .refused(.targetTooLong))
    let endless = Array("GET /\(String(repeating: "?", count: 8192))".utf8)
    #expect(Self.outcome(endless) == .refused(.targetTooLong))
  }

  @Test("64 fields pass, the 65th is 431")
  func fields() {
    let fits = Self.head(fields: 64)
    #expect(Self.outcome(fits) == .complete(byteCount: fits.count))
    #expect(Self.outcome(Self.head(fields: 65)) == .refused(.tooManyFields))
  }

  @Test("a head of 16 KiB passes, one byte more is 431, and so is one without end")
  func whole() {
    let bare = Self.head().count
    let fits = Self.head(padding: 16384 - bare)
    #expect(fits.count == 16384)
    #expect(Self.outcome(fits) == .complete(byteCount: 16384))
    #expect(Self.outcome(Self.head(padding: 16385 - bare)) == .refused(.headTooLarge))
    let endless = Self.head(padding: 20000 - bare)
    #expect(Self.outcome(Array(endless[..<16383])) == .needMore)
    #expect(Self.outcome(Array(endless[..<16384])) == .refused(.headTooLarge))
    #expect(Self.outcome(endless) == .refused(.headTooLarge))
  }

  @Test("limits of the caller's hold wherever a head is cut", arguments: [40, 60, 80, 100])
  func small(headBytes: Int) {
    var limits = HTTPLimits()
    limits.headBytes = headBytes
    limits.targetBytes = 20
    limits.fields = 3
    var generator = HeadGenerator(seed: UInt64(headBytes))
    for _ in 0..<100 { expectSameAnswer(whereverCut: generator.head(), limits) }
  }
}
