import CHTTP
import Compression
import Platform
import Testing

@testable import HTTP

@Suite("Reading what a request carries") struct ReadingTests {
  static func head(_ target: String = "/", _ line: String = "X: y") throws -> RequestHead {
    try RequestHead(valid: "GET \(target) HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n")
  }

  @Test(
    "a path is split before its segments are decoded",
    arguments: [
      ("/", []), ("/a", ["a"]), ("/a/", ["a", ""]), ("/a//b", ["a", "", "b"]), ("//", ["", ""]),
      ("/a%2Fb/c", ["a/b", "c"]), ("/caf%c3%a9", ["caf\u{e9}"]), ("/a+b", ["a+b"]),
      ("/%25", ["%"]), ("/%2541", ["%41"]), ("/...", ["..."]), ("/a?b/c", ["a"]),
      ("http://a", []), ("http://a/b", ["b"]),
    ] as [(String, [String])])
  func segments(target: String, segments: [String]) throws {
    #expect(try Self.head(target).pathSegments == segments)
  }

  @Test(
    "a path nobody honest sends has no segments",
    arguments: [
      "/%", "/%4", "/%4g", "/%zz", "/a%", "/%00", "/%0a", "/%7f", "/%ff", "/%c3", "/%c0%ae",
      "/%ed%a0%80", "/.", "/..", "/a/../b", "/%2e%2e/a", "/%2E", "/a/.", "/%+1",
    ])
  func badSegments(target: String) throws {
    #expect(try Self.head(target).pathSegments == nil)
  }

  @Test(
    "a query is read by the rules of forms",
    arguments: [
      ("a=1&b=2", "a", "1"), ("a=1&a=2", "a", "1"), ("a=b=c", "a", "b=c"), ("a", "a", ""),
      ("&&a=1&", "a", "1"), ("=x", "", "x"), ("x+y=1+2", "x y", "1 2"), ("%61=%62", "a", "b"),
      ("a=%", "a", "%"), ("a=%4", "a", "%4"), ("a=%zz", "a", "%zz"), ("a=%2B", "a", "+"),
      ("a=%ff", "a", "\u{fffd}"), ("a=x?y", "a", "x?y"), ("b=1", "a", nil), ("", "a", nil),
      ("a=%26%3D", "a", "&="),
    ] as [(String, String, String?)])
  func query(query: String, name: String, value: String?) throws {
    #expect(try Self.head("/?" + query).query(name) == value)
  }

  @Test("all fields of a query keep their order")
  func queryFields() throws {
    let fields = try Self.head("/?b=1&a&b=%32").queryFields
    #expect(fields.map(\.name) == ["b", "a", "b"])
    #expect(fields.map(\.value) == ["1", "", "2"])
    #expect(try Self.head("/").queryFields.isEmpty)
    #expect(try Self.head("/").query("a") == nil)
  }

  @Test("a form of any bytes is read without a trap", arguments: 0..<8)
  func anyForm(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    for _ in 0..<200 {
      let bytes = (0..<Int.random(in: 0..<30, using: &random)).map { _ in
        Array("%%%&=+aF0\0".utf8 + [0xFF]).randomElement(using: &random)!
      }
      var reader = FormReader(bytes.indices)
      var pairs = 0
      while let field = reader.next(bytes.span) {
        pairs += 1
        #expect(field.valueBytes(in: bytes.span).count <= field.value.count)
      }
      #expect(pairs == bytes.split(separator: UInt8(ascii: "&")).count)
    }
  }

  @Test(
    "a media type loses its case and keeps its charset",
    arguments: [
      ("application/json", "application/json", nil),
      ("Text/Plain;charset=UTF-8", "text/plain", "utf-8"),
      ("a/b ; x=y; Charset=\"Latin-1\" ", "a/b", "latin-1"), ("a/b;", "a/b", nil),
      ("a/b; charset=", "a/b", nil), ("application/x+json; charset=\"", "application/x+json", nil),
    ] as [(String, String, String?)])
  func mediaTypes(text: String, essence: String, charset: String?) throws {
    let type = try #require(MediaType(text))
    #expect(type.essence == essence)
    #expect(type.charset == charset)
    #expect(type.isJSON == essence.hasSuffix("json"))
  }

  @Test(
    "what is no media type is none", arguments: ["", "a", "a/", "/b", "a/b/c", "a b/c", "a/b,c/d"])
  func noMediaTypes(text: String) { #expect(MediaType(text) == nil) }

  @Test(
    "content codings are those we can undo, and few",
    arguments: [
      ("gzip", [.gzip]), ("X-GZIP", [.gzip]), ("deflate", [.deflate]), ("zstd", [.zstd]),
      ("identity", []), ("", []), (" gzip , zstd ", [.gzip, .zstd]), ("br", nil), ("gzip;q=1", nil),
      ("gzip, gzip, gzip", nil), ("gzip zstd", nil),
    ] as [(String, [ContentCoding]?)])
  func contentCodings(text: String, codings: [ContentCoding]?) throws {
    #expect(try Self.head("/", "Content-Encoding: \(text)").contentCodings == codings)
  }

  @Test("codings in two fields are one list")
  func twoContentEncodings() throws {
    let head = try Self.head("/", "Content-Encoding: gzip\r\nContent-Encoding: zstd")
    #expect(head.contentCodings == [.gzip, .zstd])
    #expect(try Self.head().contentCodings == [])
    #expect(try Self.head("/", "Content-Type: a/b").mediaType?.essence == "a/b")
  }

  @Test(
    "credentials are read",
    arguments: [
      ("Bearer abc.def-_~+/=", .bearer("abc.def-_~+/=")), ("bearer  x", .bearer("x")),
      ("Basic dTpw", .basic(user: "u", password: "p")),
      ("BASIC dTo=", .basic(user: "u", password: "")),
      ("Basic dTo", .basic(user: "u", password: "")),
      ("Basic OnA6cA==", .basic(user: "", password: "p:p")),
      ("Basic OnA6cA", .basic(user: "", password: "p:p")),
      ("Basic w6k6w6k=", .basic(user: "\u{e9}", password: "\u{e9}")),
    ] as [(String, Credentials)])
  func credentials(text: String, credentials: Credentials) throws {
    #expect(try Self.head("/", "Authorization: \(text)").credentials == credentials)
  }

  @Test(
    "what are no credentials are none",
    arguments: [
      "", "Bearer", "Bearer ", "Basic", "Digest x", "Bearer a b", "Bearer a,b", "Basic d",
      "Basic dTp=",
      "Basic dTpw=", "Basic dT pw", "Basic =dTpw", "Basic dTo==", "Basic dXA=", "Basic _-==",
      "Basic dTp",
      "Basic AAA6", "Basic /zr/", "Bearer\tx", "Bearer caf\u{e9}", "Basic OnB=",
    ])
  func noCredentials(text: String) throws {
    #expect(try Self.head("/", "Authorization: \(text)").credentials == nil)
  }

  @Test("two credentials are none")
  func twoCredentials() throws {
    let head = try Self.head("/", "Authorization: Bearer a\r\nAuthorization: Bearer b")
    #expect(head.credentials == nil)
  }

  @Test(
    "a cookie is found by its whole name",
    arguments: [
      ("a=1", "1"), ("b=2; a=1", "1"), ("aa=2;a=1", "1"), ("a=", ""), ("a=1; a=2", "1"),
      ("a=b=c", "b=c"), (" a=1", "1"), ("A=1", nil), ("a", nil), ("", nil), ("b=a=1", nil),
      ("xa=1", nil), (";;a=1", "1"),
    ] as [(String, String?)])
  func cookies(line: String, value: String?) throws {
    #expect(try Self.head("/", "Cookie: \(line)").cookie("a") == value)
    #expect(try Self.head("/", "Cookie: b=2\r\nCookie: \(line)").cookie("a") == value)
  }

  @Test("sixteen bytes at a time find what one at a time finds")
  func scans() {
    var random = RandomGenerator(SeededRandom(seed: 1))
    for _ in 0..<3000 {
      let bytes = (0..<Int.random(in: 1...70, using: &random)).map { _ in
        Int.random(in: 0..<40, using: &random) == 0
          ? UInt8.random(in: 0...255, using: &random)
          : UInt8.random(in: 0x61...0x7A, using: &random)
      }
      let from = Int.random(in: 0...bytes.count, using: &random)
      let value = unsafe (
        chttp_value_end(bytes, from, bytes.count),
        chttp_value_end_portable(bytes, from, bytes.count)
      )
      let target = unsafe (
        chttp_target_end(bytes, from, bytes.count),
        chttp_target_end_portable(bytes, from, bytes.count)
      )
      #expect(value.0 == value.1)
      #expect(target.0 == target.1)
    }
  }

  @Test("a framing field is known in any letters, and nothing else is")
  func knownNames() {
    let names = ["host", "content-length", "transfer-encoding", "connection", "expect"]
    for (number, name) in names.enumerated() {
      let field = FramingField(rawValue: UInt8(number + 1))
      for text in [name, name.uppercased()] {
        let bytes = Array(text.utf8)
        let known = Scan.framingField(named: bytes.indices, in: bytes.span)
        #expect(known == field)
        for index in bytes.indices {
          for other in UInt8.min...UInt8.max where Scan.isToken(other) {
            var changed = bytes
            changed[index] = other
            let isSame = ModelRequest.lower(changed) == name
            let known = Scan.framingField(named: changed.indices, in: changed.span)
            #expect((known == field) == isSame)
          }
        }
      }
    }
  }
}
